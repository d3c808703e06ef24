"""A task of which only a description is left: that of a model whose examples are elsewhere."""

from __future__ import annotations

import torch
from torch import Tensor

from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.nram.program import StepBudget
from hardmax.runtime.task_description import TaskDescription
from hardmax.trainer.nram.tasks.task import Batch, Task


class DescribedTask(Task):
    """A :class:`Task` that says what it is, and draws nothing."""

    largest_training_complexity = 1
    drawn = False

    def __init__(self, name: str, description: TaskDescription, budget: StepBudget) -> None:
        self.title = name
        self.summary = description.summary
        self.budget = budget
        self._description = description

    @property
    def description(self) -> TaskDescription:
        """What a file says of it."""
        return self._description

    def _minimum_size(self, n: int) -> int:
        raise self._absent()

    def _draw(self, n: Tensor, size: int, generator: torch.Generator) -> Batch:
        raise self._absent()

    def _definition(self, memory: list[int]) -> dict[int, int]:
        raise self._absent()

    def _absent(self) -> HardmaxError:
        return HardmaxError(
            f"task {self.name} is no task of hardmax, and what it was trained from is not here"
        )
