"""Runs of machines that answer a sequence: their input, their outputs, their steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hardmax.inputs import sequence_from_words
from hardmax.runtime import notebook
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.kinds import find_kind
from hardmax.runtime.sequence.abi import NTM_STATUS_TEXT
from hardmax.runtime.sequence.interface import checked_inputs, checked_rows
from hardmax.runtime.text import counted

if TYPE_CHECKING:
    from hardmax.interfaces import InterfaceTools, NamedExamples
    from hardmax.runtime.sequence.native import NativeNtm
    from hardmax.runtime.sequence.result import SequenceResult
    from hardmax.verification.sequence import SequenceVerification


@dataclass(frozen=True, eq=False)
class SequenceTrace:
    """A run, every step kept.

    Attributes:
        result: its outputs and addresses.
        head_names: what stood at the addresses, in their order.
    """

    result: SequenceResult
    head_names: tuple[str, ...]

    def __str__(self) -> str:
        headings = ("Step", *self.head_names)
        rows = [_numbers(step) for step in self.result.outputs.tolist()]
        places = [
            (str(t), *map(str, step))
            for t, step in enumerate(self.result.addresses.tolist(), start=1)
        ]
        widths = [max(map(len, column)) for column in zip(headings, *places, strict=True)]
        lines = []
        for words, numbers in zip((headings, *places), ("outputs", *rows), strict=True):
            columns = (f"{word:>{width}}" for word, width in zip(words, widths, strict=True))
            lines.append("  ".join((*columns, numbers)))
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<trace: {self.result.steps} steps, {self.result.status.name}>"

    def _repr_html_(self) -> str:
        return notebook.preformatted(str(self))


class _Sequence:
    """The tools of ``hardmax.interfaces.InterfaceTools`` for this interface."""

    option = "rows"

    def input_from_words(self, program: Any, words: Sequence[str]) -> Any:
        return sequence_from_words(words)

    def interpret(self, program: Any, given: Any, option: int | None) -> SequenceResult:
        inputs = checked_inputs(given, program.input_width)
        rows = program.metadata.memory.rows(len(inputs)) if option is None else option
        result: SequenceResult = find_kind(program.kind).interpret(
            program, inputs, checked_rows(rows)
        )
        return result

    def trace(self, program: Any, given: Any, option: int | None) -> SequenceTrace:
        return SequenceTrace(self.interpret(program, given, option), program.head_names)

    def native_trace(
        self, native: NativeNtm, program: Any, given: Any, option: int | None
    ) -> SequenceTrace:
        return SequenceTrace(native.run(given, option), program.head_names)

    def outcome(self, given: Any, result: SequenceResult) -> str:
        return f"{counted(len(given), 'step')}: {NTM_STATUS_TEXT[result.status]}"

    def lines(self, program: Any, result: SequenceResult) -> Iterator[str]:
        """The outputs, a line for each step."""
        return map(_numbers, result.outputs.tolist())

    def verification(
        self, model: Any, program: Any, native: NativeNtm, examples: NamedExamples = ()
    ) -> SequenceVerification:
        if examples:
            raise HardmaxError("expected a machine that works on a memory for examples of memories")
        from hardmax.verification.sequence import SequenceVerification
        from hardmax.verification.sequence_machines import SequenceMachines

        return SequenceVerification(SequenceMachines(model, program, native))


TOOLS: InterfaceTools = _Sequence()


def _numbers(step: Sequence[float]) -> str:
    return " ".join(f"{number:.4f}" for number in step)
