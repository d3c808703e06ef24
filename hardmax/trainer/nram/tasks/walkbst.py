"""WalkBST: follow a path down a binary search tree whose nodes lie anywhere in memory."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from hardmax.runtime.nram.program import StepBudget
from hardmax.trainer.nram.tasks.sampling import permutations, place_blocks
from hardmax.trainer.nram.tasks.task import Batch, Task

_OUT = 1
_PATH = 2
_NODE = 3
"""Cells of a node: value, left, right."""


class WalkBST(Task):
    """``root, out, d1..dk, 0, nodes``: cell 1 becomes the value at the end of the path.

    A node is (value, left, right); 0 goes left, 1 goes right. The terminator 0 reads as "left" too,
    so a path always ends at a node with no left child: a walk is over when the child is NULL.

    The tree holds n distinct values 1..M-1, inserted in random order; the end is uniform among
    the nodes with no left child.
    """

    title = "WalkBST"
    summary = "follow a path of left and right steps down a binary search tree"
    budget = StepBudget(per_cell=1, constant=8)  # a step of the path takes four cells
    largest_training_complexity = 6
    first_level = 3  # in smaller trees a path has one step at most
    steps_per_element = 2
    steps_besides = 3

    def _minimum_size(self, n: int) -> int:
        return _PATH + (n - 1) + 1 + _NODE * n  # the longest path takes n - 1 steps

    def _draw(self, n: Tensor, size: int, generator: torch.Generator) -> Batch:
        tree = _random_tree(n, generator)
        samples, most = tree.key.shape
        present = torch.arange(most, device=n.device) < n

        ends = present & (tree.above_left == tree.key - 1)
        lot = torch.rand((samples, most), generator=generator, device=n.device)
        end = tree.key.gather(1, lot.masked_fill_(~ends, -1.0).argmax(dim=1, keepdim=True))
        ancestor = (tree.above_left < end) & (end < tree.above_right) & (tree.key != end)
        steps = ancestor.sum(dim=1, keepdim=True)

        # Column by column a node of the tree; where there is none, everything goes to cell `size`.
        address = place_blocks(n, _NODE, _PATH + steps + 1, size, generator)
        value = place_blocks(n, 1, 1, size, generator).sort(dim=1).values.gather(1, tree.key - 1)
        memory = torch.zeros((samples, size + _NODE), dtype=torch.int64, device=n.device)
        memory.scatter_(1, address, value)
        parent = address.gather(1, tree.parent)
        pointer = torch.where(present, parent + 1 + tree.is_right, size)
        pointer[:, 0] = 0  # the first node is the root, and cell 0 points to it
        memory.scatter_(1, pointer, address)
        # An ancestor inserted later is deeper: the i-th of them takes the i-th step of the path.
        step = torch.where(ancestor, _PATH + ancestor.cumsum(dim=1) - 1, size)
        memory.scatter_(1, step, (end > tree.key).long())

        inputs = memory[:, :size].contiguous()
        at_end = (tree.key == end).long().argmax(dim=1, keepdim=True)
        answer = value.gather(1, at_end).squeeze(1)
        return Batch.of_one_cell(inputs, _OUT, answer, self.timesteps(1 + steps.squeeze(1)))

    def _definition(self, memory: list[int]) -> dict[int, int]:
        if memory[0] == 0:
            raise self._not_an_input("the tree is empty")
        nodes = [memory[0]]
        path = _PATH
        while (child := self._child(memory, nodes[-1], memory[path])) != 0:
            nodes.append(child)
            path += 1
        if memory[path] != 0:
            raise self._not_an_input(
                "the last step of the path goes to a right child, which is missing"
            )
        in_order = [path - _NODE + 1, *sorted(nodes), len(memory)]
        if any(after - before < _NODE for before, after in pairwise(in_order)):
            raise self._not_an_input("nodes overlap each other, the path or the end of the memory")
        return {_OUT: memory[nodes[-1]]}

    def _child(self, memory: list[int], node: int, direction: int) -> int:
        if direction not in (0, 1):
            raise self._not_an_input(f"a step of the path is {direction}, expected 0 or 1")
        return memory[node + 1 + direction]


@dataclass(frozen=True)
class _Tree:
    """Random binary search trees, a column for each key in the order of insertion.

    Attributes:
        key: int64 [N, L], a permutation of 1..L; the first n keys of a row are 1..n.
        above_left: int64 [N, L], the next smaller key inserted earlier, 0 if there is none.
        above_right: int64 [N, L], the next greater key inserted earlier, L + 1 if there is none.
            The keys between the two are exactly the node and those below it.
        parent: int64 [N, L], the column of the parent; 0 for the root.
        is_right: bool [N, L], whether the node is a right child.
    """

    key: Tensor
    above_left: Tensor
    above_right: Tensor
    parent: Tensor
    is_right: Tensor


def _random_tree(n: Tensor, generator: torch.Generator) -> _Tree:
    """Insert the keys 1..n, n int64 [N, 1], in random order; keys above n come after them.

    Undone backwards, an insertion takes its key out of the sorted list of keys: its neighbours in
    the list at that moment are ``above_left`` and ``above_right``, and the later of the two is its
    parent.
    """
    samples, most = len(n), int(n.max())
    device = n.device
    key = 1 + permutations(n, most, generator)
    before = torch.arange(-1, most + 1, device=device).repeat(samples, 1)
    after = torch.arange(1, most + 3, device=device).repeat(samples, 1)
    left, right = torch.empty_like(key), torch.empty_like(key)
    for column in reversed(range(most)):
        taken = key[:, column : column + 1]
        smaller, greater = before.gather(1, taken), after.gather(1, taken)
        left[:, column : column + 1] = smaller
        right[:, column : column + 1] = greater
        after.scatter_(1, smaller, greater)
        before.scatter_(1, greater, smaller)
    inserted = torch.full((samples, most + 2), -1, dtype=torch.int64, device=device)
    inserted.scatter_(1, key, torch.arange(most, device=device).expand(samples, most))
    after_left, after_right = inserted.gather(1, left), inserted.gather(1, right)
    parent = torch.maximum(after_left, after_right).clamp_(min=0)
    return _Tree(key, left, right, parent, is_right=after_left > after_right)
