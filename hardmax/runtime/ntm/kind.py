"""Neural Turing Machines (Graves, Wayne, Danihelka 2014) whose heads stand at integers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hardmax.runtime.float32 import Floats
from hardmax.runtime.kinds import Interface
from hardmax.runtime.ntm.interpreter import NtmInterpreter, run
from hardmax.runtime.ntm.program import FORMAT, NtmProgram
from hardmax.runtime.sequence.abi import NTM_OPTIONAL, NTM_SIGNATURES
from hardmax.runtime.sequence.kind import SequenceKind
from hardmax.runtime.sequence.metadata import metadata_fields
from hardmax.runtime.sequence.native import NativeNtm
from hardmax.runtime.sequence.result import SequenceResult
from hardmax.runtime.sequence.trace import Trace, one_hot
from hardmax.runtime.shared_library import Library


@dataclass(frozen=True)
class _Ntm:
    interface = Interface.SEQUENCE
    title = "Neural Turing Machine"
    formats = (FORMAT,)
    signatures = NTM_SIGNATURES
    optional = NTM_OPTIONAL

    def program_from_data(self, data: dict[str, Any]) -> NtmProgram:
        return NtmProgram.from_data(data)

    def metadata_fields(self, program: NtmProgram) -> dict[str, Any]:
        return metadata_fields(program)

    def native(self, library: Library) -> NativeNtm:
        return NativeNtm(library)

    def interpret(self, program: NtmProgram, inputs: Floats, rows: int) -> SequenceResult:
        return run(program, inputs, rows)

    def trace(self, program: NtmProgram, inputs: Floats, rows: int) -> Trace:
        interpreter = NtmInterpreter(program, rows)
        steps = [interpreter.step(x[None]) for x in inputs]
        return Trace(
            inputs,
            np.concatenate([step.outputs for step in steps]),
            one_hot(np.concatenate([step.addresses for step in steps]), rows),
            np.concatenate([step.added for step in steps]),
        )

    def sure_steps(self, program: NtmProgram, inputs: Floats, rows: int, margin: float) -> int:
        interpreter = NtmInterpreter(program, rows)
        for number, x in enumerate(inputs):
            if interpreter.step(x[None]).margins.min() < margin:
                return number
        return len(inputs)


KIND: SequenceKind = _Ntm()
