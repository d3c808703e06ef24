"""The RecurrentProgram: a machine whose circuit an LSTM chooses anew in every timestep.

Its meaning is exact to the last bit. Every number is an IEEE 754 binary32 and every operation is
rounded to nearest even, one at a time, in the order in which this file writes it down; nothing is
fused and nothing is reordered. So the interpreter here and compiled code agree bit for bit on any
processor, and which of two nearly equal logits is the larger is settled by this definition alone.
A library with another order of summation, such as the one that trained the weights, agrees with it
wherever a decision's margin exceeds the rounding errors; they are in the region of 1e-6 times the
size of the logits.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runtime.errors import HardmaxError
from runtime.gates import GATES, Gate
from runtime.program import (
    MAX_REGISTERS,
    Circuit,
    Metadata,
    Operation,
    integer,
    metadata_from_data,
    metadata_to_data,
)

FORMAT = "hardmax-recurrent-program"
FORMAT_VERSION = 1

MAX_HIDDEN = 4096
"""Largest number of LSTM cells."""

Floats = NDArray[np.float32]
"""float32 of shape (B, n): B controllers side by side."""

LARGEST = 1e38
"""No layer's output may exceed this, whatever its input, so that no operation overflows."""

LARGEST_EXPONENT = 80.0
"""Arguments of exp are clamped to +-80: the result is then a normal number."""

LOG2_E = 1.44269502162933349609375
LN2_HIGH, LN2_LOW = 0.693359375, -2.12194442981854081154e-4
"""log2(e), and ln(2) as the sum of a number of 9 bits and a small one; all are binary32."""

ROUNDER = 12582912.0
"""1.5 * 2^23: x + ROUNDER - ROUNDER is x rounded to an integer, for |x| < 2^22."""

ROUNDER_BITS = 0x4B400000
EXPONENT_BIAS, FRACTION_BITS = 127, 23

EXP_COEFFICIENTS = tuple(
    float(np.float32(1 / factorial)) for factorial in (5040, 720, 120, 24, 6, 2, 1, 1)
)
"""1/7!, 1/6!, ..., 1/0!: exp(r) for |r| <= ln(2) / 2, by Horner's rule."""


def exponential(x: Floats) -> Floats:
    """exp(x) for |x| <= LARGEST_EXPONENT, within 2e-7 of it relatively."""
    shifted = x * np.float32(LOG2_E) + np.float32(ROUNDER)
    n = shifted - np.float32(ROUNDER)
    r = x - n * np.float32(LN2_HIGH) - n * np.float32(LN2_LOW)
    power = np.full_like(x, EXP_COEFFICIENTS[0])
    for coefficient in EXP_COEFFICIENTS[1:]:
        power = power * r + np.float32(coefficient)
    bits = shifted.view(np.int32) - np.int32(ROUNDER_BITS) + np.int32(EXPONENT_BIAS)
    scale: Floats = (bits << np.int32(FRACTION_BITS)).view(np.float32)
    result: Floats = power * scale
    return result


def sigmoid(x: Floats) -> Floats:
    """1 / (1 + exp(-x)), within 2e-7 of it absolutely, for any finite x."""
    limit = np.float32(LARGEST_EXPONENT)
    clamped = np.where(x > limit, limit, np.where(x < -limit, -limit, x))
    result: Floats = np.float32(1) / (np.float32(1) + exponential(-clamped))
    return result


def tanh(x: Floats) -> Floats:
    """(1 - e) / (1 + e) with e = exp(-2 |x|), and x's sign; within 2e-7 of tanh(x) absolutely."""
    size = np.where(x < 0, -x, x)
    limit = np.float32(LARGEST_EXPONENT / 2)
    clamped = np.where(size > limit, limit, size)
    e = exponential(-(clamped + clamped))
    t = (np.float32(1) - e) / (np.float32(1) + e)
    return np.where(x < 0, -t, t)


@dataclass(frozen=True, eq=False)
class Layer:
    """An affine map of finite binary32 numbers; equal where all bits are.

    Attributes:
        weight: (inputs, outputs), read-only.
        bias: (outputs,), read-only.
    """

    weight: Floats
    bias: Floats

    def __post_init__(self) -> None:
        for name in ("weight", "bias"):
            array = np.array(getattr(self, name), dtype=np.float32, order="C")
            if not np.isfinite(array).all():
                raise HardmaxError(f"expected finite weights, found others in a {name}")
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        if self.weight.ndim != 2 or self.bias.shape != self.weight.shape[1:]:
            raise HardmaxError(
                f"expected a layer of (inputs, outputs) and (outputs,), "
                f"found {self.weight.shape} and {self.bias.shape}"
            )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Layer) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    @cached_property
    def _key(self) -> tuple[tuple[int, ...], bytes, bytes]:
        return self.weight.shape, self.weight.tobytes(), self.bias.tobytes()

    def __call__(self, x: Floats) -> Floats:
        """(B, inputs) -> (B, outputs): the bias, then input after input is added."""
        total = np.repeat(self.bias[None], len(x), axis=0)
        for value, weight in zip(x.T, self.weight, strict=True):
            total = total + value[:, None] * weight
        return total

    def split(self, parts: int) -> list[Layer]:
        """The outputs in so many equal parts, a layer each."""
        weights, biases = np.split(self.weight, parts, axis=1), np.split(self.bias, parts)
        return [Layer(weight, bias) for weight, bias in zip(weights, biases, strict=True)]

    def largest(self, inputs: NDArray[np.float64]) -> NDArray[np.float64]:
        """Bounds on the outputs' magnitudes for inputs of at most the given magnitudes."""
        bounds: NDArray[np.float64] = inputs @ abs(self.weight.astype(np.float64))
        return bounds + abs(self.bias)


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
        leads: by how much each choice leads the runner-up, and |halting logit|: D + 1 numbers.
    """

    choices: tuple[int, ...]
    halt: bool
    leads: tuple[float, ...]


@dataclass(frozen=True)
class RecurrentRow:
    """What the controller does in one timestep, as ``runtime.program.Row``."""

    circuit: Circuit
    next_state: LstmState


@dataclass(frozen=True)
class RecurrentProgram:
    """A discretized machine with an LSTM controller of H cells (appendix B of the paper).

    In a timestep, with x the zero-bits as 0.0 and 1.0, h and c the state, 0 at the start::

        y = max(inputs(x), 0)
        remember, admit, emit, candidate = cell(y ++ h), H numbers each
        c = sigmoid(remember) * c + sigmoid(admit) * tanh(candidate)
        h = sigmoid(emit) * tanh(c)
        decision d = the first of the largest among its logits in decisions(h)
        halt = halting(h) > 0

    Decisions are in this order: the operands of module 0, of module 1, ..., the R new registers.
    An operand of module i has R + i logits, one for every value that exists by then; a register has
    R + Q. Every READ and WRITE takes place, whatever becomes of its value.

    Attributes:
        registers: R, 1..MAX_REGISTERS.
        modules: Q gates, in the order in which they run.
        inputs: R -> H.
        cell: 2 H -> 4 H.
        decisions: H -> the sum of all decisions' numbers of logits.
        halting: H -> 1.
        metadata: task, step budget and origin.
    """

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
        leads = np.stack([*(_lead(part) for part in parts), abs(halting)], axis=1)
        decided = zip(choices.tolist(), (halting > 0).tolist(), leads.tolist(), strict=True)
        return [Decision(tuple(chosen), halt, tuple(lead)) for chosen, halt, lead in decided]

    def next_state(self, state: LstmState, bits: Sequence[int]) -> LstmState:
        """The state to which ``bits`` take B controllers, one number of zero-bits each."""
        x = (np.array(bits)[:, None] >> np.arange(self.registers) & 1).astype(np.float32)
        y = self.inputs(x)
        y = np.where(y > 0, y, np.float32(0))
        gates = self.cell(np.concatenate((y, state.output), axis=1))
        remember, admit, emit, candidate = np.split(gates, 4, axis=1)
        cell = sigmoid(remember) * state.cell + sigmoid(admit) * tanh(candidate)
        return LstmState(sigmoid(emit) * tanh(cell), cell)

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
            for part in ("weight", "bias"):
                data = getattr(layer, part).astype("<f4").tobytes()
                document[f"{name}.{part}"] = base64.b64encode(data).decode()
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
                name: _layer_from_data(data, name, inputs)
                for name, inputs in (
                    ("inputs", integer(data["registers"])),
                    ("cell", 2 * hidden),
                    ("decisions", hidden),
                    ("halting", hidden),
                )
            }
            return RecurrentProgram(
                registers=integer(data["registers"]),
                modules=tuple(Gate(name) for name in data["modules"]),
                metadata=metadata_from_data(data),
                **layers,
            )
        except (AttributeError, KeyError, TypeError, ValueError, binascii.Error) as error:
            raise HardmaxError(
                f"malformed hardmax recurrent program: {type(error).__name__}: {error}"
            ) from None


def _lead(logits: Floats) -> Floats:
    """(B,): the largest of each row less the second; infinite where there is only one."""
    if logits.shape[1] == 1:
        return np.full(len(logits), np.inf, dtype=np.float32)
    second, first = np.partition(logits, -2, axis=1)[:, -2:].T
    lead: Floats = first - second
    return lead


def _layer_from_data(data: dict[str, Any], name: str, inputs: int) -> Layer:
    weight, bias = (
        np.frombuffer(base64.b64decode(data[f"{name}.{part}"], validate=True), dtype="<f4")
        for part in ("weight", "bias")
    )
    return Layer(weight.reshape(inputs, len(bias)), bias)
