"""When a discretized NTM counts as exact: the one test that every model must pass."""

from __future__ import annotations

import torch

from trainer.decisions import HARD, SOFT, Decisions
from trainer.ntm.gradient import run_batch
from trainer.ntm.machine import Ntm
from trainer.ntm.tasks import NtmTask

SAMPLES = 400
"""Samples of every complexity trained on together, and as many of every larger one."""

SAMPLES_AT_ONCE = 100

SPARE_ROWS = (0, 7)
"""The memory is larger than needed by each of these."""

ACCEPTANCE_SEED = 1410_5401


@torch.no_grad()
def mean_error(
    ntm: Ntm, task: NtmTask, complexity: int, samples: int, decisions: Decisions, seed: int = 0
) -> float:
    """The error, as the task measures it, in samples of one complexity.

    Args:
        ntm: a population of one.
        samples: how many; in equal parts with each of SPARE_ROWS.
    """
    device = ntm.output.weight.device
    generator = torch.Generator(device).manual_seed(seed)
    total, count = 0.0, 0
    for spare in SPARE_ROWS:
        left = samples // len(SPARE_ROWS)
        while left > 0:
            some = min(left, SAMPLES_AT_ONCE)
            batch = task.sample(torch.full((some,), complexity, device=device), generator)
            rows = task.memory.rows(batch.inputs.shape[1]) + spare
            total += float(run_batch(ntm, task, batch, rows, decisions).error.sum())
            count += some
            left -= some
    return total / count


def is_exact(ntm: Ntm, task: NtmTask) -> bool:
    """Whether the discretized machine is as good as the task asks, at all sizes it names.

    Its error is to be within the task's tolerance, and that of the soft one by as little.

    Args:
        ntm: a population of one.
    """
    smallest, largest = task.smallest_complexity, task.largest_training_complexity
    each = max(2, SAMPLES // (largest - smallest + 1))
    sizes = [(n, each) for n in range(smallest, largest + 1)]
    sizes += [(n, SAMPLES) for n in task.accepted_complexities]
    for complexity, samples in sizes:
        error = mean_error(ntm, task, complexity, samples, HARD, ACCEPTANCE_SEED)
        if error > task.tolerance:
            return False
    if task.tolerance == 0:
        return True
    hard, soft = (
        mean_error(ntm, task, largest, SAMPLES, decisions, ACCEPTANCE_SEED)
        for decisions in (HARD, SOFT)
    )
    return hard - soft <= SOFT_TOLERANCE


SOFT_TOLERANCE = 0.01
"""Where a task tolerates errors, by how much the discretized one may exceed the soft one."""
