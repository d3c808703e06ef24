"""The ten tasks of the paper by name."""

from __future__ import annotations

from runtime.errors import HardmaxError
from trainer.tasks.access import Access
from trainer.tasks.copies import Copy, Reverse
from trainer.tasks.increment import Increment
from trainer.tasks.lists import ListK, ListSearch
from trainer.tasks.merge import Merge
from trainer.tasks.permutation import Permutation
from trainer.tasks.swap import Swap
from trainer.tasks.task import Task
from trainer.tasks.walkbst import WalkBST

TASKS: dict[str, Task] = {
    task.name: task
    for task in (
        Access(),
        Increment(),
        Copy(),
        Reverse(),
        Swap(),
        Permutation(),
        ListK(),
        ListSearch(),
        Merge(),
        WalkBST(),
    )
}
"""Every task, in the paper's order."""


def find_task(name: str) -> Task:
    """The task of that name; the paper's capitals are accepted.

    Raises:
        HardmaxError: there is none.
    """
    task = TASKS.get(name.lower())
    if task is None:
        raise HardmaxError(f"unknown task {name!r}, expected one of {', '.join(TASKS)}")
    return task
