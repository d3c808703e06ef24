"""Graphs: pointers that one follows, and rows of edges."""

from __future__ import annotations

import random
from itertools import pairwise

from hardmax.trainer.nram.suite.layout import draw, follow, linked_list, padded, pairs_at


def chain(rng: random.Random, first: int, n: int, size: int) -> tuple[list[int], list[int]]:
    """A memory whose cells ``first``.. hold pointers, and n of them such that each leads on.

    Raises:
        ValueError: they do not fit.
    """
    cells = rng.sample(range(first, size), n)
    memory = padded([0] * first, size)
    for cell, target in pairwise(cells):
        memory[cell] = target
    return memory, cells


class NthNext:
    """The cell that one reaches from cell p after k hops, k > 0: p, k, pointers; cell 0."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        if size < n + 3:
            raise ValueError("k must be below M")
        memory = [0, rng.randrange(1, n + 1), *draw(rng, size - 2, 2, size)]
        memory[0] = rng.randrange(2, size)
        return memory

    def steps(self, n: int) -> int:
        return n + 4

    def solve(self, memory: list[int]) -> dict[int, int]:
        cell = memory[0]
        for _ in range(memory[1]):
            cell = memory[cell]
        return {0: cell}


class FindRoot:
    """The root that one reaches from cell x; a root points to itself: x, parents; cell 0."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        memory, cells = chain(rng, 1, n, size)
        memory[0], memory[cells[-1]] = cells[0], cells[-1]
        return memory

    def steps(self, n: int) -> int:
        return n + 3

    def solve(self, memory: list[int]) -> dict[int, int]:
        cell = memory[0]
        while memory[cell] != cell:
            cell = memory[cell]
        return {0: cell}


class Depth:
    """How many hops lead from cell x to its root, which points to itself: x, parents; cell 0."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        memory, cells = chain(rng, 1, n, size)
        memory[0], memory[cells[-1]] = cells[0], cells[-1]
        return memory

    def steps(self, n: int) -> int:
        return n + 3

    def solve(self, memory: list[int]) -> dict[int, int]:
        cell, hops = memory[0], 0
        while memory[cell] != cell:
            cell, hops = memory[cell], hops + 1
        return {0: hops}


class Compress:
    """On the way from cell x, each cell points to its root r, known: x, r, parents."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        memory, cells = chain(rng, 2, n, size)
        memory[0], memory[1] = cells[0], cells[-1]
        memory[cells[-1]] = cells[-1]
        return memory

    def steps(self, n: int) -> int:
        return n + 4

    def solve(self, memory: list[int]) -> dict[int, int]:
        cell, answer = memory[0], {}
        while memory[cell] != cell:
            answer[cell] = memory[1]
            cell = memory[cell]
        return answer | {cell: cell}


class HasCycle:
    """Whether the way from cell h runs in a circle (1) or ends at NULL (0): h, out, pointers."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        memory, cells = chain(rng, 2, n, size)
        memory[0] = cells[0]
        if rng.random() < 0.5:
            memory[cells[-1]] = rng.choice(cells)
        return memory

    def steps(self, n: int) -> int:
        return 2 * n + 4

    def solve(self, memory: list[int]) -> dict[int, int]:
        seen: set[int] = set()
        for cell in follow(memory, 0):
            if cell in seen:
                return {1: 1}
            seen.add(cell)
        return {1: 0}


class MarkPath:
    """The mark of each node on the way from cell 0 becomes 1: head, nodes (next, mark 0 or 1)."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        return linked_list(rng, [], draw(rng, n, 0, 2), size)

    def steps(self, n: int) -> int:
        return n + 3

    def solve(self, memory: list[int]) -> dict[int, int]:
        return {cell + 1: 1 for cell in follow(memory, 0)}


class OutDegree:
    """How many edges leave vertex v: v, edges (from, to), 0; cell 0."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        vertices = min(5, size)
        return padded([rng.randrange(1, vertices), *draw(rng, 2 * n, 1, vertices), 0], size)

    def steps(self, n: int) -> int:
        return 2 * n + 4

    def solve(self, memory: list[int]) -> dict[int, int]:
        return {0: sum(start == memory[0] for start, _ in pairs_at(memory, 1))}


class EdgeExists:
    """Whether an edge leads from u to v (1) or none (0): u, v, edges (from, to), 0; cell 0."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        edges = draw(rng, 2 * n, 1, min(5, size))
        wanted = draw(rng, 2, 1, min(5, size))
        if rng.random() < 0.5:
            i = 2 * rng.randrange(n)
            wanted = edges[i : i + 2]
        return padded([*wanted, *edges, 0], size)

    def steps(self, n: int) -> int:
        return 2 * n + 4

    def solve(self, memory: list[int]) -> dict[int, int]:
        return {0: int((memory[0], memory[1]) in pairs_at(memory, 2))}


class SelfLoops:
    """How many edges lead back to where they start: out, edges (from, to), 0; cell 0."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        return padded([0, *draw(rng, 2 * n, 1, min(4, size)), 0], size)

    def steps(self, n: int) -> int:
        return 2 * n + 3

    def solve(self, memory: list[int]) -> dict[int, int]:
        return {0: sum(start == end for start, end in pairs_at(memory, 1))}
