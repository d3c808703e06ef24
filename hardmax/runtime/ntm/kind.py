"""Neural Turing Machines (Graves, Wayne, Danihelka 2014) whose heads stand at integers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hardmax.runtime.float32 import Floats
from hardmax.runtime.kinds import Interface, ProgramKind
from hardmax.runtime.ntm.interpreter import run
from hardmax.runtime.ntm.program import FORMAT, NtmProgram
from hardmax.runtime.sequence.abi import NTM_OPTIONAL, NTM_SIGNATURES
from hardmax.runtime.sequence.metadata import metadata_fields
from hardmax.runtime.sequence.native import NativeNtm
from hardmax.runtime.sequence.result import SequenceResult
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


KIND: ProgramKind = _Ntm()
