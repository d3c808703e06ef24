"""What the compiler knows of Neural Turing Machines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from llvmlite import ir

from hardmax.codegen.header_parts import HeaderParts
from hardmax.codegen.kinds import CodegenKind
from hardmax.codegen.ntm.header import header_parts
from hardmax.codegen.ntm.lower import emit_ntm
from hardmax.codegen.targets import Architecture
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.ntm.program import NtmProgram

_NO_PASSES = (
    "expected a program with a table to explain, found one in which a neural network decides"
)


@dataclass(frozen=True)
class _NtmKind:
    """See :class:`hardmax.codegen.kinds.CodegenKind`."""

    title: str = "a Neural Turing Machine"
    architectures: frozenset[Architecture] = frozenset(Architecture) - {Architecture.NVPTX64}

    def emit(
        self, module: ir.Module, program: NtmProgram, level: int, architecture: Architecture
    ) -> None:
        emit_ntm(module, program)

    def header_parts(self, program: NtmProgram, prefix: str) -> HeaderParts:
        return header_parts(program, prefix)

    def explain(self, program: NtmProgram, level: int) -> str:
        raise HardmaxError(_NO_PASSES)

    def print_after(self, program: NtmProgram, level: int, name: str) -> Iterator[tuple[str, str]]:
        raise HardmaxError(_NO_PASSES)


KIND: CodegenKind[NtmProgram] = _NtmKind()
