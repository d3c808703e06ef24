"""The tasks of the suite by group and name; a group is imported when it is first asked for."""

from __future__ import annotations

import importlib

from hardmax.trainer.nram.own_tasks.written_task import Written, WrittenTask, task_name
from hardmax.trainer.nram.tasks.task import Task

GROUPS: dict[str, str] = {
    "arrays": "hardmax.trainer.nram.suite.arrays",
    "sorting": "hardmax.trainer.nram.suite.sorting",
    "arithmetic": "hardmax.trainer.nram.suite.arithmetic",
    "lists": "hardmax.trainer.nram.suite.lists",
    "trees": "hardmax.trainer.nram.suite.trees",
    "graphs": "hardmax.trainer.nram.suite.graphs",
    "mips": "hardmax.trainer.nram.suite.mips",
}
"""The module of each group."""


def group(name: str) -> dict[str, type[Written]]:
    """The tasks of a group by name, in the order of its module."""
    module = importlib.import_module(GROUPS[name])
    return {
        task_name(written.__name__): written
        for written in vars(module).values()
        if isinstance(written, type)
        and written.__module__ == module.__name__
        and not written.__name__.startswith("_")
    }


def suite() -> dict[str, type[Written]]:
    """All tasks by name, group by group."""
    return {name: task for known in GROUPS for name, task in group(known).items()}


def suite_task(name: str) -> Task | None:
    """The task of that name, ready to be trained; None where the suite has none."""
    written = suite().get(name.lower())
    return None if written is None else WrittenTask(written)
