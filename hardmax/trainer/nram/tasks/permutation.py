"""Permutation: permute an array."""

from __future__ import annotations

import torch
from torch import Tensor

from hardmax.runtime.nram.program import StepBudget
from hardmax.trainer.nram.tasks.sampling import array, permutations
from hardmax.trainer.nram.tasks.task import Batch, Task


class Permutation(Task):
    """``a, P[0..n-1], A[0..n-1]`` with a = n+1: cells 1..n become ``A[P[i]]``.

    P is a permutation of 0..n-1 (appendix A; section 4.2 says 1..n, which would not index A).
    """

    title = "Permutation"
    summary = "permute an array by a permutation, which it overwrites"
    budget = StepBudget(per_cell=2, constant=8)
    largest_training_complexity = 6
    first_level = 3  # of one or two elements all permutations can be told apart without a loop
    steps_per_element = 2
    steps_besides = 3

    def _minimum_size(self, n: int) -> int:
        return 2 * n + 1

    def _draw(self, n: Tensor, size: int, generator: torch.Generator) -> Batch:
        inputs = array(1 + n, n, size, size, generator)
        cell = torch.arange(size, device=n.device)
        output = (cell >= 1) & (cell <= n)
        most = int(n.max())
        order = permutations(n, most, generator)
        inputs[:, 1 : most + 1] = torch.where(
            output[:, 1 : most + 1], order, inputs[:, 1 : most + 1]
        )
        inputs[:, :1] = 1 + n
        permuted = inputs.gather(1, torch.where(output, 1 + n + inputs, 0))
        expected = torch.where(output, permuted, inputs)
        return Batch(inputs, expected, output, self.timesteps(n.squeeze(1)))

    def _definition(self, memory: list[int]) -> dict[int, int]:
        a = memory[0]
        order = memory[1:a]
        if sorted(order) != list(range(len(order))):
            raise self._not_an_input(f"cells 1..{a - 1} are no permutation of 0..{a - 2}")
        return {1 + i: memory[a + source] for i, source in enumerate(order)}
