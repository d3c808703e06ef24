"""Input-output examples of a task in the form that the kernel runs."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hardmax.trainer.nram.search.kernel import Examples, Integers
from hardmax.trainer.nram.tasks import Batch, Task

SIZE_FACTORS = (1.0, 1.3, 2.0, 3.0)
"""Memory sizes, as multiples of what a complexity just needs: a program may depend on no slack."""


def draw_examples(
    task: Task,
    smallest: int,
    largest: int,
    count: int,
    generator: torch.Generator,
    roomy: bool = False,
) -> Examples:
    """``count`` examples, smallest complexity first, evenly over smallest..largest and sizes.

    Args:
        roomy: memories have room for the largest complexity; else some just hold their example.
    """
    kinds = list(product(range(smallest, largest + 1), SIZE_FACTORS))
    batches = []
    for (complexity, factor), share in zip(
        kinds, np.array_split(np.arange(count), len(kinds)), strict=True
    ):
        if len(share) > 0:
            size = round(factor * task.minimum_size(largest if roomy else complexity))
            batches.append(task.sample(torch.full((len(share),), complexity), size, generator))
    return join(batches)


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
