"""Increment: add one to every element of an array."""

from __future__ import annotations

import torch
from torch import Tensor

from hardmax.runtime.nram.program import StepBudget
from hardmax.trainer.nram.tasks.sampling import array
from hardmax.trainer.nram.tasks.task import Batch, Task, null_terminated


class Increment(Task):
    """``A[0..n-1], 0`` becomes ``A[0] + 1 .. A[n-1] + 1``: elements 1..M-2 (Table 4)."""

    title = "Increment"
    summary = "add 1 to every element of an array"
    budget = StepBudget(per_cell=2, constant=8)
    largest_training_complexity = 5
    steps_per_element = 1
    steps_besides = 2

    def _minimum_size(self, n: int) -> int:
        return max(n + 1, 3)  # with M = 2 there is no element between NULL and M - 1

    def _draw(self, n: Tensor, size: int, generator: torch.Generator) -> Batch:
        inputs = array(0, n, size, size - 1, generator)
        output = inputs != 0
        return Batch(inputs, inputs + output, output, self.timesteps(n.squeeze(1)))

    def _definition(self, memory: list[int]) -> dict[int, int]:
        return {i: element + 1 for i, element in enumerate(null_terminated(memory, 0))}
