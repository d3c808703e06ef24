"""What the verbs do with each of the interfaces, whatever kind of machine is behind it."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from hardmax.runtime.kinds import Interface
from hardmax.runtime.kinds import find_kind as find_program_kind

if TYPE_CHECKING:
    from hardmax.runtime.memory.examples import Example, ExampleFile
    from hardmax.runtime.memory.held_against import ExampleReport
    from hardmax.verification.findings import Verification

    NamedExamples = Sequence[tuple[str, Sequence[Example]]]

TOOLS: dict[Interface, str] = {
    Interface.MEMORY: "hardmax.show.memory",
    Interface.SEQUENCE: "hardmax.show.sequence",
    Interface.SYMBOLS: "hardmax.show.symbols",
}


class AnyTrace(Protocol):
    """A run, step by step; as text, a line for each step."""

    @property
    def result(self) -> Any:
        """What the run left."""

    def __str__(self) -> str: ...
    def _repr_html_(self) -> str: ...


class InterfaceTools(Protocol):
    """What one interface gives the verbs. Programs, native code and results are of its own types.

    ``option`` is the one number that a run can be given: the most timesteps of a program that works
    on a memory, the memory's rows of one that answers a sequence, the capacity of one that answers
    symbols; None for what the program says.
    """

    @property
    def option(self) -> str: ...

    def input_from_words(self, program: Any, words: Sequence[str]) -> Any:
        """What a run of a program works on, from words on a command line.

        Raises:
            HardmaxError: it is none, or the file that it names cannot be read.
        """

    def interpret(self, program: Any, given: Any, option: int | None) -> Any:
        """Run a program in the reference interpreter.

        Raises:
            HardmaxError: ``given`` or the option does not go with the program.
        """

    def trace(self, program: Any, given: Any, option: int | None) -> AnyTrace:
        """As :meth:`interpret`, every step kept."""

    def native_trace(self, native: Any, program: Any, given: Any, option: int | None) -> AnyTrace:
        """Run native code, every step kept; what code does not tell is that of ``program``."""

    def outcome(self, given: Any, result: Any) -> str:
        """How a run on ``given`` ended, for people."""

    def lines(self, program: Any, result: Any) -> Iterator[str]:
        """What a run of a program left, as lines of text."""

    def verification(
        self, model: Any, program: Any, native: Any, examples: NamedExamples = ()
    ) -> Verification:
        """What holds native code against its model.

        Args:
            examples: what both should get right besides.

        Raises:
            HardmaxError: the code was compiled from another model, or machines of this interface
                have no such examples.
        """


def find_tools(kind: str) -> InterfaceTools:
    """The tools of the interface of a kind of machine.

    Raises:
        HardmaxError: there is no such kind.
    """
    module = importlib.import_module(TOOLS[find_program_kind(kind).interface])
    tools: InterfaceTools = module.TOOLS
    return tools


def hold_against(machine: Any, examples: ExampleFile, subject: str) -> ExampleReport:
    """Hold native code, or a program in the interpreter, against a file of examples.

    Raises:
        HardmaxError: it does not work on a memory.
    """
    from hardmax.runtime.memory.held_against import hold_against
    from hardmax.runtime.memory.kind import find_memory_kind
    from hardmax.runtime.nram.interpreter import Result

    native: Any = machine if hasattr(machine, "abi_version") else None
    program = machine if native is None else native.program
    kind = find_memory_kind(program.kind)

    def run(memory: tuple[int, ...], max_steps: int) -> Result:
        if native is None:
            result: Result = kind.interpret(program, memory, max_steps)
            return result
        left = native.run(memory, max_steps)
        return Result(tuple(left.memory.tolist()), left.steps, left.status)

    return hold_against(run, program.metadata.budget, examples.examples, subject)
