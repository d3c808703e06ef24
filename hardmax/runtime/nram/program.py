"""The Program: the finite machine that everything meets in, with its stable text form (JSON).

Values inside a circuit are numbered as in eq. (1) of the paper: ``0 .. R-1`` are the registers at
the start of the timestep, ``R + i`` is the output of operation ``i``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, overload

from hardmax.runtime import notebook
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.json_form import array, integer, parsed, string
from hardmax.runtime.nram.gates import GATES, Gate
from hardmax.runtime.task_description import TaskDescription
from hardmax.runtime.text import counted, printable

FORMAT = "hardmax-program"
FORMAT_VERSION = 1
MAX_REGISTERS = 20
"""Largest R whose 2^R lookup table is built (section 3.4 of the paper)."""


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise HardmaxError(message)


@dataclass(frozen=True)
class Operation:
    """One gate application: ``operands`` are value numbers, one for each operand the gate uses."""

    gate: Gate
    operands: tuple[int, ...]

    def __post_init__(self) -> None:
        arity = GATES[self.gate].arity
        _require(
            len(self.operands) == arity,
            f"gate {self.gate.value} takes {arity} operands, found {len(self.operands)}",
        )


@dataclass(frozen=True)
class Circuit:
    """One timestep: operations in module order, then the new value of every register.

    Attributes:
        operations: a DAG in topological order; operation i reads values below R + i.
        outputs: for each of the R registers, the number of the value stored in it.
        halt: whether the run stops after this timestep.
    """

    operations: tuple[Operation, ...]
    outputs: tuple[int, ...]
    halt: bool

    def __post_init__(self) -> None:
        registers = len(self.outputs)
        for i, operation in enumerate(self.operations):
            for operand in operation.operands:
                _require(
                    0 <= operand < registers + i,
                    f"operation {i} ({operation.gate.value}) reads value {operand}, "
                    f"expected 0..{registers + i - 1}",
                )
        last = registers + len(self.operations) - 1
        for register, value in enumerate(self.outputs):
            _require(
                0 <= value <= last,
                f"register {register} takes value {value}, expected 0..{last}",
            )


@dataclass(frozen=True)
class Row:
    """What the controller does in one (state, zero-bits) situation."""

    circuit: Circuit
    next_state: int = 0


@dataclass(frozen=True)
class StepBudget:
    """Timesteps a run may take on M cells: ``per_square * M^2 + per_cell * M + constant``."""

    per_cell: int
    constant: int
    per_square: int = 0

    def __post_init__(self) -> None:
        _require(
            self.per_cell >= 0 and self.constant >= 1,
            f"step budget must have per_cell >= 0 and constant >= 1, "
            f"found {self.per_cell} and {self.constant}",
        )
        _require(
            self.per_square >= 0,
            f"step budget must have per_square >= 0, found {self.per_square}",
        )

    @overload
    def steps(self, size: int) -> int: ...
    @overload
    def steps(self, size: Any) -> Any: ...
    def steps(self, size: Any) -> Any:
        """Timesteps allowed for a memory of ``size`` cells, or for each of an array of sizes."""
        return self.per_square * size * size + self.per_cell * size + self.constant

    def __str__(self) -> str:
        if not self.per_square:
            return f"{self.per_cell} * size + {self.constant} timesteps"
        linear = f"{self.per_cell} * size + " if self.per_cell else ""
        return f"{self.per_square} * size^2 + {linear}{self.constant} timesteps"


@dataclass(frozen=True)
class Metadata:
    """What a program is for and where it came from; carried into the ``.so`` as JSON.

    Attributes:
        description: of the task, where that is a user's own; one of hardmax is known by its name.
    """

    task: str
    budget: StepBudget
    trained_complexity: int = 0
    model_hash: str = ""
    versions: Mapping[str, str] = field(default_factory=dict, hash=False)
    description: TaskDescription | None = None


@dataclass(frozen=True, repr=False)
class Program:
    """A discretized machine: for each controller state, a row for every pattern of zero-bits.

    Attributes:
        kind: the kind of machine, a key of ``hardmax.runtime.kinds.KINDS``.
        registers: R, 1..MAX_REGISTERS.
        table: ``table[state][bits]``, 2^R rows a state; bit i of ``bits`` is 1 iff register i is 0.
            None marks a row that is proved unreachable from the all-zero start.
        metadata: task, step budget and origin.
    """

    kind: ClassVar[str] = "nram"

    registers: int
    table: tuple[tuple[Row | None, ...], ...]
    metadata: Metadata

    def __post_init__(self) -> None:
        _require(
            1 <= self.registers <= MAX_REGISTERS,
            f"a program has 1..{MAX_REGISTERS} registers, found {self.registers}",
        )
        _require(len(self.table) >= 1, "a program has at least one controller state, found none")
        for state, rows in enumerate(self.table):
            _require(
                len(rows) == 1 << self.registers,
                f"state {state} has {len(rows)} rows, expected 2^{self.registers}",
            )
            for bits, row in enumerate(rows):
                if row is None:
                    continue
                where = f"state {state}, row {bits:0{self.registers}b}"
                _require(
                    len(row.circuit.outputs) == self.registers,
                    f"{where} sets {len(row.circuit.outputs)} registers, expected {self.registers}",
                )
                _require(
                    0 <= row.next_state < len(self.table),
                    f"{where} goes to state {row.next_state}, expected 0..{len(self.table) - 1}",
                )
        _require(
            self.table[0][self.start_bits] is not None,
            "the row of the all-zero start is missing",
        )

    @property
    def start_bits(self) -> int:
        """The zero-bits of the first timestep: all registers are 0."""
        return (1 << self.registers) - 1

    @property
    def start_state(self) -> int:
        """The controller's state in the first timestep."""
        return 0

    def row(self, state: int, bits: int) -> Row | None:
        """What the controller does in a timestep; None where that is proved never to happen."""
        return self.table[state][bits]

    def rows(self) -> Iterator[tuple[int, int, Row]]:
        """Yield (state, bits, row) for every row that is not proved unreachable, in order."""
        for state, rows in enumerate(self.table):
            for bits, row in enumerate(rows):
                if row is not None:
                    yield state, bits, row

    def circuits(self) -> tuple[Circuit, ...]:
        """The distinct circuits in order of first appearance."""
        return tuple(dict.fromkeys(row.circuit for _, _, row in self.rows()))

    def facts(self) -> Iterator[tuple[str, object]]:
        """Yield what its task is, where it says so, and its sizes, name and value."""
        yield from task_facts(self.metadata)
        yield "registers", self.registers
        yield "states", len(self.table)
        yield "circuits", len(self.circuits())
        yield "rows", sum(1 for _ in self.rows())
        yield "step budget", self.metadata.budget

    def _repr_svg_(self) -> str | None:
        return notebook.drawing(self)

    def __repr__(self) -> str:
        sizes = (
            counted(self.registers, "register"),
            counted(len(self.table), "state"),
            counted(sum(1 for _ in self.rows()), "row"),
        )
        return f"<Program {printable(self.metadata.task)}: {', '.join(sizes)}>"

    def to_json(self) -> str:
        """The canonical text form: one line per circuit and per state."""
        circuits = self.circuits()
        number = {circuit: i for i, circuit in enumerate(circuits)}
        document = {
            "format": FORMAT,
            "version": FORMAT_VERSION,
            **metadata_to_data(self.metadata),
            "registers": self.registers,
        }
        lines = [f'  "{key}": {json.dumps(value)},' for key, value in document.items()]
        lines.append('  "circuits": [')
        lines.append(",\n".join("    " + json.dumps(_circuit_to_data(c)) for c in circuits))
        lines.append("  ],")
        lines.append('  "table": [')
        lines.append(
            ",\n".join(
                "    "
                + json.dumps(
                    [None if r is None else [number[r.circuit], r.next_state] for r in rows]
                )
                for rows in self.table
            )
        )
        lines.append("  ]")
        return "{\n" + "\n".join(lines) + "\n}\n"

    @staticmethod
    def from_json(text: str) -> Program:
        """Read the text form back.

        Raises:
            HardmaxError: the text is not a hardmax program of a known version.
        """
        return Program.from_data(parsed(text, "a hardmax program"))

    @staticmethod
    def from_data(data: Any) -> Program:
        """Read the parsed text form back; errors as those of :meth:`from_json`."""
        _require(
            isinstance(data, dict) and data.get("format") == FORMAT,
            f'expected a JSON object with "format": "{FORMAT}"',
        )
        version = data.get("version")
        _require(
            type(version) is int and version == FORMAT_VERSION,
            f"expected program format version {FORMAT_VERSION}, found {version!r:.40}",
        )
        try:
            return _program_from_data(data)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            raise HardmaxError(
                f"malformed hardmax program: {type(error).__name__}: {error}"
            ) from None


def _circuit_to_data(circuit: Circuit) -> dict[str, Any]:
    return {
        "operations": [[op.gate.value, *op.operands] for op in circuit.operations],
        "outputs": list(circuit.outputs),
        "halt": circuit.halt,
    }


def task_facts(metadata: Metadata) -> Iterator[tuple[str, object]]:
    """Yield what a program says of a task that is a user's own."""
    description = metadata.description
    if description is not None:
        yield "summary", description.summary
        if description.layout:
            yield "layout", description.layout
        yield "held against", description


def budget_to_data(budget: StepBudget) -> dict[str, int]:
    """A step budget as a field of a text form."""
    square = {"per_square": budget.per_square} if budget.per_square else {}
    return {**square, "per_cell": budget.per_cell, "constant": budget.constant}


def budget_from_data(data: Any) -> StepBudget:
    """Read the field of :func:`budget_to_data` back.

    Raises:
        AttributeError, KeyError, TypeError, ValueError: the data are not of that form.
    """
    return StepBudget(
        per_cell=integer(data["per_cell"]),
        constant=integer(data["constant"]),
        per_square=integer(data.get("per_square", 0)),
    )


def metadata_to_data(metadata: Metadata) -> dict[str, Any]:
    """Metadata as fields of a text form, in canonical order."""
    description = metadata.description
    return {
        "task": metadata.task,
        **({} if description is None else {"description": description.to_data()}),
        "budget": budget_to_data(metadata.budget),
        "trained_complexity": metadata.trained_complexity,
        "model_hash": metadata.model_hash,
        "versions": dict(sorted(metadata.versions.items())),
    }


def metadata_from_data(data: dict[str, Any]) -> Metadata:
    """Read the fields of :func:`metadata_to_data` back.

    Raises:
        AttributeError, KeyError, TypeError, ValueError: the data are not of that form.
    """
    return Metadata(
        task=string(data["task"]),
        budget=budget_from_data(data["budget"]),
        trained_complexity=integer(data["trained_complexity"]),
        model_hash=string(data["model_hash"]),
        versions={string(k): string(v) for k, v in data["versions"].items()},
        description=(
            TaskDescription.from_data(data["description"]) if "description" in data else None
        ),
    )


def _circuit_from_data(data: Any) -> Circuit:
    if not isinstance(data["halt"], bool):
        raise TypeError(f"halt must be true or false, found {data['halt']!r:.40}")
    return Circuit(
        operations=tuple(
            Operation(Gate(name), tuple(integer(operand) for operand in operands))
            for name, *operands in array(data["operations"])
        ),
        outputs=tuple(integer(value) for value in data["outputs"]),
        halt=data["halt"],
    )


def _program_from_data(data: dict[str, Any]) -> Program:
    circuits = [_circuit_from_data(circuit) for circuit in data["circuits"]]

    def row(entry: Any) -> Row | None:
        if entry is None:
            return None
        circuit, next_state = (integer(value) for value in entry)
        if not 0 <= circuit < len(circuits):
            raise IndexError(f"circuit {circuit}, expected 0..{len(circuits) - 1}")
        return Row(circuits[circuit], next_state)

    return Program(
        registers=integer(data["registers"]),
        table=tuple(tuple(row(entry) for entry in rows) for rows in data["table"]),
        metadata=metadata_from_data(data),
    )
