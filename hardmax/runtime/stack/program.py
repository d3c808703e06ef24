"""The StackProgram: a finite control with stacks, queues and deques, symbols in and symbols out.

Neural stacks, queues and deques (Grefenstette et al. 2015) and stack RNNs (Joulin and Mikolov 2015)
differ in how they are trained. Discretized, each of them is this one machine.
"""

from __future__ import annotations

import enum
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any, ClassVar

from hardmax.runtime import notebook
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.json_form import array, integer, string
from hardmax.runtime.symbols.interface import MAX_SYMBOLS, SymbolMetadata, expect_alphabet
from hardmax.runtime.text import counted, printable

FORMAT = "hardmax-stack-program"
FORMAT_VERSION = 1

MAX_STRUCTURES = 8
MAX_DEPTH = 8
MAX_STATES = 1 << 20
MAX_ROWS = 1 << 20

NOTHING = 0
"""What is read where a structure has no cell; value v is read as v + 1."""


class Structure(enum.Enum):
    """Where cells are read, popped and pushed. Each has a top, at which it is read and popped."""

    STACK = "stack"
    """Pushed at the top."""
    QUEUE = "queue"
    """Pushed at the bottom: its top is the front, its bottom the back."""
    DEQUE = "deque"
    """Read, popped and pushed at both ends."""

    @property
    def ends(self) -> int:
        """At how many ends it is read."""
        return 2 if self is Structure.DEQUE else 1


@dataclass(frozen=True)
class Operation:
    """What a step does to one structure: pops first, then pushes.

    A stack pops and pushes at its top; a queue pops at its top and pushes at its bottom.

    Attributes:
        pop_top: whether the top cell goes; nothing happens where there is none.
        push_top: the value of the cell that comes to the top, None for no cell.
        pop_bottom, push_bottom: the same of the bottom.
    """

    pop_top: bool = False
    push_top: int | None = None
    pop_bottom: bool = False
    push_bottom: int | None = None

    def __str__(self) -> str:
        """``pop``, ``push 3``, ``pop, push 3``, with the end where it is a bottom; ``-`` for
        nothing."""
        parts = (
            "pop" if self.pop_top else "",
            "pop bottom" if self.pop_bottom else "",
            "" if self.push_top is None else f"push {self.push_top}",
            "" if self.push_bottom is None else f"push bottom {self.push_bottom}",
        )
        return ", ".join(filter(None, parts)) or "-"


@dataclass(frozen=True)
class Action:
    """What a row of the table says.

    Attributes:
        operations: what is done to each structure.
        output: the answer, 0..K'-1.
        next_state: the state of the next step.
    """

    operations: tuple[Operation, ...]
    output: int
    next_state: int


Key = tuple[int, int, tuple[int, ...]]
"""State, input symbol and what is read."""


@dataclass(frozen=True, repr=False)
class StackProgram:
    """A discretized machine with stacks, queues and deques.

    It starts in state 0 with empty structures. A step is::

        reads = of each structure the depth cells at its top, the topmost first;
                of a deque then the depth cells at its bottom, the bottommost first;
                NOTHING where there is no cell, v + 1 for the value v
        action = rows[state, input, reads]
        each structure: what pops, pops; then what pushes, pushes
        output = action.output;  state = action.next_state

    so what a step pushes is read in the next step. Where there is no such row, or where a structure
    would have more cells than the capacity that it was given, nothing of the step is done.

    Attributes:
        kind: the kind of machine, a key of ``hardmax.runtime.kinds.KINDS``.
        structures: 1..MAX_STRUCTURES of them.
        depths: how many cells are read at an end of each, 1..MAX_DEPTH.
        symbols: V, how many values a cell can have, 1..MAX_SYMBOLS.
        alphabet: the names of the K input symbols.
        output_alphabet: the names of the K' output symbols.
        states: how many states there are.
        rows: ((state, input, reads), action), each key once; kept sorted.
        metadata: task and origin.
    """

    kind: ClassVar[str] = "stack"

    structures: tuple[Structure, ...]
    depths: tuple[int, ...]
    symbols: int
    alphabet: tuple[str, ...]
    output_alphabet: tuple[str, ...]
    states: int
    rows: tuple[tuple[Key, Action], ...]
    metadata: SymbolMetadata

    def __post_init__(self) -> None:
        for name, found, most in (
            ("structures", len(self.structures), MAX_STRUCTURES),
            ("values of a cell", self.symbols, MAX_SYMBOLS),
            ("states", self.states, MAX_STATES),
            ("rows", len(self.rows), MAX_ROWS),
            *(("cells that are read at an end", depth, MAX_DEPTH) for depth in self.depths),
        ):
            if not 1 <= found <= most:
                raise HardmaxError(f"expected 1..{most} {name}, found {found}")
        if len(self.depths) != len(self.structures):
            raise HardmaxError(
                f"expected a depth for each of {counted(len(self.structures), 'structure')}, "
                f"found {len(self.depths)}"
            )
        expect_alphabet(self.alphabet, "alphabet")
        expect_alphabet(self.output_alphabet, "output alphabet")
        # A table is the same in any order, so that it has one text form.
        object.__setattr__(self, "rows", tuple(sorted(self.rows, key=lambda row: row[0])))
        previous = None
        for key, action in self.rows:
            self._check_row(key, action)
            if key == previous:
                raise HardmaxError(f"{_where(key)}: expected one row, found two")
            previous = key

    def _check_row(self, key: Key, action: Action) -> None:
        state, symbol, reads = key
        for name, found, count in (
            ("a state", state, self.states),
            ("an input symbol", symbol, len(self.alphabet)),
            ("an output symbol", action.output, len(self.output_alphabet)),
            ("a next state", action.next_state, self.states),
        ):
            if not 0 <= found < count:
                raise HardmaxError(f"{_where(key)}: expected {name} 0..{count - 1}, found {found}")
        ends = [reads[begin:end] for begin, end in self._ends]
        if len(reads) != self.cells_read or not all(map(self._can_be_read, ends)):
            raise HardmaxError(
                f"{_where(key)}: expected {counted(self.cells_read, 'number')} 0..{self.symbols} "
                "as reads, none behind a 0"
            )
        if len(action.operations) != len(self.structures):
            raise HardmaxError(
                f"{_where(key)}: expected an operation for each structure, "
                f"found {len(action.operations)}"
            )
        for structure, operation in zip(self.structures, action.operations, strict=True):
            self._check_operation(key, structure, operation)

    def _check_operation(self, key: Key, structure: Structure, operation: Operation) -> None:
        unable = {
            Structure.STACK: operation.pop_bottom or operation.push_bottom is not None,
            Structure.QUEUE: operation.pop_bottom or operation.push_top is not None,
            Structure.DEQUE: False,
        }[structure]
        if unable:
            raise HardmaxError(f"{_where(key)}: a {structure.value} cannot {operation}")
        for value in (operation.push_top, operation.push_bottom):
            if value is not None and not 0 <= value < self.symbols:
                raise HardmaxError(
                    f"{_where(key)}: expected values 0..{self.symbols - 1} to push, found {value}"
                )

    def _can_be_read(self, cells: tuple[int, ...]) -> bool:
        """Whether these can be the cells at an end: none lies behind nothing."""
        there = len(cells) - cells.count(NOTHING)
        return NOTHING not in cells[:there] and all(0 <= cell <= self.symbols for cell in cells)

    @cached_property
    def _ends(self) -> tuple[tuple[int, int], ...]:
        """Where in the reads those of each end begin and end."""
        ends, begin = [], 0
        for structure, depth in zip(self.structures, self.depths, strict=True):
            for _ in range(structure.ends):
                ends.append((begin, begin + depth))
                begin += depth
        return tuple(ends)

    @property
    def cells_read(self) -> int:
        """How many cells a step reads."""
        return sum(
            structure.ends * depth
            for structure, depth in zip(self.structures, self.depths, strict=True)
        )

    @property
    def pushes_per_step(self) -> int:
        """Cells that a step adds at most to one of the structures."""
        return 2 if Structure.DEQUE in self.structures else 1

    @property
    def structure_names(self) -> tuple[str, ...]:
        """For people: what each of the structures is called."""
        return tuple(
            f"{structure.value} {self.structures[: i + 1].count(structure)}"
            if self.structures.count(structure) > 1
            else structure.value
            for i, structure in enumerate(self.structures)
        )

    @cached_property
    def table(self) -> Mapping[Key, Action]:
        """The rows by their keys."""
        return MappingProxyType(dict(self.rows))

    def facts(self) -> Iterator[tuple[str, object]]:
        """Yield its sizes, name and value."""
        yield "alphabet", " ".join(self.alphabet)
        yield "output alphabet", " ".join(self.output_alphabet)
        yield "structures", self._structures
        yield "values of a cell", self.symbols
        yield "states", self.states
        yield "rows", len(self.rows)

    @property
    def _structures(self) -> str:
        return ", ".join(
            f"{name} read {depth} deep" if depth > 1 else name
            for name, depth in zip(self.structure_names, self.depths, strict=True)
        )

    def _repr_svg_(self) -> str | None:
        return notebook.drawing(self)

    def __repr__(self) -> str:
        sizes = (
            self._structures,
            counted(self.states, "state"),
            counted(len(self.rows), "row"),
        )
        return f"<StackProgram {printable(self.metadata.task)}: {', '.join(sizes)}>"

    def to_json(self) -> str:
        """The canonical text form: one line a field, and one a row."""
        metadata = self.metadata
        document: dict[str, Any] = {
            "format": FORMAT,
            "version": FORMAT_VERSION,
            "task": metadata.task,
            "trained_complexity": metadata.trained_complexity,
            "model_hash": metadata.model_hash,
            "versions": dict(sorted(metadata.versions.items())),
            "structures": [structure.value for structure in self.structures],
            "depths": list(self.depths),
            "symbols": self.symbols,
            "alphabet": list(self.alphabet),
            "output_alphabet": list(self.output_alphabet),
            "states": self.states,
        }
        lines = [f'  "{key}": {json.dumps(value)}' for key, value in document.items()]
        rows = ",\n".join(f"    {json.dumps(_row_to_data(*row))}" for row in self.rows)
        lines.append(f'  "rows": [\n{rows}\n  ]')
        return "{\n" + ",\n".join(lines) + "\n}\n"

    @staticmethod
    def from_data(data: dict[str, Any]) -> StackProgram:
        """Read the parsed text form back.

        Raises:
            HardmaxError: it is no stack program of a known version.
        """
        version = data.get("version")
        if type(version) is not int or version != FORMAT_VERSION:
            raise HardmaxError(
                f"expected stack program format version {FORMAT_VERSION}, found {version!r:.40}"
            )
        try:
            return StackProgram(
                structures=tuple(Structure(string(s)) for s in array(data["structures"])),
                depths=tuple(map(integer, array(data["depths"]))),
                symbols=integer(data["symbols"]),
                alphabet=tuple(map(string, array(data["alphabet"]))),
                output_alphabet=tuple(map(string, array(data["output_alphabet"]))),
                states=integer(data["states"]),
                rows=tuple(map(_row_from_data, array(data["rows"]))),
                metadata=SymbolMetadata(
                    task=string(data["task"]),
                    trained_complexity=integer(data["trained_complexity"]),
                    model_hash=string(data["model_hash"]),
                    versions={string(k): string(v) for k, v in data["versions"].items()},
                ),
            )
        except HardmaxError:
            raise
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise HardmaxError(
                f"malformed hardmax stack program: {type(error).__name__}: {error}"
            ) from None


def _where(key: Key) -> str:
    state, symbol, reads = key
    return f"row of state {state}, input {symbol}, reads {list(reads)}"


def _row_to_data(key: Key, action: Action) -> dict[str, Any]:
    state, symbol, reads = key
    return {
        "state": state,
        "input": symbol,
        "reads": list(reads),
        "operations": [_operation_to_data(operation) for operation in action.operations],
        "output": action.output,
        "next_state": action.next_state,
    }


def _operation_to_data(operation: Operation) -> dict[str, Any]:
    """What it does; nothing of what it leaves undone."""
    done = {name: value for name, value in vars(operation).items() if value is not None}
    return {name: value for name, value in done.items() if value is not False}


def _row_from_data(data: Any) -> tuple[Key, Action]:
    key = integer(data["state"]), integer(data["input"]), tuple(map(integer, array(data["reads"])))
    operations = tuple(map(_operation_from_data, array(data["operations"])))
    return key, Action(operations, integer(data["output"]), integer(data["next_state"]))


def _operation_from_data(data: Any) -> Operation:
    """An operation from what it does.

    Raises:
        AttributeError, TypeError: it is of no such form.
    """
    for name, value in data.items():
        if name.startswith("push"):
            integer(value)
        elif value is not True:
            raise TypeError(f"expected {name} to be true, found {value!r:.40}")
    return Operation(**data)
