"""Which examples a program gets wrong."""

from __future__ import annotations

import numpy as np

from hardmax.trainer.nram.search.evaluation import (
    NO_LIMIT,
    RUN,
    Sample,
    evaluate,
    packed,
    weights,
)
from hardmax.trainer.nram.search.kernel import Examples, Integers, TableMachine
from hardmax.trainer.nram.tasks import Task

AT_END, HALTING = weights(best=0.0), weights(best=0.0, idle=1.0)
"""Weights that count wrong cells at the end only; runs that do not halt only."""


def count_wrong(
    machine: TableMachine, examples: Examples, steps: Integers
) -> tuple[Integers, Integers]:
    """Run every example for at most its ``steps``.

    Returns:
        The number of wrong cells at the end of each run, shape (N,), and the fewest there were
        after any timestep.
    """
    sample = packed(examples, steps)
    evaluate(machine, sample, AT_END, NO_LIMIT)
    return _lanes(sample, sample.at_end), _lanes(sample, sample.at_best)


def all_right(machine: TableMachine, examples: Examples, steps: Integers) -> bool:
    """Whether every example is right when its ``steps`` are over; looks no further than need be."""
    return evaluate(machine, packed(examples, steps), AT_END, 0) == 0


def all_halt(machine: TableMachine, examples: Examples, steps: Integers) -> bool:
    """Whether every run halts within its ``steps``; looks no further than need be."""
    return evaluate(machine, packed(examples, steps), HALTING, 0) == 0


def count_idle(machine: TableMachine, examples: Examples, steps: Integers) -> int:
    """How many runs do not halt within their ``steps``."""
    return evaluate(machine, packed(examples, steps), HALTING, NO_LIMIT) // (HALTING.idle * RUN)


def count_timesteps(machine: TableMachine, examples: Examples, steps: Integers) -> Integers:
    """How many timesteps every run takes, at most its ``steps``."""
    sample = packed(examples, steps)
    evaluate(machine, sample, HALTING, NO_LIMIT)
    return _lanes(sample, sample.taken)


def find_wrong(machine: TableMachine, sample: Sample) -> tuple[Integers, Integers]:
    """Which runs are not right when their time is over, and which were right at no moment."""
    evaluate(machine, sample, AT_END, NO_LIMIT)
    at_end, at_best = _lanes(sample, sample.at_end), _lanes(sample, sample.at_best)
    return np.flatnonzero(at_end), np.flatnonzero(at_best)


def find_unfinished(machine: TableMachine, sample: Sample) -> Integers:
    """Which runs are not right when their time is over, or have not halted by then."""
    evaluate(machine, sample, AT_END, NO_LIMIT)
    halted = np.unpackbits(sample.halted.view(np.uint8), bitorder="little")
    return np.flatnonzero((_lanes(sample, sample.at_end) > 0) | (_lanes(sample, halted) == 0))


def _lanes(sample: Sample, values: Integers) -> Integers:
    """The values of lanes that are not empty, shape (N,)."""
    return values.ravel()[: sample.runs[0]]


def budget_steps(task: Task, examples: Examples) -> Integers:
    """The task's step budget for every example, shape (N,)."""
    steps: Integers = task.budget.steps(examples.size)
    return steps
