"""Which examples a program gets wrong."""

from __future__ import annotations

import numpy as np

from hardmax.trainer.nram.search.compilation import compiled
from hardmax.trainer.nram.search.kernel import LANES, Examples, Integers, TableMachine, run_lanes
from hardmax.trainer.nram.tasks import Task


@compiled
def count_wrong(
    machine: TableMachine, examples: Examples, steps: Integers, at_end: Integers, at_best: Integers
) -> None:
    """Run every example for at most its ``steps``.

    Args:
        at_end: gets the number of wrong cells at the end of each run, shape (N,).
        at_best: gets the fewest there were after any timestep, shape (N,).
    """
    numbers = np.arange(len(examples.size))
    for first in range(0, len(numbers), LANES):
        group = numbers[first : first + LANES]
        run_lanes(machine, examples, group, steps[first : first + LANES])
        at_end[first : first + len(group)] = machine.lanes.wrong[: len(group)]
        at_best[first : first + len(group)] = machine.lanes.best[: len(group)]


@compiled
def all_right(machine: TableMachine, examples: Examples, steps: Integers) -> bool:
    """Whether every example is right when its ``steps`` are over; looks no further than need be."""
    numbers = np.arange(len(examples.size))
    for first in range(0, len(numbers), LANES):
        group = numbers[first : first + LANES]
        run_lanes(machine, examples, group, steps[first : first + LANES])
        if np.any(machine.lanes.wrong[: len(group)]):
            return False
    return True


def find_wrong(
    machine: TableMachine, examples: Examples, steps: Integers
) -> tuple[Integers, Integers]:
    """Which examples are not right when ``steps`` are over, and which were right at no moment."""
    at_end, at_best = np.zeros((2, len(examples.size)), dtype=np.int64)
    count_wrong(machine, examples, steps, at_end, at_best)
    return np.flatnonzero(at_end), np.flatnonzero(at_best)


def budget_steps(task: Task, examples: Examples) -> Integers:
    """The task's step budget for every example, shape (N,)."""
    steps: Integers = task.budget.steps(examples.size)
    return steps
