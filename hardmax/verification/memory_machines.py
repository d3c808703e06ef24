"""The same machine in all its forms, run in one way: what verification compares.

The oracle of this project is here: a compiled program does what the soft model does when each
softmax is replaced by a hardmax.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from torch import Tensor

from hardmax.runtime.kinds import AnyProgram, find_kind
from hardmax.runtime.nram.interpreter import Result
from hardmax.runtime.nram.native import NativeProgram
from hardmax.trainer.nram.tasks import Task


class MemoryModel(Protocol):
    """What verification asks of a trained machine that works on a memory."""

    @property
    def task(self) -> Task:
        """What it computes."""

    def soft_cells(self, memories: Tensor, steps: int) -> Tensor:
        """The most probable value of every cell, int64 [N, M], after soft runs.

        Args:
            memories: int64 [N, M], values 0..M-1, M >= 2.
            steps: T, the timestep at which the output is forced.
        """

    def discretized_cells(self, memories: Tensor, steps: int) -> Tensor:
        """As :meth:`soft_cells`, with every softmax replaced by a hardmax."""

    def discretized(self, memory: Sequence[int], max_steps: int) -> Result:
        """Run with every softmax replaced by a hardmax.

        Args:
            memory: M cells, each 0..M-1.
            max_steps: at least 1.
        """


@dataclass(frozen=True, eq=False)
class Machines:
    """A model, a program extracted from it, and native code that claims to be the same.

    The memories that they run on are never changed.
    """

    model: MemoryModel
    program: AnyProgram
    native_program: NativeProgram

    def native(self, memory: Sequence[int], max_steps: int) -> Result:
        """Run the native code, whatever the cells hold."""
        cells = np.array(memory, dtype=np.uint32)
        status, steps = self.native_program.execute(cells, max_steps)
        return Result(tuple(cells.tolist()), steps, status)

    def interpreted(self, memory: Sequence[int], max_steps: int) -> Result:
        """Run the program in the reference interpreter, whatever the cells hold."""
        result: Any = find_kind(self.program.kind).interpret(self.program, memory, max_steps)
        return Result(tuple(result.memory), result.steps, result.status)

    def discretized(self, memory: Sequence[int], max_steps: int) -> Result:
        """Run the model with every softmax replaced by a hardmax."""
        return self.model.discretized(memory, max_steps)
