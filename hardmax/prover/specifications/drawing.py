"""Random memories for the specifications: small ones, in which everything unspecified is trash."""

from __future__ import annotations

from random import Random

LARGEST = 10
"""Elements of a drawn input."""


def elements(random: Random, smallest: int = 1) -> int:
    """How many elements an input has."""
    return random.randint(smallest, LARGEST)


def memory(random: Random, smallest: int) -> list[int]:
    """A memory of at least ``smallest`` cells, often just as many, each holding any 0..M-1."""
    size = smallest + random.choice((0, 0, 1, 2, random.randint(0, 2 * smallest)))
    return [random.randrange(size) for _ in range(size)]


def blocks(random: Random, count: int, width: int, first: int, size: int) -> list[int]:
    """Where ``count`` blocks of ``width`` cells begin that do not overlap, in random order."""
    starts = sorted(random.sample(range(first, size - count * (width - 1)), count))
    placed = [start + i * (width - 1) for i, start in enumerate(starts)]
    random.shuffle(placed)
    return placed
