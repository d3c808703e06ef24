"""What the compiler knows of stack machines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from llvmlite import ir

from hardmax.codegen.header_parts import HeaderParts
from hardmax.codegen.kinds import CodegenKind
from hardmax.codegen.stack.header import header_parts
from hardmax.codegen.stack.lower import emit_stack
from hardmax.codegen.stack.table import Table, with_states
from hardmax.codegen.targets import Architecture
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.stack.program import StackProgram
from hardmax.runtime.text import counted


@dataclass(frozen=True)
class _StackKind:
    """See :class:`hardmax.codegen.kinds.CodegenKind`."""

    title: str = "a stack machine"
    architectures: frozenset[Architecture] = frozenset(Architecture) - {Architecture.NVPTX64}

    def emit(
        self, module: ir.Module, program: StackProgram, level: int, architecture: Architecture
    ) -> None:
        emit_stack(module, program)

    def header_parts(self, program: StackProgram, prefix: str) -> HeaderParts:
        return header_parts(program, prefix)

    def explain(self, program: StackProgram, level: int) -> str:
        table = Table.of(program)
        size = f"{len(table.entries)} entries and {len(table.leaves)} leaves"
        cell = 1 if program.symbols < 256 else 2
        state = "the state, " if with_states(program) else ""
        return (
            f"a step looks up: the symbol, {state}{counted(program.cells_read, 'cell')}\n"
            f"table: {counted(len(program.rows), 'row')} in {size}\n"
            f"cells: {counted(cell, 'byte')} each, in {', '.join(program.structure_names)}\n"
        )

    def print_after(
        self, program: StackProgram, level: int, name: str
    ) -> Iterator[tuple[str, str]]:
        raise HardmaxError("expected a program that passes work on, found a stack machine's table")


KIND: CodegenKind[StackProgram] = _StackKind()
