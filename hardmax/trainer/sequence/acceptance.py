"""When a discretized NTM counts as exact: the one test that every model must pass."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from hardmax.trainer.decisions import HARD, SOFT, Decisions
from hardmax.trainer.sequence.gradient import run_batch
from hardmax.trainer.sequence.machine import SequenceMachine
from hardmax.trainer.sequence.tasks.task import SequenceTask

SAMPLES = 400
"""Samples from which a mean error is measured."""

SAMPLES_OF_EACH = 2000
"""Samples of each complexity trained on that an exact machine must get right."""

SAMPLES_AT_ONCE = 500

SPARE_ROWS = (0, 7)
"""The memory is larger than needed by each of these, for half of the samples."""

SOFT_TOLERANCE = 0.01
"""Where a task tolerates errors, by how much the discretized one may exceed the soft one."""


@torch.no_grad()
def errors(
    ntm: SequenceMachine,
    task: SequenceTask,
    complexity: int,
    samples: int,
    decisions: Decisions,
    seed: int = 0,
) -> Iterator[Tensor]:
    """Yield the errors, as the task measures them, of samples of one complexity, some at a time.

    Args:
        ntm: a population of one.
        samples: how many in all, in equal parts with each of SPARE_ROWS.
    """
    device = ntm.output.weight.device
    generator = torch.Generator(device).manual_seed(seed)
    for spare in SPARE_ROWS:
        left = samples // len(SPARE_ROWS)
        while left > 0:
            some = min(left, SAMPLES_AT_ONCE)
            batch = task.sample(torch.full((some,), complexity, device=device), generator)
            rows = task.memory.rows(batch.inputs.shape[1]) + spare
            yield run_batch(ntm, task, batch, rows, decisions).error[0]
            left -= some


def mean_error(
    ntm: SequenceMachine,
    task: SequenceTask,
    complexity: int,
    samples: int,
    decisions: Decisions,
    seed: int = 0,
) -> float:
    """The mean of :func:`errors`."""
    return float(torch.cat([*errors(ntm, task, complexity, samples, decisions, seed)]).mean())


def is_exact(ntm: SequenceMachine, task: SequenceTask, seed: int) -> bool:
    """Whether the discretized machine is as good as the task asks, at all sizes it names.

    Where the task tolerates errors, only the largest complexity trained on counts, and the
    discretized machine is to be nearly as good as the soft.

    Args:
        ntm: a population of one.
        seed: of the samples; another for every candidate, or the best of many would only be good
            at these.
    """
    smallest, largest = task.smallest_complexity, task.largest_training_complexity
    sizes = [(n, SAMPLES_OF_EACH) for n in range(smallest, largest + 1)]
    sizes += [(factor * largest, samples) for factor, samples in task.accepted]
    if task.tolerance == 0:
        return not any(
            bool(some.any())
            for n, samples in sizes
            for some in errors(ntm, task, n, samples, HARD, seed)
        )
    soft, hard = (
        mean_error(ntm, task, largest, SAMPLES, decisions, seed) for decisions in (SOFT, HARD)
    )
    return hard <= task.tolerance and hard - soft <= SOFT_TOLERANCE
