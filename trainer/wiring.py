"""What a controller decides in a timestep: where every operand and every register comes from.

One padded table serves all decisions, so that a whole timestep takes a single softmax: decision d
chooses among V = R + Q values (R registers, then the Q module outputs), of which ``allowed[d]``
marks those that exist when it is taken (eq. 1 and 3).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from runtime.errors import HardmaxError
from runtime.gates import GATES, STANDARD_MODULES, Gate
from runtime.program import MAX_REGISTERS

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
