"""When a discretized stack machine counts as exact, as far as trying tells.

Trying is not enough: a reversal that had passed such a test was wrong on seven symbols. Where a
task has a specification, ``hardmax prove`` decides (docs/proofs.md).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import torch

from hardmax.trainer.stack.discrete import DiscreteController, run
from hardmax.trainer.stack.tasks.task import SymbolBatch, SymbolTask

SAMPLES_OF_EACH = 200
"""Samples of each complexity trained on."""

AT_ONCE = 1000
"""Short inputs that are tried together."""


def acceptance_batches(task: SymbolTask, seed: int) -> Iterator[SymbolBatch]:
    """Yield what a machine must get right, the quickest to try first.

    Samples of every complexity trained on, all short inputs, samples of the multiples of the
    largest complexity that the task names.

    Args:
        seed: of the samples; another for every candidate, or the best of many would only be good at
            these.
    """
    generator = torch.Generator().manual_seed(seed)
    yield trained_samples(task, SAMPLES_OF_EACH, generator)
    inputs = task.short_inputs()
    while some := list(itertools.islice(inputs, AT_ONCE)):
        yield task.batch_of(some)
    for factor, samples in task.accepted:
        complexity = torch.full((samples,), factor * task.largest_training_complexity)
        yield task.sample(complexity, generator)


def trained_samples(task: SymbolTask, of_each: int, generator: torch.Generator) -> SymbolBatch:
    """So many samples of every complexity trained on."""
    complexities = torch.arange(task.smallest_complexity, task.largest_training_complexity + 1)
    return task.sample(complexities.repeat(of_each), generator)


def mistakes(controller: DiscreteController, batch: SymbolBatch) -> int:
    """How many samples of a batch the discretized machine gets wrong."""
    outputs = run(controller, batch.inputs.numpy()).outputs
    return int(batch.wrong(torch.from_numpy(outputs)).any(1).sum())


def passed_batches(
    controller: DiscreteController, task: SymbolTask, seed: int
) -> list[SymbolBatch]:
    """:func:`acceptance_batches` if the discretized machine makes no mistake there; else none."""
    passed = []
    for batch in acceptance_batches(task, seed):
        if mistakes(controller, batch) > 0:
            return []
        passed.append(batch)
    return passed
