"""Machines with stacks, queues and deques under a finite control."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hardmax.runtime.kinds import Interface
from hardmax.runtime.shared_library import Library
from hardmax.runtime.stack.interpreter import run, trace
from hardmax.runtime.stack.program import FORMAT, StackProgram
from hardmax.runtime.symbols.abi import STACK_SIGNATURES
from hardmax.runtime.symbols.interface import Symbols
from hardmax.runtime.symbols.kind import SymbolKind
from hardmax.runtime.symbols.metadata import metadata_fields
from hardmax.runtime.symbols.native import NativeStack
from hardmax.runtime.symbols.result import SymbolResult
from hardmax.runtime.symbols.trace import SymbolStep


@dataclass(frozen=True)
class _Stack:
    interface = Interface.SYMBOLS
    title = "stack machine"
    formats = (FORMAT,)
    signatures = STACK_SIGNATURES
    optional = ()

    def program_from_data(self, data: dict[str, Any]) -> StackProgram:
        return StackProgram.from_data(data)

    def metadata_fields(self, program: StackProgram) -> dict[str, Any]:
        return metadata_fields(program)

    def native(self, library: Library) -> NativeStack:
        return NativeStack(library)

    def interpret(self, program: StackProgram, symbols: Symbols, capacity: int) -> SymbolResult:
        return run(program, symbols, capacity)

    def trace(self, program: StackProgram, symbols: Symbols, capacity: int) -> Iterator[SymbolStep]:
        return trace(program, symbols, capacity)


KIND: SymbolKind = _Stack()
