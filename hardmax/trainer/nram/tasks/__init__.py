"""The ten tasks of the NRAM paper: batched random samples, each with its exact definition."""

from __future__ import annotations

from hardmax.trainer.nram.tasks.registry import LOADED, TASKS, find_task
from hardmax.trainer.nram.tasks.task import Batch, Task

__all__ = ["LOADED", "TASKS", "Batch", "Task", "find_task"]
