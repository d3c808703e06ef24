"""The ten tasks of the paper by name."""

from __future__ import annotations

from hardmax.runtime.errors import HardmaxError
from hardmax.trainer.nram.tasks.access import Access
from hardmax.trainer.nram.tasks.copies import Copy, Reverse
from hardmax.trainer.nram.tasks.increment import Increment
from hardmax.trainer.nram.tasks.lists import ListK, ListSearch
from hardmax.trainer.nram.tasks.merge import Merge
from hardmax.trainer.nram.tasks.permutation import Permutation
from hardmax.trainer.nram.tasks.swap import Swap
from hardmax.trainer.nram.tasks.task import Task
from hardmax.trainer.nram.tasks.walkbst import WalkBST

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
"""The paper's tasks, in its order."""

LOADED: dict[str, Task] = dict(TASKS)
"""Behind them those of the suite, and a user's own, that were loaded."""


def find_task(name: str) -> Task:
    """The task of that name, or of that file where one was loaded; capitals are accepted.

    Raises:
        HardmaxError: there is none.
    """
    from hardmax.trainer.nram.suite.registry import suite_task

    task = LOADED.get(name) or LOADED.get(name.lower())
    if task is None and (task := suite_task(name)) is not None:
        LOADED[task.name] = task
    if task is None:
        raise HardmaxError(f"unknown task {name!r}, expected one of {', '.join(LOADED)}")
    return task
