"""What a search looks at: a task's examples, drawn once for all starts, which only read them."""

from __future__ import annotations

import torch

from hardmax.trainer.nram.search.evaluation import check
from hardmax.trainer.nram.search.examples import draw_examples
from hardmax.trainer.nram.tasks import Task

POOL = 2048
"""Examples of each level; a chain looks at samples of them."""


FEW = 2
"""Cells that a task answers in when its answer is a number or two."""


class Problem:
    """A task, under one guess of its natural timesteps, and examples of it.

    Attributes:
        complexities: the largest of each level; the last levels are twice and four times what
            training draws up to, where larger examples can be drawn.
        pools: examples of each level, shape (POOL,) all.
        top: the level of the largest training complexity.
        patient: examples of that level, some of them in memories that just hold them, with more
            time than is natural.
        cells: of the largest memory.
        few_outputs: whether no example has more than FEW outputs.
    """

    def __init__(self, task: Task, seed: int) -> None:
        self.task = task
        generator = torch.Generator().manual_seed(seed)
        smallest, largest = task.smallest_complexity, task.largest_training_complexity
        first = min(max(smallest, 2), largest)
        beyond = (2 * largest, 4 * largest) if task.drawn else ()
        self.complexities = [*range(first, largest + 1), *beyond]
        self.top = self.complexities.index(largest)
        self.pools = [
            draw_examples(task, smallest, n, POOL, generator, roomy=n <= largest)
            for n in self.complexities
        ]
        tight = draw_examples(task, smallest, largest, POOL, generator)
        self.patient = tight._replace(steps=tight.steps * 3 // 2 + 4)
        for pool in (*self.pools, self.patient):
            check(pool)
        self.few_outputs = bool((self.patient.output.sum(axis=1) <= FEW).all())
        self.cells = max(pool.memory.shape[1] for pool in (*self.pools, self.patient))
