"""The same sequence machine in all its forms, run in one way: what verification compares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from hardmax.runtime.float32 import Floats
from hardmax.runtime.sequence.interface import SequenceProgram
from hardmax.runtime.sequence.kind import SequenceKind, find_sequence_kind
from hardmax.runtime.sequence.native import NativeNtm
from hardmax.runtime.sequence.result import SequenceResult
from hardmax.trainer.decisions import Decisions
from hardmax.trainer.sequence.model import SequenceModel
from hardmax.trainer.sequence.tasks.task import SequenceBatch


@dataclass(frozen=True, eq=False)
class SequenceMachines:
    """A trained machine, the program extracted from it, and code that claims to be the same."""

    model: SequenceModel
    program: SequenceProgram
    native: NativeNtm

    @property
    def kind(self) -> SequenceKind:
        """The kind of the program."""
        return find_sequence_kind(self.program.kind)

    def interpreted(self, inputs: Floats, rows: int) -> SequenceResult:
        """Run the program in the reference interpreter, whatever the inputs are."""
        result: SequenceResult = self.kind.interpret(self.program, inputs, rows)
        return result

    def model_outputs(self, batch: SequenceBatch, rows: int, decisions: Decisions) -> torch.Tensor:
        """[K, T, V']: probabilities of the trained machine."""
        return self.model.outputs(batch.inputs, rows, decisions)

    def native_outputs(self, batch: SequenceBatch, rows: int) -> torch.Tensor:
        """[K, T, V']: probabilities of native code."""
        results = [self.native.execute(inputs, rows) for inputs in batch.inputs.numpy()]
        return torch.from_numpy(np.stack([result.outputs for result in results]))
