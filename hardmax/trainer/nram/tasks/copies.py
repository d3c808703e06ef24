"""Copy and Reverse: write an array a second time, straight or backwards."""

from __future__ import annotations

from abc import abstractmethod

import torch
from torch import Tensor

from hardmax.runtime.nram.program import StepBudget
from hardmax.trainer.nram.tasks.sampling import array
from hardmax.trainer.nram.tasks.task import Batch, Task


class _Duplicate(Task):
    """``p, A[0..n-1]`` with p = n+1: n elements are written from cell p on."""

    budget = StepBudget(per_cell=1, constant=8)  # an element takes two cells
    largest_training_complexity = 5
    steps_per_element = 2

    def _minimum_size(self, n: int) -> int:
        return 2 * n + 1

    def _draw(self, n: Tensor, size: int, generator: torch.Generator) -> Batch:
        inputs = array(1, n, size, size, generator)
        inputs[:, :1] = n + 1
        cell = torch.arange(size, device=n.device)
        output = (cell > n) & (cell <= 2 * n)
        copied = inputs.gather(1, torch.where(output, self._source(cell, n), 0))
        expected = torch.where(output, copied, inputs)
        return Batch(inputs, expected, output, self.timesteps(n.squeeze(1)))

    @abstractmethod
    def _source(self, cell: Tensor, n: Tensor) -> Tensor:
        """The cell whose value an output cell takes, [N, M] from [M] and [N, 1]."""


class Copy(_Duplicate):
    """``p, A[0..n-1]`` with p = n+1: cells p..p+n-1 become A (Table 2)."""

    title = "Copy"
    summary = "copy an array to a given address"
    steps_besides = 2

    def _source(self, cell: Tensor, n: Tensor) -> Tensor:
        return cell - n

    def _definition(self, memory: list[int]) -> dict[int, int]:
        p = memory[0]
        return {p + i: element for i, element in enumerate(memory[1:p])}


class Reverse(_Duplicate):
    """``p, A[0..n-1]`` with p = n+1: cells p..p+n-1 become A reversed (Table 5)."""

    title = "Reverse"
    summary = "copy an array in reversed order to a given address"
    steps_besides = 3

    def _source(self, cell: Tensor, n: Tensor) -> Tensor:
        return 2 * n + 1 - cell

    def _definition(self, memory: list[int]) -> dict[int, int]:
        p = memory[0]
        return {p + i: element for i, element in enumerate(reversed(memory[1:p]))}
