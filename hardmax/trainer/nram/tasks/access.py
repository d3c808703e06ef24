"""Access: read an array element through a pointer."""

from __future__ import annotations

import torch
from torch import Tensor

from hardmax.runtime.nram.program import StepBudget
from hardmax.trainer.nram.tasks.sampling import array, below
from hardmax.trainer.nram.tasks.task import Batch, Task, null_terminated


class Access(Task):
    """``k, A[0..n-1], 0`` becomes ``cell 0 = cell k``: k is an address, 1..n (Table 3)."""

    title = "Access"
    summary = "given k and an array, put the element at address k into cell 0"
    budget = StepBudget(per_cell=0, constant=16)
    largest_training_complexity = 5
    steps_per_element = 0
    steps_besides = 4

    def _minimum_size(self, n: int) -> int:
        return n + 2

    def _draw(self, n: Tensor, size: int, generator: torch.Generator) -> Batch:
        inputs = array(1, n, size, size, generator)
        k = 1 + below(n, generator)
        inputs[:, :1] = k
        answer = inputs.gather(1, k).squeeze(1)
        return Batch.of_one_cell(inputs, 0, answer, self.timesteps(n.squeeze(1)))

    def _definition(self, memory: list[int]) -> dict[int, int]:
        k = memory[0]
        n = len(null_terminated(memory, 1))
        if not 1 <= k <= n:
            raise self._not_an_input(f"k is {k}, expected 1..{n}")
        return {0: memory[k]}
