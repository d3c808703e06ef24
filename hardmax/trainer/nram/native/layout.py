"""Where everything lies: the values a decision chooses among, packed weights, and the trace.

A value is *dense* (a register, or a module that may put out any distribution: M vectors),
*boolean* (mass on 1 and on 0 only: 2 vectors) or *constant* (known: no vectors). Values are
numbered anew, as *slots*: the dense ones, then the booleans, then the constants, each in order; so
what a decision may choose among are the first few of each sort.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from hardmax.runtime.nram.gates import Gate
from hardmax.trainer.layers import ControllerConfig
from hardmax.trainer.nram.native.products import Shape, padded
from hardmax.trainer.nram.wiring import Wiring

CONSTANTS: dict[Gate, int] = {Gate.ZERO: 0, Gate.ONE: 1, Gate.TWO: 2, Gate.WRITE: 0}
"""Modules whose output is always the same, and what it is (mod M)."""

OUTCOME = ("alive", "halting", "sigmoid", "surprise")
"""What is noted of every timestep: the probability that the run goes on until it, the halting
probability, the same before it was made hard, and the surprise at the tape after it."""

BOOLEANS = (Gate.LESS_THAN, Gate.LESS_OR_EQUAL_THAN, Gate.EQUALITY_TEST)


@dataclass(frozen=True)
class Decision:
    """What one decision may choose among.

    Attributes:
        logits: the place of its first logit among all allowed ones.
        allowed: how many values; they are the first ones.
        dense, booleans: how many of them are dense or boolean.
        constants: (slot, number) of those that are constant.
    """

    logits: int
    allowed: int
    dense: int
    booleans: int
    constants: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Region:
    """Vectors kept in the workspace, for every timestep by themselves.

    Attributes:
        vectors: of a timestep, as a function of M.
        extra: by how many timesteps there are more than the run has, or None for a single one.
    """

    vectors: Callable[[int], int]
    extra: int | None = 0


@dataclass(frozen=True)
class Layout:
    """The layout of a machine; ``block`` is how many rows or columns a product takes at once."""

    wiring: Wiring
    config: ControllerConfig
    block: int

    @cached_property
    def dense(self) -> tuple[int, ...]:
        """The dense values, by their numbers in the wiring."""
        modules = enumerate(self.wiring.modules, self.wiring.registers)
        sparse = (*CONSTANTS, *BOOLEANS)
        return (*range(self.wiring.registers), *(v for v, gate in modules if gate not in sparse))

    @cached_property
    def booleans(self) -> tuple[int, ...]:
        """The boolean values."""
        modules = enumerate(self.wiring.modules, self.wiring.registers)
        return tuple(value for value, gate in modules if gate in BOOLEANS)

    @cached_property
    def constants(self) -> tuple[int, ...]:
        """The constant values."""
        modules = enumerate(self.wiring.modules, self.wiring.registers)
        return tuple(value for value, gate in modules if gate in CONSTANTS)

    def constant_number(self, value: int) -> int:
        """What a constant value is (mod M)."""
        return CONSTANTS[self.wiring.modules[value - self.wiring.registers]]

    @cached_property
    def slots(self) -> tuple[int, ...]:
        """The slot of every value."""
        order = (*self.dense, *self.booleans, *self.constants)
        return tuple(order.index(value) for value in range(self.wiring.values))

    @cached_property
    def decisions(self) -> tuple[Decision, ...]:
        """All decisions in order."""
        found = []
        logits = 0
        for allowed in self.wiring.allowed.sum(1).tolist():
            constants = tuple(
                (self.slots[value], self.constant_number(value))
                for value in self.constants
                if value < allowed
            )
            found.append(
                Decision(
                    logits,
                    allowed,
                    sum(value < allowed for value in self.dense),
                    sum(value < allowed for value in self.booleans),
                    constants,
                )
            )
            logits += allowed
        return tuple(found)

    @cached_property
    def logits(self) -> int:
        """K, the allowed logits of all decisions; the halting logit comes after them."""
        last = self.decisions[-1]
        return last.logits + last.allowed

    @property
    def writes(self) -> int:
        """WRITEs in a timestep: so many tapes are kept of it."""
        return self.wiring.repetitions

    @cached_property
    def layers(self) -> dict[str, Shape]:
        """The controller's layers by their names in the network, ``output`` for the last two."""
        wiring, hidden = self.wiring, self.config.hidden
        shapes = {"inputs": (wiring.registers, hidden)}
        if self.recurrent:
            shapes["cell"] = (2 * hidden, 4 * hidden)
        else:
            shapes["hidden"] = (hidden, hidden)
        shapes["output"] = (hidden, self.logits + 1)
        return {name: Shape.of(*shape, self.block) for name, shape in shapes.items()}

    @property
    def recurrent(self) -> bool:
        """Whether the controller is an LSTM."""
        return self.config.kind == "lstm"

    @cached_property
    def parameters(self) -> dict[str, tuple[int, int]]:
        """The network's parameters in order: name -> (rows, columns), of one member."""
        wiring, hidden = self.wiring, self.config.hidden
        found = {
            name: (self.layers[name].inputs, self.layers[name].outputs)
            for name in self.hidden_layers
        }
        found |= {"decisions": (hidden, wiring.decisions * wiring.values), "halting": (hidden, 1)}
        return {
            f"{name}.{part}": (rows if part == "weight" else 1, columns)
            for name, (rows, columns) in found.items()
            for part in ("weight", "bias")
        }

    @cached_property
    def regions(self) -> dict[str, Region]:
        """Everything a run keeps, by name.

        Rows of different timesteps are an odd number of vectors apart, so that they do not compete
        for the same places in a cache.
        """
        wiring, layers = self.wiring, self.layers
        first, second = (layers[name] for name in self.hidden_layers)
        hidden = self.config.hidden
        decisions, values = wiring.decisions, wiring.values

        def each(vectors: Callable[[int], int], extra: int = 0) -> Region:
            return Region(lambda m: vectors(m) | 1, extra)

        def single(vectors: Callable[[int], int]) -> Region:
            return Region(vectors, None)

        regions = {
            # The controller: inputs of its layers, and their outputs, later their gradients.
            "zero": each(lambda m: wiring.registers + 1),
            "first": each(lambda m: first.columns),
            "second_input": each(lambda m: second.inputs + 1),
            "second": each(lambda m: second.columns),
            "features": each(lambda m: hidden + 1),
            "logits": each(lambda m: layers["output"].columns),
            "d_zero": single(lambda m: padded(first.inputs, self.block)),
            "d_second_input": single(lambda m: padded(second.inputs, self.block)),
            "d_features": single(lambda m: padded(hidden, self.block)),
            # The circuit. The registers are the first dense values.
            "choices": each(lambda m: decisions * values),
            "operands": each(lambda m: decisions * m),
            "dense": each(lambda m: len(self.dense) * m, 1),
            "booleans": each(lambda m: 2 * len(self.booleans)),
            "tapes": Region(lambda m: self.writes * m * m, 1),
            "d_choices": single(lambda m: decisions * values),
            "d_operands": single(lambda m: decisions * m),
            "d_value": single(lambda m: m),
            "d_registers": single(lambda m: wiring.registers * m),
            "d_tape": single(lambda m: m * m),
            "doubled": single(lambda m: 2 * m),
            # What is counted.
            "outcome": each(lambda m: len(OUTCOME)),
            "readout": single(lambda m: m * m),
            "rest": single(lambda m: 4),
            # The discretized machine; the vectors are of integers.
            "integers": single(lambda m: values),
            "integer_tape": single(lambda m: m),
            "best": single(lambda m: decisions),
            "running": single(lambda m: 1),
        }
        if self.recurrent:
            regions |= {
                "memory_cells": each(lambda m: hidden, 1),
                "d_memory_cells": single(lambda m: hidden),
                "d_recurrent": single(lambda m: hidden),
            }
        return regions

    @property
    def hidden_layers(self) -> tuple[str, str]:
        """The names of the first two layers."""
        first, second, _ = self.layers
        return first, second
