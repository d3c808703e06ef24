"""ListK and ListSearch: follow a linked list whose nodes lie anywhere in memory.

A node is two adjacent cells, (next, value); a next of 0 ends the list. Cells 0, 1 and 2 are head,
the question and the slot for the answer.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from hardmax.runtime.nram.program import StepBudget
from hardmax.trainer.nram.tasks.sampling import below, place_blocks, uniform
from hardmax.trainer.nram.tasks.task import Batch, Task

_FIRST_FREE = 3
_OUT = 2


class _LinkedList(Task):
    largest_training_complexity = 6
    steps_per_element = 2
    steps_besides = 4

    def _minimum_size(self, n: int) -> int:
        return _FIRST_FREE + 2 * n

    def _nodes(self, memory: list[int]) -> Iterator[tuple[int, int]]:
        """Yield (address, value) along the list, whose nodes do not overlap."""
        seen: set[int] = set()
        address = memory[0]
        while address != 0:
            if address < _FIRST_FREE:
                raise self._not_an_input(
                    f"a node lies in cell {address}, expected {_FIRST_FREE} or above"
                )
            if address in seen:
                raise self._not_an_input("the list has a cycle")
            if not seen.isdisjoint((address - 1, address + 1)):
                raise self._not_an_input(f"the node in cell {address} overlaps another one")
            seen.add(address)
            yield address, memory[address + 1]
            address = memory[address]


def _write_list(background: Tensor, address: Tensor, value: Tensor) -> Tensor:
    """Write a list and its head pointer over a memory.

    Args:
        background: int64 [N, M].
        address: int64 [N, L], the nodes in list order; M where a list has ended.
        value: int64 [N, L], their values.

    Returns:
        int64 [N, M].
    """
    samples, size = background.shape
    successor = torch.zeros_like(address)
    successor[:, :-1] = address[:, 1:] % size  # no node there: M becomes NULL
    # Nodes behind the end of a list fall into two more cells, which are cut off.
    memory = torch.cat([background, background.new_empty((samples, 2))], dim=1)
    memory.scatter_(1, address, successor).scatter_(1, address + 1, value)
    memory[:, :1] = address[:, :1]
    return memory[:, :size].contiguous()


class ListK(_LinkedList):
    """``head, k, out, nodes``: cell 2 becomes the value k hops after head.

    The list has n nodes and k is uniform in 0..n-1: no hop is the head itself, n-1 hops the last
    node, and one more would leave the list. Values are 1..M-1.
    """

    title = "ListK"
    summary = "find the value k hops after the head of a linked list"
    budget = StepBudget(per_cell=1, constant=8)  # a node takes two cells

    def _draw(self, n: Tensor, size: int, generator: torch.Generator) -> Batch:
        address = place_blocks(n, 2, _FIRST_FREE, size, generator)
        value = uniform(1, size, (address.shape[0], address.shape[1]), generator)
        inputs = _write_list(
            torch.zeros((len(n), size), dtype=n.dtype, device=n.device), address, value
        )
        k = below(n, generator)
        inputs[:, 1:2] = k
        answer = value.gather(1, k).squeeze(1)
        return Batch.of_one_cell(inputs, _OUT, answer, self.timesteps(1 + k.squeeze(1)))

    def _definition(self, memory: list[int]) -> dict[int, int]:
        k = memory[1]
        for hops, (_, value) in enumerate(self._nodes(memory)):
            if hops == k:
                return {_OUT: value}
        raise self._not_an_input(f"the list ends before {k} hops")


class ListSearch(_LinkedList):
    """``head, v, out, nodes``: cell 2 becomes the address of the first node that holds v.

    Every cell that belongs to no node, the slot for the answer included, is trash 0..M-1. The
    answer's place on the list is uniform: no earlier node holds v, later ones may.
    """

    title = "ListSearch"
    summary = "find the first node of a linked list that holds a given value"
    budget = StepBudget(per_cell=2, constant=8)

    def _draw(self, n: Tensor, size: int, generator: torch.Generator) -> Batch:
        address = place_blocks(n, 2, _FIRST_FREE, size, generator)
        samples, most = address.shape
        target = below(n, generator)
        v = uniform(1, size, (samples, 1), generator)
        other = uniform(1, size - 1, (samples, most), generator)
        other += other >= v  # uniform over the values that are not v
        anything = uniform(1, size, (samples, most), generator)
        position = torch.arange(most, device=n.device)
        value = torch.where(position < target, other, anything).scatter_(1, target, v)
        inputs = _write_list(uniform(0, size, (samples, size), generator), address, value)
        inputs[:, 1:2] = v
        answer = address.gather(1, target).squeeze(1)
        return Batch.of_one_cell(inputs, _OUT, answer, self.timesteps(n.squeeze(1)))

    def _definition(self, memory: list[int]) -> dict[int, int]:
        v = memory[1]
        for address, value in self._nodes(memory):
            if value == v:
                return {_OUT: address}
        raise self._not_an_input(f"no node holds {v}")
