"""Runs of machines that answer symbols: their input, their outputs, their steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hardmax.inputs import symbols_from_words
from hardmax.runtime import notebook
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.kinds import find_kind
from hardmax.runtime.symbols.abi import STACK_STATUS_TEXT
from hardmax.runtime.symbols.interface import checked_capacity, checked_symbols, enough_cells
from hardmax.runtime.symbols.kind import find_symbol_kind
from hardmax.runtime.text import counted

if TYPE_CHECKING:
    from hardmax.interfaces import InterfaceTools, NamedExamples
    from hardmax.runtime.symbols.interface import Symbols
    from hardmax.runtime.symbols.native import NativeStack
    from hardmax.runtime.symbols.result import SymbolResult
    from hardmax.runtime.symbols.trace import SymbolStep
    from hardmax.verification.symbols import SymbolVerification

SHOWN_CELLS = 12
"""Cells of a structure that a trace shows, those nearest to its top."""


@dataclass(frozen=True, eq=False)
class SymbolTrace:
    """A run, every step kept.

    Attributes:
        result: its outputs.
        steps: what the steps did.
        program: what was run.
    """

    result: SymbolResult
    steps: tuple[SymbolStep, ...]
    program: Any

    def __str__(self) -> str:
        program = self.program
        structures = program.structure_names
        table = [
            ("Step", "input", "state", "output"),
            *(
                (
                    str(number),
                    program.alphabet[step.symbol],
                    str(step.state),
                    program.output_alphabet[step.output],
                )
                for number, step in enumerate(self.steps, start=1)
            ),
        ]
        beside = [
            [text for name in structures for text in (name, "operation")],
            *(
                [
                    text
                    for held, operation in zip(step.structures, step.operations, strict=True)
                    for text in (_cells(held), operation)
                ]
                for step in self.steps
            ),
        ]
        left, right = (
            [max(map(len, column)) for column in zip(*rows, strict=True)]
            for rows in (table, beside)
        )
        return "\n".join(
            "  ".join(
                [
                    *(word.rjust(width) for word, width in zip(numbers, left, strict=True)),
                    *(word.ljust(width) for word, width in zip(contents, right, strict=True)),
                ]
            ).rstrip()
            for numbers, contents in zip(table, beside, strict=True)
        )

    def __repr__(self) -> str:
        return f"<trace: {self.result.steps} steps, {self.result.status.name}>"

    def _repr_html_(self) -> str:
        return notebook.preformatted(str(self))


def _cells(held: Sequence[int]) -> str:
    """What a structure holds, its bottom first; dots where there is more."""
    shown = " ".join(map(str, held[-SHOWN_CELLS:]))
    return f"... {shown}" if len(held) > SHOWN_CELLS else shown


class _Symbols:
    """The tools of ``hardmax.interfaces.InterfaceTools`` for this interface."""

    option = "capacity"

    def input_from_words(self, program: Any, words: Sequence[str]) -> Any:
        return symbols_from_words(words, program.alphabet)

    def interpret(self, program: Any, given: Any, option: int | None) -> SymbolResult:
        result: SymbolResult = find_kind(program.kind).interpret(
            program, *_checked(program, given, option)
        )
        return result

    def trace(self, program: Any, given: Any, option: int | None) -> SymbolTrace:
        return _traced(program, given, option, self.interpret(program, given, option))

    def native_trace(
        self, native: NativeStack, program: Any, given: Any, option: int | None
    ) -> SymbolTrace:
        return _traced(program, given, option, native.run(given, option))

    def outcome(self, given: Any, result: SymbolResult) -> str:
        done = f"{counted(result.steps, 'step')} of {len(given)}"
        return f"{done}: {STACK_STATUS_TEXT[result.status]}"

    def lines(self, program: Any, result: SymbolResult) -> Iterator[str]:
        """The outputs by name, on one line."""
        yield " ".join(program.output_alphabet[output] for output in result.outputs.tolist())

    def verification(
        self, model: Any, program: Any, native: NativeStack, examples: NamedExamples = ()
    ) -> SymbolVerification:
        if examples:
            raise HardmaxError("expected a machine that works on a memory for examples of memories")
        from hardmax.verification.symbol_machines import SymbolMachines
        from hardmax.verification.symbols import SymbolVerification

        return SymbolVerification(SymbolMachines(model, program, native))


TOOLS: InterfaceTools = _Symbols()


def _checked(program: Any, given: Any, capacity: int | None) -> tuple[Symbols, int]:
    symbols = checked_symbols(given, program.alphabet)
    if capacity is None:
        capacity = enough_cells(program, len(symbols))
    return symbols, checked_capacity(capacity)


def _traced(program: Any, given: Any, option: int | None, result: SymbolResult) -> SymbolTrace:
    steps = find_symbol_kind(program.kind).trace(program, *_checked(program, given, option))
    return SymbolTrace(result, tuple(steps), program)
