"""Neural Random-Access Machines (Kurach, Andrychowicz, Sutskever 2016): programs on a memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from hardmax.runtime.kinds import Interface
from hardmax.runtime.memory.kind import MemoryKind
from hardmax.runtime.nram import lstm, program
from hardmax.runtime.nram.abi import C_SIGNATURES, OPTIONAL
from hardmax.runtime.nram.gates import Gate
from hardmax.runtime.nram.interpreter import Result, Timestep, run, trace
from hardmax.runtime.nram.lstm import RecurrentProgram
from hardmax.runtime.nram.metadata import metadata_fields
from hardmax.runtime.nram.native import NativeProgram
from hardmax.runtime.nram.program import Program
from hardmax.runtime.nram.programs import RamProgram
from hardmax.runtime.shared_library import Library


@dataclass(frozen=True)
class _Nram:
    interface = Interface.MEMORY
    title = "Neural Random-Access Machine"
    formats = (program.FORMAT, lstm.FORMAT)
    signatures = C_SIGNATURES
    optional = OPTIONAL

    def program_from_data(self, data: dict[str, Any]) -> RamProgram:
        if data["format"] == lstm.FORMAT:
            return RecurrentProgram.from_data(data)
        return Program.from_data(data)

    def metadata_fields(self, program: RamProgram) -> dict[str, Any]:
        return metadata_fields(program)

    def native(self, library: Library) -> NativeProgram:
        return NativeProgram(library)

    def interpret(self, program: RamProgram, memory: Sequence[int], max_steps: int) -> Result:
        return run(program, memory, max_steps)

    def trace(
        self, program: RamProgram, memory: Sequence[int], max_steps: int
    ) -> Iterator[Timestep]:
        return trace(program, memory, max_steps)

    def most_reads(self, program: RamProgram) -> int:
        if isinstance(program, RecurrentProgram):
            return program.modules.count(Gate.READ)
        return max(
            sum(operation.gate is Gate.READ for operation in circuit.operations)
            for circuit in program.circuits()
        )


KIND: MemoryKind = _Nram()
