"""Input-output examples of a task in the form that the kernel runs."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from trainer.search.kernel import Examples, Integers
from trainer.tasks import Batch, Task

SIZES = 8
"""How many memory sizes, from just enough to three times that, a set of examples is spread over."""


def draw_examples(
    task: Task, smallest: int, largest: int, count: int, generator: torch.Generator
) -> Examples:
    """``count`` examples of complexities smallest..largest, each as likely as any other.

    Memories are from just large enough for the largest complexity to three times that.
    """
    minimum = task.minimum_size(largest)
    sizes = torch.linspace(minimum, 3 * minimum, SIZES).round().long().tolist()
    batches = []
    for size, share in zip(sizes, np.array_split(np.arange(count), SIZES), strict=True):
        if len(share) > 0:
            complexity = torch.randint(smallest, largest + 1, (len(share),), generator=generator)
            batches.append(task.sample(complexity, size, generator))
    return join(batches)


def subset(examples: Examples, number: Integers) -> Examples:
    """The examples of those numbers, in that order; a number may come more than once."""
    return Examples(
        memory=examples.memory[number],
        size=examples.size[number],
        steps=examples.steps[number],
        expected=examples.expected[number],
        output=examples.output[number],
        judged=examples.judged[number],
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
        judged=output.sum(axis=1),
        wrong=wrong.astype(np.int64),
    )
