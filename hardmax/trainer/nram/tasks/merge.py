"""Merge: two sorted arrays into one."""

from __future__ import annotations

import torch
from torch import Tensor

from hardmax.runtime.nram.program import StepBudget
from hardmax.trainer.nram.tasks.sampling import below, uniform
from hardmax.trainer.nram.tasks.task import Batch, Task

_FIRST = 3
"""Where A begins: behind the pointers a, b and o."""


class Merge(Task):
    """``a, b, o, A, G, B, G``: the sorted elements of A and B are written from cell o on.

    G = M-1 is greater than every element; elements are 1..M-2 and may repeat. Complexity c is the
    length of A and B together; the length of A is uniform in 0..c, so that either may be empty.
    """

    title = "Merge"
    summary = "merge two sorted arrays into one"
    budget = StepBudget(per_cell=2, constant=8)
    largest_training_complexity = 6
    steps_per_element = 2
    steps_besides = 4

    def _minimum_size(self, n: int) -> int:
        return _FIRST + 2 * n + 2

    def _draw(self, n: Tensor, size: int, generator: torch.Generator) -> Batch:
        most = int(n.max())
        guard = size - 1
        a_length = below(n + 1, generator)
        b = _FIRST + a_length + 1
        out = _FIRST + n + 2
        element = uniform(1, guard, (len(n), most), generator)
        index = torch.arange(most, device=n.device)
        element = torch.where(index < n, element, guard)
        merged = element.sort(dim=1).values
        # One sort orders A and B apart when every element of B is first raised above all of A.
        raised = torch.where(index < a_length, 0, size)
        parts = (element + raised).sort(dim=1).values - raised

        cell = torch.arange(size, device=n.device)
        in_a = (cell >= _FIRST) & (cell < b - 1)
        in_b = (cell >= b) & (cell < out - 1)
        output = (cell >= out) & (cell < out + n)
        # Cell _FIRST + i holds A[i] and cell b + i, one guardian later, B[i].
        part = parts.gather(
            1, torch.where(in_a, cell - _FIRST, torch.where(in_b, cell - _FIRST - 1, 0))
        )
        inputs = torch.where(in_a | in_b, part, 0)
        inputs.scatter_(1, torch.cat([b - 1, out - 1], dim=1), guard)
        inputs[:, :_FIRST] = torch.cat([torch.full_like(b, _FIRST), b, out], dim=1)
        expected = torch.where(output, merged.gather(1, torch.where(output, cell - out, 0)), inputs)
        return Batch(inputs, expected, output, self.timesteps(n.squeeze(1)))

    def _definition(self, memory: list[int]) -> dict[int, int]:
        a, b, out = memory[0], memory[1], memory[2]
        first, second = _guarded(memory, a), _guarded(memory, b)
        layout = (_FIRST, _FIRST + len(first) + 1, _FIRST + len(first) + len(second) + 2)
        if (a, b, out) != layout:
            raise self._not_an_input(
                f"pointers {a}, {b}, {out}, expected {layout} for the arrays there"
            )
        for array in (first, second):
            if array != sorted(array) or 0 in array:
                raise self._not_an_input(f"{array} is not sorted or holds 0")
        return {out + i: element for i, element in enumerate(sorted(first + second))}


def _guarded(memory: list[int], first: int) -> list[int]:
    """The array that begins in cell ``first``, without the guardian G = M-1 that ends it."""
    guard = len(memory) - 1
    end = first
    while memory[end] != guard:
        end += 1
    return memory[first:end]
