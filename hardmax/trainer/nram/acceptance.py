"""When a discretized machine counts as exact: the one test that every found program must pass."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from hardmax.runtime.memory.held_against import OVERTIME, halting
from hardmax.trainer.nram.search.examples import join
from hardmax.trainer.nram.search.judge import (
    all_halt,
    all_right,
    budget_steps,
    count_idle,
    count_timesteps,
)
from hardmax.trainer.nram.search.kernel import Examples, table_machine
from hardmax.trainer.nram.search.table import Table
from hardmax.trainer.nram.tasks import Task

SAMPLES = 2_000
"""Examples in all, as many of every complexity and memory size."""

ACCEPTANCE_SEED = 1511_06392


def acceptance_examples(task: Task) -> Examples:
    """Fixed examples of complexities 1..50 in memories from just enough to three times as much.

    Of a task that is given by examples these are its own, the held-out ones among them.
    """
    return join(task.acceptance_batches(SAMPLES, torch.Generator().manual_seed(ACCEPTANCE_SEED)))


def is_exact(task: Task, table: Table, examples: Examples) -> bool:
    """Whether a table makes no mistake in its step budget, and none in ten times as many steps.

    Args:
        examples: as :func:`acceptance_examples` draws them.
    """
    built = table_machine(table, 1, examples.memory.shape[1])
    budget = budget_steps(task, examples)
    return all(all_right(built, examples, budget * factor) for factor in (1, OVERTIME))


def halting_of(task: Task, table: Table, examples: Examples) -> str:
    """In words, whether a table halts by itself in the task's step budget."""
    built = table_machine(table, 1, examples.memory.shape[1])
    runs = len(examples.size)
    return halting(runs - count_idle(built, examples, budget_steps(task, examples)), runs)


def timed(task: Task, table: Table, examples: Examples) -> Task:
    """A task with a step budget for an exact table, where its author does not say what it takes."""
    built = table_machine(table, 1, examples.memory.shape[1])
    budget = budget_steps(task, examples)
    if not all_halt(built, examples, budget):
        return task
    return task.observed(count_timesteps(built, examples, budget).tolist())


def reached_rows(task: Task, table: Table, examples: Examples) -> NDArray[np.bool_]:
    """bool [2^R]: the rows of an exact table that its runs of the examples use."""
    built = table_machine(table, 1, examples.memory.shape[1])
    all_right(built, examples, budget_steps(task, examples))
    return built.visited.copy()
