"""When a discretized machine counts as exact: the one test that every found program must pass."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from trainer.search.examples import join
from trainer.search.kernel import LANES, Examples, Integers, machine, run_lanes
from trainer.search.table import Table
from trainer.tasks import Task

ACCEPTED_COMPLEXITY = 50
"""A program is tried on every complexity up to this, the paper's largest."""

SIZE_FACTORS = (1.0, 1.3, 2.0, 3.0)
"""Memory sizes, as multiples of what the complexity just needs."""

SAMPLES_EACH = 10
"""Examples for each complexity and size: 2,000 in all."""

OVERTIME = 10
"""The result must be the same with this many times the step budget: it stopped, or idles."""

ACCEPTANCE_SEED = 1511_06392


def acceptance_examples(task: Task) -> Examples:
    """Fixed examples of complexities 1..50 in memories from just enough to three times as much."""
    generator = torch.Generator().manual_seed(ACCEPTANCE_SEED)
    batches = []
    for complexity in range(task.smallest_complexity, ACCEPTED_COMPLEXITY + 1):
        n = torch.full((SAMPLES_EACH,), complexity)
        for factor in SIZE_FACTORS:
            size = round(factor * task.minimum_size(complexity))
            batches.append(task.sample(n, size, generator))
    return join(batches)


def wrong_cells(table: Table, examples: Examples, steps: Integers) -> NDArray[np.int64]:
    """Output cells that a table leaves wrong in every example, shape (N,).

    Args:
        steps: timesteps after which each run is stopped, shape (N,).
    """
    built = machine(table, 1, examples.memory.shape[1])
    wrong = np.zeros(len(steps), dtype=np.int64)
    for start in range(0, len(steps), LANES):
        chosen = np.arange(start, min(start + LANES, len(steps)))
        run_lanes(built, examples, chosen, steps[chosen])
        wrong[chosen] = built.lanes.wrong[: len(chosen)]
    return wrong


def is_exact(task: Task, table: Table, examples: Examples) -> bool:
    """Whether a table makes no mistake in its step budget, and none in ten times as many steps.

    Args:
        examples: as :func:`acceptance_examples` draws them.
    """
    budget = task.budget.per_cell * examples.size + task.budget.constant
    return not any(wrong_cells(table, examples, budget * factor).any() for factor in (1, OVERTIME))
