"""What verification draws: memories of any contents, and inputs of a task."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from hypothesis import strategies as st

from hardmax.trainer.nram.tasks import Task

SIZE_FACTOR = 3
"""Largest memory of a task input, as a multiple of what its complexity just needs."""


@dataclass(frozen=True)
class TaskInput:
    """An input of a task and the complexity that it was drawn with."""

    memory: tuple[int, ...]
    complexity: int


@st.composite
def memories(draw: st.DrawFn, max_size: int = 8) -> tuple[int, ...]:
    """M = 1..max_size cells, every one an address: 0..M-1."""
    size = draw(st.integers(1, max_size))
    return draw(st.tuples(*(st.integers(0, size - 1) for _ in range(size))))


@st.composite
def arbitrary_memories(draw: st.DrawFn, max_size: int = 8) -> tuple[int, ...]:
    """M = 1..max_size cells of any uint32, most of them addresses."""
    size = draw(st.integers(1, max_size))
    cell = st.integers(0, size - 1) | st.integers(0, size) | st.integers(0, 2**32 - 1)
    return draw(st.tuples(*(cell for _ in range(size))))


@st.composite
def task_inputs(draw: st.DrawFn, task: Task, max_complexity: int) -> TaskInput:
    """A sample of a task in a memory from just enough to SIZE_FACTOR times as much."""
    complexity = draw(st.integers(task.smallest_complexity, max_complexity))
    smallest = task.minimum_size(complexity)
    size = draw(st.integers(smallest, SIZE_FACTOR * smallest))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**32 - 1)))
    batch = task.sample(torch.tensor([complexity]), size, generator)
    return TaskInput(tuple(batch.inputs[0].tolist()), complexity)
