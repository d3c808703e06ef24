"""The tasks of the suite by group and name; a group is imported when it is first asked for."""

from __future__ import annotations

import importlib
import re

GROUPS: dict[str, str] = {
    "arrays": "hardmax.trainer.nram.suite.arrays",
    "sorting": "hardmax.trainer.nram.suite.sorting",
    "arithmetic": "hardmax.trainer.nram.suite.arithmetic",
    "lists": "hardmax.trainer.nram.suite.lists",
    "trees": "hardmax.trainer.nram.suite.trees",
    "graphs": "hardmax.trainer.nram.suite.graphs",
}
"""The module of each group."""


def task_name(written: type) -> str:
    """``ListReverse`` is ``list-reverse``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", written.__name__).lower()


def group(name: str) -> dict[str, type]:
    """The tasks of a group by name, in the order of its module."""
    module = importlib.import_module(GROUPS[name])
    return {
        task_name(written): written
        for written in vars(module).values()
        if isinstance(written, type)
        and written.__module__ == module.__name__
        and not written.__name__.startswith("_")
    }


def suite() -> dict[str, type]:
    """All tasks by name, group by group."""
    return {name: task for known in GROUPS for name, task in group(known).items()}
