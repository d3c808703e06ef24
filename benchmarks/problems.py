"""The inputs that are measured: samples of the tasks, drawn from one seed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch

from benchmarks.native import Memory, Problem
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.nram.programs import RamProgram
from hardmax.trainer.nram.tasks import Task

STEPS_AT_ONCE = 100_000
"""Timesteps between two looks at the clock, at least, where the input can be restored cheaply."""

FEW_CELLS = 8
"""So many cells are restored between two calls; more are restored before the clock starts."""


def sample(task: Task, complexity: int, size: int | None = None, seed: int = 0) -> Memory:
    """The longest of eight samples of a task, uint32 of shape (M,).

    Args:
        size: M; by default the smallest memory that holds the complexity.
    """
    size = size or task.minimum_size(complexity)
    generator = torch.Generator().manual_seed(seed)
    batch = task.sample(torch.full((8,), complexity), size, generator)
    longest = int(batch.timesteps.argmax())
    return batch.inputs[longest].numpy().astype(np.uint32)


def largest_complexity(task: Task, size: int) -> int:
    """The largest complexity whose samples all fit into ``size`` cells."""
    return max(n for n in range(1, size) if task.minimum_size(n) <= size)


def problem(memory: Memory, steps: int, answers: Iterable[Memory]) -> Problem:
    """A problem that a program solves in ``steps`` timesteps, with what is left in the memory."""
    changed = np.zeros(len(memory), dtype=np.bool_)
    for answer in answers:
        changed |= answer != memory
    undo = np.flatnonzero(changed).astype(np.uint32)
    if len(undo) > FEW_CELLS:
        return Problem(memory, undo[:0], calls=1)
    return Problem(memory, undo, max(1, STEPS_AT_ONCE // steps))


def check(task: Task, memory: Memory, answer: Memory, who: str) -> None:
    """See that an answer is the task's own.

    Raises:
        HardmaxError: it is not; names the first wrong cell.
    """
    for cell, value in task.solve(memory.tolist()).items():
        if answer[cell] != value:
            raise HardmaxError(
                f"{task.name} in a memory of {len(memory)}: {who} left {answer[cell]} in cell "
                f"{cell}, expected {value}"
            )


def find_program(folder: Path, task: Task) -> Path | None:
    """A task's model, or the text of its program, in a folder; None where there is neither."""
    for extension in (".pt", ".json"):
        path = folder / f"{task.name}{extension}"
        if path.exists():
            return path
    return None


def budget(program: RamProgram, memory: Memory) -> int:
    """The timesteps that a program may take on a memory."""
    return program.metadata.budget.steps(len(memory))
