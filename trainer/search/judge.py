"""Which examples a program gets wrong, and the examination a found program must pass."""

from __future__ import annotations

import numpy as np
import torch

from trainer.search.examples import draw_examples
from trainer.search.kernel import LANES, Examples, Integers, Machine, compiled, machine, run_lanes
from trainer.search.table import Table
from trainer.tasks import Task

EXAMPLES = 1024
"""Fresh examples in each part of the examination."""

REACH = (1, 2, 4, 8)
"""The largest complexities examined, in multiples of the largest training complexity."""

PATIENCE = 10
"""Times the task's step budget that a run may go on without spoiling its answer."""


@compiled
def count_wrong(
    machine: Machine, examples: Examples, steps: Integers, at_end: Integers, at_best: Integers
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


def find_wrong(machine: Machine, examples: Examples, steps: Integers) -> tuple[Integers, Integers]:
    """Which examples are not right when ``steps`` are over, and which were right at no moment."""
    at_end, at_best = np.zeros((2, len(examples.size)), dtype=np.int64)
    count_wrong(machine, examples, steps, at_end, at_best)
    return np.flatnonzero(at_end), np.flatnonzero(at_best)


def passes(table: Table, task: Task, generator: torch.Generator) -> bool:
    """Whether a program is exact on fresh examples far beyond what a search has looked at.

    Complexities reach ``REACH`` times the largest of training, memories three times the size
    needed; small complexities also come in memories that just hold them. The answer must stand
    when the task's step budget is spent, and still stand after ``PATIENCE`` times that.
    """
    largest = task.largest_training_complexity
    parts = [(1, reach * largest) for reach in REACH] + [(n, n) for n in range(1, largest)]
    for lowest, highest in parts:
        examples = draw_examples(task, lowest, highest, EXAMPLES, generator)
        runner = machine(table, 1, examples.memory.shape[1])
        budget = budget_steps(task, examples)
        for steps in (budget, PATIENCE * budget):
            if len(find_wrong(runner, examples, steps)[0]) > 0:
                return False
    return True


def budget_steps(task: Task, examples: Examples) -> Integers:
    """The task's step budget for every example, shape (N,)."""
    return task.budget.per_cell * examples.size + task.budget.constant
