"""Swap: exchange two elements of an array."""

from __future__ import annotations

import torch
from torch import Tensor

from hardmax.runtime.nram.program import StepBudget
from hardmax.trainer.nram.tasks.sampling import array, below
from hardmax.trainer.nram.tasks.task import Batch, Task, null_terminated


class Swap(Task):
    """``p, q, A[0..n-1], 0`` becomes A with cells p and q exchanged (Table 6).

    p and q are distinct addresses in any order, so there is no array shorter than two. All of A is
    output: a program that exchanges the two cells and spoils a third is wrong.
    """

    title = "Swap"
    summary = "given pointers p and q, exchange two elements of an array"
    budget = StepBudget(per_cell=0, constant=16)
    largest_training_complexity = 6
    smallest_complexity = 2
    steps_per_element = 0
    steps_besides = 5

    def _minimum_size(self, n: int) -> int:
        return n + 3

    def _draw(self, n: Tensor, size: int, generator: torch.Generator) -> Batch:
        inputs = array(2, n, size, size, generator)
        output = inputs != 0
        p = 2 + below(n, generator)
        q = 2 + below(n - 1, generator)
        q = q + (q >= p)
        inputs[:, :1] = p
        inputs[:, 1:2] = q
        expected = inputs.scatter(1, p, inputs.gather(1, q)).scatter(1, q, inputs.gather(1, p))
        return Batch(inputs, expected, output, self.timesteps(n.squeeze(1)))

    def _definition(self, memory: list[int]) -> dict[int, int]:
        p, q = memory[0], memory[1]
        answer = dict(enumerate(null_terminated(memory, 2), start=2))
        for pointer in (p, q):
            if pointer not in answer:
                raise self._not_an_input(f"{pointer} is no address of an array element")
        answer[p], answer[q] = answer[q], answer[p]
        return answer
