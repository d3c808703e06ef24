"""The ten tasks of the NRAM paper: batched random samples, each with its exact definition."""

from __future__ import annotations

from trainer.tasks.registry import TASKS, find_task
from trainer.tasks.task import Batch, Task

__all__ = ["TASKS", "Batch", "Task", "find_task"]
