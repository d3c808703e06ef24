"""Sorting and searching."""

from __future__ import annotations

import random

from hardmax.trainer.nram.suite.layout import array_at, draw, padded


class Sort2:
    """Put cells 0 and 1 in ascending order: a, b."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        if size < n + 3:
            raise ValueError("the values are of no more than n + 3 kinds")
        return padded(draw(rng, 2, 1, size), size)

    def steps(self, n: int) -> int:
        return 4

    def solve(self, memory: list[int]) -> dict[int, int]:
        return dict(enumerate(sorted(memory[:2])))


class Sort3:
    """Put cells 0, 1 and 2 in ascending order: a, b, c."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        if size < n + 3:
            raise ValueError("the values are of no more than n + 3 kinds")
        return padded(draw(rng, 3, 1, size), size)

    def steps(self, n: int) -> int:
        return 6

    def solve(self, memory: list[int]) -> dict[int, int]:
        return dict(enumerate(sorted(memory[:3])))


class Median3:
    """The middle one of three values: a, b, c; cell 0."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        if size < n + 3:
            raise ValueError("the values are of no more than n + 3 kinds")
        return padded(draw(rng, 3, 1, size), size)

    def steps(self, n: int) -> int:
        return 6

    def solve(self, memory: list[int]) -> dict[int, int]:
        return {0: sorted(memory[:3])[1]}


class _Sorting:
    """``A[0..n-1], 0``: A is rearranged in place."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        return padded([*draw(rng, n, 1, size), 0], size)


class Sort(_Sorting):
    """Put an array in ascending order: A, 0."""

    largest_training_complexity = 5

    def steps(self, n: int) -> int:
        return n * n + 4

    def solve(self, memory: list[int]) -> dict[int, int]:
        return dict(enumerate(sorted(array_at(memory, 0))))


class CountingSort:
    """Put an array of 1s, 2s and 3s in ascending order: A, 0."""

    largest_training_complexity = 5

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        return padded([*draw(rng, n, 1, min(4, size)), 0], size)

    def steps(self, n: int) -> int:
        return n * n + 4

    def solve(self, memory: list[int]) -> dict[int, int]:
        return dict(enumerate(sorted(array_at(memory, 0))))


class BubblePass(_Sorting):
    """From left to right, swap neighbours that do not ascend, once: A, 0."""

    def steps(self, n: int) -> int:
        return n + 3

    def solve(self, memory: list[int]) -> dict[int, int]:
        array = array_at(memory, 0)
        for i in range(len(array) - 1):
            array[i : i + 2] = sorted(array[i : i + 2])
        return dict(enumerate(array))


class InsertSorted:
    """Insert v into an ascending array, cells 0..n: v, A, 0."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        return padded([rng.randrange(1, size), *sorted(draw(rng, n, 1, size)), 0], size)

    def steps(self, n: int) -> int:
        return n + 3

    def solve(self, memory: list[int]) -> dict[int, int]:
        return dict(enumerate(sorted(array_at(memory, 0))))


class _Search:
    """``v, A[0..n-1], 0``: v is in A."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        v = rng.randrange(1, size)
        array = [v if rng.random() < 0.2 else rng.randrange(1, size) for _ in range(n)]
        array[rng.randrange(n)] = v
        return padded([v, *array, 0], size)

    def steps(self, n: int) -> int:
        return n + 3


class LinearSearch(_Search):
    """The address of the first element that is v; there is one: v, A, 0; cell 0."""

    def solve(self, memory: list[int]) -> dict[int, int]:
        return {0: memory.index(memory[0], 1)}


class FindLast(_Search):
    """The address of the last element that is v; there is one: v, A, 0; cell 0."""

    def solve(self, memory: list[int]) -> dict[int, int]:
        array = array_at(memory, 1)
        return {0: max(i for i, element in enumerate(array, start=1) if element == memory[0])}


class Contains:
    """Whether an element is v (1) or none (0): v, A, 0; cell 0."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        array = draw(rng, n, 1, size)
        v = rng.choice(array) if rng.random() < 0.5 else rng.randrange(1, size)
        return padded([v, *array, 0], size)

    def steps(self, n: int) -> int:
        return n + 3

    def solve(self, memory: list[int]) -> dict[int, int]:
        return {0: int(memory[0] in array_at(memory, 1))}


class LowerBound:
    """The address of the first of ascending elements that is v or more: v, A; cell 0, one is."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        array = sorted(draw(rng, n, 1, size))
        return padded([rng.randrange(1, array[-1] + 1), *array, 0], size)

    def steps(self, n: int) -> int:
        return n + 3

    def solve(self, memory: list[int]) -> dict[int, int]:
        return {0: next(i for i in range(1, len(memory)) if memory[i] >= memory[0])}


class HashLookup:
    """The value beside key k, probing every other cell from h on: h, k, (key, value)s; cell 0."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        keys = rng.sample(range(1, size), n)
        first = rng.randrange(n)
        wanted = rng.randrange(first, n)
        pairs = [cell for key in keys for cell in (key, rng.randrange(1, size))]
        return padded([2 + 2 * first, keys[wanted], *pairs], size)

    def steps(self, n: int) -> int:
        return 2 * n + 4

    def solve(self, memory: list[int]) -> dict[int, int]:
        keys = memory[memory[0] :: 2]
        return {0: memory[memory[0] + 2 * keys.index(memory[1]) + 1]}


class TwoSum:
    """Whether two of ascending elements have the sum s (1) or not (0): s, n, A; cell 0."""

    smallest_complexity = 2

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        array = sorted(draw(rng, n, 1, size // 2 + 1))
        s = rng.randrange(1, size)
        if rng.random() < 0.5:
            s = min(sum(rng.sample(array, 2)), size - 1)
        return padded([s, n, *array], size)

    def steps(self, n: int) -> int:
        return 2 * n + 4

    def solve(self, memory: list[int]) -> dict[int, int]:
        s, n = memory[:2]
        array = memory[2 : 2 + n]
        earlier: set[int] = set()
        for element in array:
            if s - element in earlier:
                return {0: 1}
            earlier.add(element)
        return {0: 0}


class StringMatch:
    """The address where a pattern begins in a text; it does: out, pattern, 0, text, 0; cell 0."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        if size < n + 6:
            raise ValueError("a pattern, a text and two NULLs need more room")
        pattern = draw(rng, rng.randrange(1, min(3, n) + 1), 1, min(4, size))
        text = draw(rng, n - len(pattern), 1, min(4, size))
        at = rng.randrange(len(text) + 1)
        return padded([0, *pattern, 0, *text[:at], *pattern, *text[at:], 0], size)

    def steps(self, n: int) -> int:
        return 6 * n + 6

    def solve(self, memory: list[int]) -> dict[int, int]:
        pattern = array_at(memory, 1)
        first = len(pattern) + 2
        while memory[first : first + len(pattern)] != pattern:
            first += 1
        return {0: first}
