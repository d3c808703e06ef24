"""Binary search trees, whose nodes (value, left, right) lie anywhere, and parent pointers."""

from __future__ import annotations

import random

from hardmax.trainer.nram.suite.layout import padded, place


def search_tree(
    rng: random.Random, header: list[int], values: list[int], size: int
) -> tuple[list[int], dict[int, int]]:
    """A memory with the tree that grows when ``values``, all different, are inserted in turn.

    Returns:
        The memory, which begins with the root's address and ``header``, and each value's node.

    Raises:
        ValueError: it does not fit.
    """
    addresses = place(rng, len(values), 3, 1 + len(header), size)
    memory = padded([addresses[0], *header], size)
    for address, value in zip(addresses, values, strict=True):
        memory[address] = value
        node = addresses[0]
        while node != address:
            branch = node + 1 if value < memory[node] else node + 2
            memory[branch] = memory[branch] or address
            node = memory[branch]
    return memory, dict(zip(values, addresses, strict=True))


def distinct(rng: random.Random, n: int, size: int) -> list[int]:
    """``n`` different values 1..M-1 in any order."""
    return rng.sample(range(1, size), n)


class _TreeAnswer:
    """``root, out, nodes``: cell 1 gets an answer about the tree."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        return search_tree(rng, [0], distinct(rng, n, size), size)[0]

    def steps(self, n: int) -> int:
        return 2 * n + 4


class BstMin(_TreeAnswer):
    """The smallest value of a search tree: root, out, nodes; cell 1."""

    def solve(self, memory: list[int]) -> dict[int, int]:
        node = memory[0]
        while memory[node + 1] != 0:
            node = memory[node + 1]
        return {1: memory[node]}


class BstMax(_TreeAnswer):
    """The largest value of a search tree: root, out, nodes; cell 1."""

    def solve(self, memory: list[int]) -> dict[int, int]:
        node = memory[0]
        while memory[node + 2] != 0:
            node = memory[node + 2]
        return {1: memory[node]}


class LeftSpine(_TreeAnswer):
    """How many nodes one meets on the way down to the left: root, out, nodes; cell 1."""

    def solve(self, memory: list[int]) -> dict[int, int]:
        node, count = memory[0], 0
        while node != 0:
            node, count = memory[node + 1], count + 1
        return {1: count}


class BstSearch:
    """The node of a search tree that holds v; there is one: root, v, nodes; cell 1."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        values = distinct(rng, n, size)
        return search_tree(rng, [rng.choice(values)], values, size)[0]

    def steps(self, n: int) -> int:
        return 2 * n + 4

    def solve(self, memory: list[int]) -> dict[int, int]:
        node = memory[0]
        while memory[node] != memory[1]:
            node = memory[node + 1] if memory[1] < memory[node] else memory[node + 2]
        return {1: node}


class BstInsert:
    """Insert a new leaf into a search tree: root, leaf, nodes; the pointer to it."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        values = distinct(rng, n + 1, size)
        memory, nodes = search_tree(rng, [0], values, size)
        leaf = memory[1] = nodes[values[-1]]
        memory[memory.index(leaf, 2)] = 0
        return memory

    def steps(self, n: int) -> int:
        return 2 * n + 4

    def solve(self, memory: list[int]) -> dict[int, int]:
        leaf, node = memory[1], memory[0]
        while True:
            branch = node + 1 if memory[leaf] < memory[node] else node + 2
            if memory[branch] == 0:
                return {branch: leaf}
            node = memory[branch]
