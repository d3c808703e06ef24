"""Programs of the kind ``offset``: add a constant to cell 0, modulo M, and halt."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from hardmax.runtime.abi import SELF_DESCRIPTION, Status
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.kinds import Interface
from hardmax.runtime.memory.kind import MemoryKind
from hardmax.runtime.nram.abi import C_SIGNATURES, RUN, RUN_BATCH
from hardmax.runtime.nram.gates import Gate
from hardmax.runtime.nram.interpreter import Result, Timestep
from hardmax.runtime.nram.native import NativeProgram
from hardmax.runtime.nram.program import Metadata, StepBudget
from hardmax.runtime.shared_library import Library

FORMAT = "offset-program"
BUDGET = StepBudget(per_cell=0, constant=1)
CHOICES = 8
"""The constant is one of 0..7."""

SIGNATURES = {**{name: C_SIGNATURES[name] for name in (RUN, RUN_BATCH)}, **SELF_DESCRIPTION}


@dataclass(frozen=True)
class OffsetProgram:
    """The whole machine: its constant."""

    kind: ClassVar[str] = "offset"
    registers: ClassVar[int] = 0
    constant: int
    metadata: Metadata

    def to_json(self) -> str:
        metadata = self.metadata
        return json.dumps(
            {
                "format": FORMAT,
                "task": metadata.task,
                "constant": self.constant,
                "trained_complexity": metadata.trained_complexity,
                "model_hash": metadata.model_hash,
            }
        )

    def facts(self) -> Iterator[tuple[str, object]]:
        yield "constant", self.constant

    def _repr_svg_(self) -> str | None:
        return None


class _Offset:
    interface = Interface.MEMORY
    title = "machine that adds a constant"
    formats = (FORMAT,)
    signatures = SIGNATURES
    optional = ()

    def program_from_data(self, data: dict[str, Any]) -> OffsetProgram:
        constant = data.get("constant")
        if type(constant) is not int or not 0 <= constant < CHOICES:
            raise HardmaxError(f"expected a constant 0..{CHOICES - 1}, found {constant!r:.40}")
        try:
            origin = data["task"], BUDGET, data["trained_complexity"], data["model_hash"]
        except KeyError as error:
            raise HardmaxError(f"expected a field {error}") from None
        return OffsetProgram(constant, Metadata(*origin))

    def metadata_fields(self, program: OffsetProgram) -> dict[str, Any]:
        return {"constant": program.constant}

    def native(self, library: Library) -> NativeProgram:
        return NativeProgram(library)

    def interpret(self, program: OffsetProgram, memory: Sequence[int], max_steps: int) -> Result:
        cells, size = list(memory), len(memory)
        if max_steps == 0:
            return Result(tuple(cells), 0, Status.STEP_LIMIT)
        if cells[0] >= size:
            return Result(tuple(cells), 0, Status.VALUE_OUT_OF_RANGE)
        cells[0] = (cells[0] + program.constant) % size
        return Result(tuple(cells), 1, Status.HALTED)

    def trace(
        self, program: OffsetProgram, memory: Sequence[int], max_steps: int
    ) -> Iterator[Timestep]:
        result = self.interpret(program, memory, max_steps)
        if result.halted:
            written = (Gate.WRITE, (0, result.memory[0]))
            yield Timestep(tuple(memory), (), 0, 0, ((Gate.READ, (0,)), written))

    def most_reads(self, program: OffsetProgram) -> int:
        return 1


KIND: MemoryKind = _Offset()
