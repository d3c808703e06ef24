"""What each task is trained with when the user does not say: sizes found to work, nothing else."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    """Default sizes of a task's machine and population; see ``hardmax train --help``."""

    registers: int = 4
    repetitions: int = 1
    members: int = 16


RECIPES: dict[str, Recipe] = {
    "access": Recipe(),
    "increment": Recipe(registers=5),
    "copy": Recipe(),
    "reverse": Recipe(),
    "swap": Recipe(repetitions=2, members=24),
    "permutation": Recipe(repetitions=2, members=24),
    "listk": Recipe(repetitions=2, members=24),
    "listsearch": Recipe(repetitions=3, members=24),
    "merge": Recipe(registers=5, repetitions=3, members=24),
    "walkbst": Recipe(repetitions=2, members=24),
}
