"""What each task is trained with when the user does not say: what was found to work."""

from __future__ import annotations

from dataclasses import dataclass

from hardmax.trainer.nram.session import Settings
from hardmax.trainer.nram.tasks import find_task
from hardmax.trainer.population.population import DEFAULT_SCHEME


@dataclass(frozen=True)
class Recipe:
    """Default method, and sizes of a task's machine and population; see ``hardmax train --help``.

    The method is ``search`` where turns of gradient training only cost time.
    """

    method: str = "hybrid"
    registers: int = 4
    repetitions: int = 1
    members: int = 16
    hidden: int = 32
    batch: int = 16
    slack: int = 4


RECIPES: dict[str, Recipe] = {
    "access": Recipe(),
    "increment": Recipe(registers=5),
    "copy": Recipe(),
    "reverse": Recipe(),
    "swap": Recipe(repetitions=2, members=24),
    "permutation": Recipe(repetitions=2, members=24),
    "listk": Recipe(repetitions=2, members=24),
    "listsearch": Recipe(method="search", registers=3, repetitions=3, members=24),
    "merge": Recipe(method="search", registers=6, repetitions=3, members=24),
    "walkbst": Recipe(repetitions=2, members=24),
}


def recipe_settings(task_name: str) -> Settings:
    """Settings that follow a task's recipe: seed 0, on the CPU.

    Raises:
        HardmaxError: there is no such task.
    """
    task = find_task(task_name)
    recipe = RECIPES[task.name]
    return Settings(
        task=task.name,
        method=recipe.method,
        seed=0,
        registers=recipe.registers,
        repetitions=recipe.repetitions,
        controller="mlp",
        hidden=recipe.hidden,
        members=recipe.members,
        batch=recipe.batch,
        complexity=task.largest_training_complexity,
        slack=recipe.slack,
        scheme=DEFAULT_SCHEME,
        device="cpu",
    )
