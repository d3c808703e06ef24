"""What a search looks at: a task's examples, drawn once for all starts, which only read them."""

from __future__ import annotations

import torch

from hardmax.trainer.nram.search.evaluation import check
from hardmax.trainer.nram.search.examples import draw_examples
from hardmax.trainer.nram.tasks import Task

POOL = 2048
"""Examples of each level; a chain looks at samples of them."""


class Problem:
    """A task, under one guess of its natural timesteps, and examples of it.

    Attributes:
        complexities: the largest of each level; the last level is twice what training draws up to.
        pools: examples of each level, shape (POOL,) all.
        top: the level of the largest training complexity.
        patient: examples of that level, some of them in memories that just hold them, with more
            time than is natural.
        cells: of the largest memory.
    """

    def __init__(self, task: Task, seed: int) -> None:
        self.task = task
        generator = torch.Generator().manual_seed(seed)
        smallest, largest = task.smallest_complexity, task.largest_training_complexity
        first = min(max(smallest, 2), largest)
        self.complexities = [*range(first, largest + 1), 2 * largest]
        self.top = self.complexities.index(largest)
        self.pools = [
            draw_examples(task, smallest, n, POOL, generator, roomy=n <= largest)
            for n in self.complexities
        ]
        tight = draw_examples(task, smallest, largest, POOL, generator)
        self.patient = tight._replace(steps=tight.steps * 3 // 2 + 4)
        for pool in (*self.pools, self.patient):
            check(pool)
        self.cells = max(pool.memory.shape[1] for pool in (*self.pools, self.patient))
