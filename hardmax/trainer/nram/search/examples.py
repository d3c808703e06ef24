"""Input-output examples of a task in the form that the kernel runs."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hardmax.trainer.nram.search.kernel import Examples, Integers
from hardmax.trainer.nram.tasks import Batch, Task


def draw_examples(
    task: Task,
    smallest: int,
    largest: int,
    count: int,
    generator: torch.Generator,
    roomy: bool = False,
) -> Examples:
    """The samples that :meth:`hardmax.trainer.nram.tasks.Task.batches` draws."""
    return join(task.batches(smallest, largest, count, generator, roomy))


def subset(examples: Examples, number: Integers) -> Examples:
    """The examples of those numbers, in that order; a number may come more than once."""
    return Examples(
        memory=examples.memory[number],
        size=examples.size[number],
        steps=examples.steps[number],
        expected=examples.expected[number],
        output=examples.output[number],
        wrong=examples.wrong[number],
    )


def join(batches: list[Batch]) -> Examples:
    """Batches of different memory sizes as one set of examples; the time allowed is natural."""
    cells = max(batch.inputs.shape[1] for batch in batches)

    def padded(tensors: list[Tensor]) -> NDArray[Any]:
        return np.concatenate(
            [np.pad(t.numpy(), ((0, 0), (0, cells - t.shape[1]))) for t in tensors]
        )

    memory = padded([batch.inputs for batch in batches])
    expected = padded([batch.expected for batch in batches])
    output = padded([batch.output for batch in batches])
    wrong = ((memory != expected) & output).sum(axis=1)
    return Examples(
        memory=memory,
        size=np.concatenate([np.full(len(b.inputs), b.inputs.shape[1]) for b in batches]),
        steps=np.concatenate([batch.timesteps.numpy() for batch in batches]),
        expected=expected,
        output=output,
        wrong=wrong.astype(np.int64),
    )
