"""What a controller decides in a timestep: where every operand and every register comes from.

One padded table serves all decisions, so that a whole timestep takes a single softmax: decision d
chooses among V = R + Q values (R registers, then the Q module outputs), of which ``allowed[d]``
marks those that exist when it is taken (eq. 1 and 3).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.nram.gates import GATES, OBSERVABLE, STANDARD_MODULES, Gate
from hardmax.runtime.nram.passes.liveness import live_values
from hardmax.runtime.nram.program import MAX_REGISTERS, Circuit, Operation

MAX_REPETITIONS = 16


@dataclass(frozen=True)
class Wiring:
    """The decisions of a machine with R registers and the standard modules repeated.

    Decisions are ordered: the operands of module 1, of module 2, ..., then the R new registers.
    """

    registers: int
    repetitions: int

    def __post_init__(self) -> None:
        if not 1 <= self.registers <= MAX_REGISTERS:
            raise HardmaxError(f"expected 1..{MAX_REGISTERS} registers, found {self.registers}")
        if not 1 <= self.repetitions <= MAX_REPETITIONS:
            raise HardmaxError(
                f"expected 1..{MAX_REPETITIONS} repetitions of the modules, "
                f"found {self.repetitions}"
            )

    @cached_property
    def modules(self) -> tuple[Gate, ...]:
        """The Q gates in module order."""
        return STANDARD_MODULES * self.repetitions

    @property
    def values(self) -> int:
        """V = R + Q, how many values a decision could name."""
        return self.registers + len(self.modules)

    @cached_property
    def operands(self) -> tuple[range, ...]:
        """For each module, the decisions that choose its operands."""
        ranges = []
        start = 0
        for gate in self.modules:
            ranges.append(range(start, start + GATES[gate].arity))
            start += GATES[gate].arity
        return tuple(ranges)

    @cached_property
    def arities(self) -> tuple[int, ...]:
        """How many decisions each module that has operands takes, and last all new registers."""
        return (*(len(decisions) for decisions in self.operands if decisions), self.registers)

    @cached_property
    def constants(self) -> tuple[int, ...]:
        """The modules without operands: their outputs are known before any module runs."""
        return tuple(i for i, decisions in enumerate(self.operands) if not decisions)

    @property
    def decisions(self) -> int:
        """D, how many choices are made in a timestep."""
        return self.operands[-1].stop + self.registers

    @property
    def updates(self) -> slice:
        """The decisions that choose the new registers (the last R)."""
        return slice(self.decisions - self.registers, self.decisions)

    @cached_property
    def allowed(self) -> Tensor:
        """bool [D, V]: whether decision d may choose value v."""
        allowed = torch.zeros(self.decisions, self.values, dtype=torch.bool)
        for module, operands in enumerate(self.operands):
            for decision in operands:
                allowed[decision, : self.registers + module] = True
        allowed[self.updates] = True
        return allowed

    def circuit(self, choices: Sequence[int], halt: bool) -> Circuit:
        """The circuit of one timestep, every module in its place.

        Args:
            choices: D value numbers, each allowed.
        """
        operations = tuple(
            Operation(gate, tuple(choices[decisions.start : decisions.stop]))
            for gate, decisions in zip(self.modules, self.operands, strict=True)
        )
        return Circuit(operations, tuple(choices[self.updates]), halt)


def live_decisions(wiring: Wiring, circuit: Circuit) -> Iterator[tuple[int, str]]:
    """Yield (number, name) of the decisions that matter on memories of addresses.

    The halting flag comes last, as number D. What a halting circuit stores in the registers does
    not matter.

    Args:
        circuit: as :meth:`Wiring.circuit` builds it.
    """
    if circuit.halt:
        circuit = Circuit(circuit.operations, tuple(range(wiring.registers)), halt=True)
    else:
        for register in range(wiring.registers):
            yield wiring.updates.start + register, f"new value of r{register + 1}"
    live = live_values(circuit, OBSERVABLE)
    for module, decisions in enumerate(wiring.operands):
        gate = wiring.modules[module]
        if wiring.registers + module not in live and gate not in OBSERVABLE:
            continue
        for operand, decision in zip(GATES[gate].operands, decisions, strict=True):
            yield decision, f"{operand} of {gate.value} (module {module + 1})"
    yield wiring.decisions, "whether to halt"
