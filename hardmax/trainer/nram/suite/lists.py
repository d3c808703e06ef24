"""Linked lists, whose nodes (next, value) lie anywhere: cell 0 points to the first, NULL ends."""

from __future__ import annotations

import random
from itertools import pairwise

from hardmax.trainer.nram.suite.layout import draw, follow, linked_list, padded, place


class _ListAnswer:
    """``head, out, nodes``: cell 1 gets an answer about the values."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        return linked_list(rng, [0], draw(rng, n, 1, size), size)

    def steps(self, n: int) -> int:
        return 2 * n + 4

    def solve(self, memory: list[int]) -> dict[int, int]:
        values = [memory[node + 1] for node in follow(memory, 0)]
        return {1: self.answer(values) % len(memory)}

    def answer(self, values: list[int]) -> int:
        raise NotImplementedError


class ListLength(_ListAnswer):
    """The number of nodes: head, out, nodes; cell 1."""

    def steps(self, n: int) -> int:
        return n + 3

    def answer(self, values: list[int]) -> int:
        return len(values)


class ListLast(_ListAnswer):
    """The value of the last node: head, out, nodes; cell 1."""

    def answer(self, values: list[int]) -> int:
        return values[-1]


class ListSum(_ListAnswer):
    """The sum of the values, mod M: head, out, nodes; cell 1."""

    def answer(self, values: list[int]) -> int:
        return sum(values)


class ListMax(_ListAnswer):
    """The largest value: head, out, nodes; cell 1."""

    def answer(self, values: list[int]) -> int:
        return max(values)


class ListReverse:
    """Turn all links round, in place: head, nodes."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        return linked_list(rng, [], draw(rng, n, 1, size), size)

    def steps(self, n: int) -> int:
        return n + 3

    def solve(self, memory: list[int]) -> dict[int, int]:
        nodes = [0, *follow(memory, 0), 0]
        if len(nodes) == 2:
            raise ValueError("expected a list of at least one node")
        links = {node: before for before, node in pairwise(nodes[:-1])}
        return {**links, 0: nodes[-2]}


class ListAppend:
    """Put a node behind the last one: head, node, nodes; the last one's next."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        memory = linked_list(rng, [0], draw(rng, n + 1, 1, size), size)
        before, node = 0, memory[0]
        while memory[node] != 0:
            before, node = node, memory[node]
        memory[before], memory[1] = 0, node
        return memory

    def steps(self, n: int) -> int:
        return n + 4

    def solve(self, memory: list[int]) -> dict[int, int]:
        return {list(follow(memory, 0))[-1]: memory[1]}


class ListMapInc:
    """Add 1 to each value: head, nodes."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        return linked_list(rng, [], draw(rng, n, 1, size - 1), size)

    def steps(self, n: int) -> int:
        return 2 * n + 3

    def solve(self, memory: list[int]) -> dict[int, int]:
        return {node + 1: memory[node + 1] + 1 for node in follow(memory, 0)}


class ListFill:
    """Each value becomes v: head, v, nodes."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        return linked_list(rng, [rng.randrange(1, size)], draw(rng, n, 1, size), size)

    def steps(self, n: int) -> int:
        return n + 4

    def solve(self, memory: list[int]) -> dict[int, int]:
        return {node + 1: memory[1] for node in follow(memory, 0)}


class ListNumber:
    """The values become 1, 2, 3, ... along the list: head, nodes."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        return linked_list(rng, [], draw(rng, n, 1, size), size)

    def steps(self, n: int) -> int:
        return n + 3

    def solve(self, memory: list[int]) -> dict[int, int]:
        return {node + 1: place for place, node in enumerate(follow(memory, 0), start=1)}


class ListToArray:
    """The values, in the list's order, from cell p on: head, p, nodes, room for n values."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        p = size - n
        return padded(linked_list(rng, [p], draw(rng, n, 1, size), p), size)

    def steps(self, n: int) -> int:
        return 2 * n + 4

    def solve(self, memory: list[int]) -> dict[int, int]:
        values = (memory[node + 1] for node in follow(memory, 0))
        return dict(enumerate(values, start=memory[1]))


class ListDelete:
    """Take the first node with value v out; there is one: head, v, nodes; what pointed to it."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        values = draw(rng, n, 1, size)
        return linked_list(rng, [rng.choice(values)], values, size)

    def steps(self, n: int) -> int:
        return 2 * n + 4

    def solve(self, memory: list[int]) -> dict[int, int]:
        before = 0
        for node in follow(memory, 0):
            if memory[node + 1] == memory[1]:
                return {before: memory[node]}
            before = node
        raise ValueError("no node has the value")


class ListInsertSorted:
    """Insert a node into an ascending list, before equals: head, node, nodes; two links."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        node, *addresses = place(rng, n + 1, 2, 2, size)
        memory = padded([0, node], size)
        memory[node + 1] = rng.randrange(1, size)
        before = 0
        for address, value in zip(addresses, sorted(draw(rng, n, 1, size)), strict=True):
            memory[before], memory[address + 1] = address, value
            before = address
        return memory

    def steps(self, n: int) -> int:
        return 2 * n + 4

    def solve(self, memory: list[int]) -> dict[int, int]:
        new, before = memory[1], 0
        for node in follow(memory, 0):
            if memory[node + 1] >= memory[new + 1]:
                return {before: new, new: node}
            before = node
        return {before: new, new: 0}
