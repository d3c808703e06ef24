"""The same stack machine in all its forms, run in one way: what verification compares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from hardmax.runtime.kinds import find_kind
from hardmax.runtime.symbols.interface import SymbolProgram, enough_cells
from hardmax.runtime.symbols.native import NativeStack
from hardmax.runtime.symbols.result import SymbolResult
from hardmax.trainer.decisions import Decisions
from hardmax.trainer.stack.model import StackModel
from hardmax.trainer.stack.tasks.task import SymbolBatch


@dataclass(frozen=True, eq=False)
class SymbolMachines:
    """A trained machine, the program extracted from it, and code that claims to be the same."""

    model: StackModel
    program: SymbolProgram
    native: NativeStack

    def interpreted(self, symbols: Sequence[int], capacity: int) -> SymbolResult:
        """Run the program in the reference interpreter, whatever the symbols are."""
        given = np.array(symbols, dtype=np.int64)
        result: SymbolResult = find_kind(self.program.kind).interpret(self.program, given, capacity)
        return result

    def compiled(self, symbols: Sequence[int], capacity: int) -> SymbolResult:
        """Run native code, whatever the symbols are."""
        return self.native.execute(np.array(symbols, dtype=np.int64), capacity)

    def model_answers(self, symbols: Sequence[int], decisions: Decisions) -> list[int]:
        """What the trained machine answers."""
        if not symbols:
            return []
        answers: list[int] = self.model.answers(torch.tensor([symbols]), decisions)[0].tolist()
        return answers

    def native_answers(self, batch: SymbolBatch) -> torch.Tensor:
        """int64 [K, T]: what native code answers."""
        rows: list[Any] = batch.inputs.tolist()
        capacity = enough_cells(self.program, batch.inputs.shape[1])
        answers = torch.full_like(batch.inputs, -1)
        for number, result in enumerate(self.native.run_batch(rows, capacity)):
            answers[number, : result.steps] = torch.from_numpy(result.outputs)
        return answers
