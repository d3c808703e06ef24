"""What each task is trained with when the user does not say: what was found to work."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from hardmax.trainer.nram.gradient import THRESHOLDS
from hardmax.trainer.nram.own_tasks.written_task import WrittenTask
from hardmax.trainer.nram.session import Settings
from hardmax.trainer.nram.tasks import find_task
from hardmax.trainer.population.population import DEFAULT_DISCRETIZATION


@dataclass(frozen=True)
class DefaultConfig:
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
    patience: int = THRESHOLDS.stale_after


DEFAULT_CONFIGS: dict[str, DefaultConfig] = {
    "access": DefaultConfig(),
    "increment": DefaultConfig(registers=5),
    "copy": DefaultConfig(),
    "reverse": DefaultConfig(),
    "swap": DefaultConfig(repetitions=2, members=24),
    "permutation": DefaultConfig(repetitions=2, members=24),
    "listk": DefaultConfig(repetitions=2, members=24),
    "listsearch": DefaultConfig(method="search", registers=3, repetitions=3, members=24),
    "merge": DefaultConfig(method="search", registers=6, repetitions=3, members=24),
    "walkbst": DefaultConfig(repetitions=2, members=24),
}
"""By task; one that is not here gets what a ``DefaultConfig()`` says."""

GRADIENT_ALONE = {
    name: dataclasses.replace(DEFAULT_CONFIGS[name], method="gradient", members=96, patience=1500)
    for name in ("swap", "permutation", "listk", "listsearch", "merge", "walkbst")
}
"""What those train with whose method is ``gradient``. Of the tasks that take 28 modules and more,
one member in dozens finds the solution, and it stays at a level for longer than in the others."""

OWN_CONFIG = DefaultConfig(method="search")
"""Of a user's own task, and of those of the suite. A narrow machine: most tasks need no more, and
it is searched fastest."""


def default_settings(task_name: str, method: str | None = None) -> Settings:
    """Settings that follow a task's default config: seed 0, on the CPU.

    Args:
        method: of training; None for the task's default.

    Raises:
        HardmaxError: there is no such task.
    """
    task = find_task(task_name)
    if task.description is not None or isinstance(task, WrittenTask):
        config = OWN_CONFIG
    else:
        task_name = task.name
        config = DEFAULT_CONFIGS.get(task_name, DefaultConfig())
        if method == "gradient":
            config = GRADIENT_ALONE.get(task_name, config)
    return Settings(
        task=task_name,
        method=config.method if method is None else method,
        seed=0,
        registers=config.registers,
        repetitions=config.repetitions,
        controller="mlp",
        hidden=config.hidden,
        members=config.members,
        batch=config.batch,
        complexity=task.largest_training_complexity,
        slack=config.slack,
        discretization=DEFAULT_DISCRETIZATION,
        device="cpu",
        patience=config.patience,
    )
