"""Runs of programs that work on a memory in place: their input, their outcome, their timesteps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hardmax.inputs import memory_from_words
from hardmax.runtime import notebook
from hardmax.runtime.abi import MAX_STEPS
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.memory.kind import MemoryProgram, find_memory_kind
from hardmax.runtime.nram.abi import STATUS_TEXT
from hardmax.runtime.nram.gates import GATES, Gate
from hardmax.runtime.nram.interpreter import Result, Timestep
from hardmax.runtime.nram.native import NativeProgram, checked_memory
from hardmax.runtime.text import counted

if TYPE_CHECKING:
    from hardmax.interfaces import InterfaceTools, NamedExamples
    from hardmax.verification.memory import MemoryVerification


@dataclass(frozen=True)
class MemoryTrace:
    """A run, every timestep kept.

    Attributes:
        program: what was run.
        timesteps: in order; a timestep that ended the run with an error is not among them.
        result: what the run left.
    """

    program: MemoryProgram
    timesteps: tuple[Timestep, ...]
    result: Result

    def __str__(self) -> str:
        lines = table(self.program, len(self.result.memory), self.timesteps)
        return "\n".join([*lines, *memory_lines(self.result)])

    def __repr__(self) -> str:
        result = self.result
        return f"<trace of {self.program!r}: {result.steps} timesteps, {result.status.name}>"

    def _repr_html_(self) -> str:
        return notebook.preformatted(str(self))


class _Memory:
    """The tools of ``hardmax.interfaces.InterfaceTools`` for this interface."""

    option = "max_steps"

    def input_from_words(self, program: Any, words: Sequence[str]) -> Any:
        return memory_from_words(words)

    def interpret(self, program: MemoryProgram, given: Any, option: int | None) -> Result:
        memory, max_steps = _checked(program, given, option)
        result: Result = find_memory_kind(program.kind).interpret(program, memory, max_steps)
        return result

    def trace(self, program: MemoryProgram, given: Any, option: int | None) -> MemoryTrace:
        memory, max_steps = _checked(program, given, option)
        kind = find_memory_kind(program.kind)
        timesteps = tuple(kind.trace(program, memory, max_steps))
        return MemoryTrace(program, timesteps, kind.interpret(program, memory, max_steps))

    def native_trace(
        self, native: NativeProgram, program: MemoryProgram, given: Any, option: int | None
    ) -> MemoryTrace:
        """The timesteps are those of the program that the code carries; the outcome is the code's.

        Raises:
            HardmaxError: the two end differently.
        """
        trace = self.trace(program, given, option)
        result = native.run(given, option)
        left = Result(tuple(result.memory.tolist()), result.steps, result.status)
        if left != trace.result:
            raise HardmaxError(
                f"{native.path}: its code does not do what the program in it does; not traced"
            )
        return MemoryTrace(program, trace.timesteps, left)

    def outcome(self, given: Any, result: Any) -> str:
        return f"after {counted(result.steps, 'timestep')}: {STATUS_TEXT[result.status]}"

    def lines(self, program: Any, result: Any) -> Iterator[str]:
        return memory_lines(result)

    def verification(
        self,
        model: Any,
        program: MemoryProgram,
        native: NativeProgram,
        examples: NamedExamples = (),
    ) -> MemoryVerification:
        """What is held against the examples of the task, too, where it has any."""
        from hardmax.verification.memory import MemoryVerification
        from hardmax.verification.memory_machines import Machines

        known = (*examples, *model.task.examples())
        return MemoryVerification(Machines(model, program, native), known)


TOOLS: InterfaceTools = _Memory()


def _checked(program: MemoryProgram, given: Any, max_steps: int | None) -> tuple[list[int], int]:
    memory: list[int] = checked_memory(given).tolist()
    if max_steps is None:
        return memory, program.metadata.budget.steps(len(memory))
    if not 0 <= max_steps <= MAX_STEPS:
        raise HardmaxError(f"expected max_steps in 0..2^64-1, found {max_steps}")
    return memory, max_steps


def memory_lines(result: Any) -> Iterator[str]:
    """The final memory."""
    yield " ".join(map(str, result.memory))


def table(program: MemoryProgram, size: int, timesteps: Iterable[Timestep]) -> Iterator[str]:
    """A run as lines of text, a timestep each, in the manner of the paper's Table 2.

    Args:
        program: the program that is run.
        size: M, the cells of its memory.
        timesteps: as its kind's ``trace`` yields them.
    """
    width = len(str(size - 1))
    registers = [f"r{i + 1}" for i in range(program.registers)]
    cell_widths = [width] * size
    register_widths = [max(width, len(name)) for name in registers]
    reads = find_memory_kind(program.kind).most_reads(program)
    read_width = max(len("READ"), reads * (width + len("p:, ")) - len(", "))

    def line(step: object, cells: Iterable[object], values: Iterable[object], *uses: str) -> str:
        return "  ".join(
            (
                f"{step:>4}",
                " ".join(f"{cell:>{w}}" for cell, w in zip(cells, cell_widths, strict=True)),
                " ".join(f"{value:>{w}}" for value, w in zip(values, register_widths, strict=True)),
                f"{uses[0]:<{read_width}}",
                uses[1],
            )
        ).rstrip()

    yield line("Step", range(size), registers, "READ", "WRITE")
    for number, timestep in enumerate(timesteps, start=1):
        uses = (_uses(timestep, gate) for gate in (Gate.READ, Gate.WRITE))
        yield line(number, timestep.memory, timestep.registers, *uses)


def _uses(timestep: Timestep, gate: Gate) -> str:
    """``p:6 a:2`` for every time that a timestep used a gate."""
    return ", ".join(
        " ".join(
            f"{name}:{value}" for name, value in zip(GATES[gate].operands, values, strict=True)
        )
        for used, values in timestep.accesses
        if used is gate
    )
