"""The RecurrentProgram: a machine whose circuit an LSTM chooses anew in every timestep.

Its meaning is exact to the last bit, as that of ``hardmax.runtime.float32``: the interpreter here
and compiled code agree on any processor, and which of two nearly equal logits is the larger is
settled by this definition alone. A library with another order of summation, such as the one that
trained the weights, agrees with it wherever a decision's margin exceeds the rounding errors; they
are in the region of 1e-6 times the size of the logits.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from hardmax.runtime import notebook
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.float32 import (
    LARGEST,
    Floats,
    Layer,
    layer_from_data,
    layer_to_data,
    lstm_cell,
    margin,
)
from hardmax.runtime.json_form import array, integer
from hardmax.runtime.nram.gates import GATES, Gate
from hardmax.runtime.nram.program import (
    MAX_REGISTERS,
    Circuit,
    Metadata,
    Operation,
    metadata_from_data,
    metadata_to_data,
    task_facts,
)
from hardmax.runtime.text import counted, printable

FORMAT = "hardmax-recurrent-program"
FORMAT_VERSION = 1

MAX_HIDDEN = 4096
"""Largest number of LSTM cells."""


@dataclass(frozen=True, eq=False)
class LstmState:
    """The state of B controllers; equal where all bits are.

    Attributes:
        output: (B, H), h of the previous timestep.
        cell: (B, H), c of the previous timestep.
    """

    output: Floats
    cell: Floats

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LstmState) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    @cached_property
    def _key(self) -> tuple[bytes, bytes]:
        return self.output.tobytes(), self.cell.tobytes()

    @staticmethod
    def stack(states: Iterable[LstmState]) -> LstmState:
        """The controllers of several states, side by side."""
        outputs, cells = zip(*((state.output, state.cell) for state in states), strict=True)
        return LstmState(np.concatenate(outputs), np.concatenate(cells))

    def each(self) -> Iterator[LstmState]:
        """Yield a state for every controller."""
        for output, cell in zip(self.output[:, None], self.cell[:, None], strict=True):
            yield LstmState(output, cell)


@dataclass(frozen=True)
class Decision:
    """What one controller decides in a timestep.

    Attributes:
        choices: D numbers of values.
        halt: whether the run stops.
        margins: by how much each choice leads the runner-up, and |halting logit|: D + 1 numbers.
    """

    choices: tuple[int, ...]
    halt: bool
    margins: tuple[float, ...]


@dataclass(frozen=True)
class RecurrentRow:
    """What the controller does in one timestep, as ``hardmax.runtime.nram.program.Row``."""

    circuit: Circuit
    next_state: LstmState


@dataclass(frozen=True, repr=False)
class RecurrentProgram:
    """A discretized machine with an LSTM controller of H cells (appendix B of the paper).

    In a timestep, with x the zero-bits as 0.0 and 1.0, h and c the state, 0 at the start::

        y = max(inputs(x), 0)
        forget_gate, input_gate, output_gate, candidate = cell(y ++ h), H numbers each
        c = sigmoid(forget_gate) * c + sigmoid(input_gate) * tanh(candidate)
        h = sigmoid(output_gate) * tanh(c)
        decision d = the first of the largest among its logits in decisions(h)
        halt = halting(h) > 0

    Decisions are in this order: the operands of module 0, of module 1, ..., the R new registers.
    An operand of module i has R + i logits, one for every value that exists by then; a register has
    R + Q. Every READ and WRITE takes place, whatever becomes of its value.

    Attributes:
        kind: the kind of machine, a key of ``hardmax.runtime.kinds.KINDS``.
        registers: R, 1..MAX_REGISTERS.
        modules: Q gates, in the order in which they run.
        inputs: R -> H.
        cell: 2 H -> 4 H.
        decisions: H -> the sum of all decisions' numbers of logits.
        halting: H -> 1.
        metadata: task, step budget and origin.
    """

    kind: ClassVar[str] = "nram"

    registers: int
    modules: tuple[Gate, ...]
    inputs: Layer
    cell: Layer
    decisions: Layer
    halting: Layer
    metadata: Metadata

    def __post_init__(self) -> None:
        if not 1 <= self.registers <= MAX_REGISTERS:
            raise HardmaxError(
                f"a program has 1..{MAX_REGISTERS} registers, found {self.registers}"
            )
        hidden = self.hidden
        if not 1 <= hidden <= MAX_HIDDEN:
            raise HardmaxError(f"expected 1..{MAX_HIDDEN} LSTM cells, found {hidden}")
        for name, expected in (
            ("inputs", (self.registers, hidden)),
            ("cell", (2 * hidden, 4 * hidden)),
            ("decisions", (hidden, sum(self.choices))),
            ("halting", (hidden, 1)),
        ):
            found = getattr(self, name).weight.shape
            if found != expected:
                raise HardmaxError(f"expected {name} to be {expected}, found {found}")
        one = np.ones(hidden)
        y = self.inputs.largest(np.ones(self.registers))
        bounds = (y, self.cell.largest(np.append(y, one)), self.decisions.largest(one))
        if max(bound.max(initial=0) for bound in (*bounds, self.halting.largest(one))) > LARGEST:
            raise HardmaxError(f"weights are so large that numbers can exceed {LARGEST:g}")

    @property
    def hidden(self) -> int:
        """H, the number of LSTM cells."""
        return len(self.inputs.bias)

    @property
    def start_bits(self) -> int:
        """The zero-bits of the first timestep: all registers are 0."""
        return (1 << self.registers) - 1

    @property
    def start_state(self) -> LstmState:
        """The state before the first timestep."""
        zeros = np.zeros((1, self.hidden), dtype=np.float32)
        return LstmState(zeros, zeros)

    @cached_property
    def choices(self) -> tuple[int, ...]:
        """For every decision, among how many values it chooses."""
        operands = [
            self.registers + module
            for module, gate in enumerate(self.modules)
            for _ in GATES[gate].operands
        ]
        return (*operands, *self.registers * (self.registers + len(self.modules),))

    def row(self, state: LstmState, bits: int) -> RecurrentRow:
        """What the controller does in a timestep."""
        state = self.next_state(state, [bits])
        (decision,) = self.decide(state)
        return RecurrentRow(self.circuit(decision.choices, decision.halt), state)

    def decide(self, state: LstmState) -> list[Decision]:
        """What B controllers decide in a timestep, ``state`` being what it takes them to."""
        logits, halting = self.decisions(state.output), self.halting(state.output)[:, 0]
        parts = np.split(logits, np.cumsum(self.choices)[:-1], axis=1)
        choices = np.stack([part.argmax(1) for part in parts], axis=1)
        margins = np.stack([*(margin(part) for part in parts), abs(halting)], axis=1)
        decided = zip(choices.tolist(), (halting > 0).tolist(), margins.tolist(), strict=True)
        return [Decision(tuple(chosen), halt, tuple(gaps)) for chosen, halt, gaps in decided]

    def next_state(self, state: LstmState, bits: Sequence[int]) -> LstmState:
        """The state to which ``bits`` take B controllers, one number of zero-bits each."""
        x = (np.array(bits)[:, None] >> np.arange(self.registers) & 1).astype(np.float32)
        y = self.inputs(x)
        y = np.where(y > 0, y, np.float32(0))
        gates = self.cell(np.concatenate((y, state.output), axis=1))
        return LstmState(*lstm_cell(gates, state.cell))

    def circuit(self, choices: tuple[int, ...], halt: bool) -> Circuit:
        """The circuit that D choices make, every module in its place."""
        operations = []
        taken = 0
        for gate in self.modules:
            arity = GATES[gate].arity
            operations.append(Operation(gate, choices[taken : taken + arity]))
            taken += arity
        return Circuit(tuple(operations), choices[taken:], halt)

    def layers(self) -> Iterator[tuple[str, Layer]]:
        """Yield the four layers with their names."""
        for name in ("inputs", "cell", "decisions", "halting"):
            yield name, getattr(self, name)

    def facts(self) -> Iterator[tuple[str, object]]:
        """Yield what its task is, where it says so, and its sizes, name and value."""
        yield from task_facts(self.metadata)
        yield "registers", self.registers
        yield "modules", len(self.modules)
        yield "LSTM cells", self.hidden
        yield "step budget", self.metadata.budget

    def _repr_svg_(self) -> str | None:
        return notebook.drawing(self)

    def __repr__(self) -> str:
        sizes = (
            counted(self.registers, "register"),
            counted(len(self.modules), "module"),
            counted(self.hidden, "LSTM cell"),
        )
        return f"<RecurrentProgram {printable(self.metadata.task)}: {', '.join(sizes)}>"

    def to_json(self) -> str:
        """The canonical text form: one line a field, weights in base64 (little-endian binary32)."""
        document: dict[str, Any] = {
            "format": FORMAT,
            "version": FORMAT_VERSION,
            **metadata_to_data(self.metadata),
            "registers": self.registers,
            "modules": [gate.value for gate in self.modules],
            "hidden": self.hidden,
        }
        for name, layer in self.layers():
            document.update(layer_to_data(name, layer))
        lines = ",\n".join(f'  "{key}": {json.dumps(value)}' for key, value in document.items())
        return f"{{\n{lines}\n}}\n"

    @staticmethod
    def from_data(data: dict[str, Any]) -> RecurrentProgram:
        """Read the parsed text form back.

        Raises:
            HardmaxError: it is no recurrent program of a known version.
        """
        version = data.get("version")
        if type(version) is not int or version != FORMAT_VERSION:
            raise HardmaxError(
                f"expected recurrent program format version {FORMAT_VERSION}, found {version!r:.40}"
            )
        try:
            hidden = integer(data["hidden"])
            if not 1 <= hidden <= MAX_HIDDEN:
                raise HardmaxError(f"expected 1..{MAX_HIDDEN} LSTM cells, found {hidden}")
            layers = {
                name: layer_from_data(data, name, inputs)
                for name, inputs in (
                    ("inputs", integer(data["registers"])),
                    ("cell", 2 * hidden),
                    ("decisions", hidden),
                    ("halting", hidden),
                )
            }
            return RecurrentProgram(
                registers=integer(data["registers"]),
                modules=tuple(Gate(name) for name in array(data["modules"])),
                metadata=metadata_from_data(data),
                **layers,
            )
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise HardmaxError(
                f"malformed hardmax recurrent program: {type(error).__name__}: {error}"
            ) from None
