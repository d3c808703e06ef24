"""The search's own form of a program: one integer matrix that a move changes in place.

A row of the matrix is a row of the machine's lookup table. Its slots are, in this order: the value
number stored in each of the R registers, the halt flag, and two operands for every module. An
operand that the gate does not use is a slot with the single legal entry 0.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.nram.gates import GATES, STANDARD_MODULES, Gate
from hardmax.runtime.nram.program import MAX_REGISTERS, Circuit, Metadata, Operation, Program, Row

Code = NDArray[np.int16]
"""A lookup table as integers, shape (2^R, slots)."""


@dataclass(frozen=True)
class Shape:
    """What every table of a machine has in common: R registers and the list of Q modules."""

    registers: int
    modules: tuple[Gate, ...] = STANDARD_MODULES

    def __post_init__(self) -> None:
        if not 1 <= self.registers <= MAX_REGISTERS:
            raise HardmaxError(f"expected 1..{MAX_REGISTERS} registers, found {self.registers}")
        if not self.modules:
            raise HardmaxError("search needs at least one module, found none")

    @property
    def rows(self) -> int:
        """2^R, the patterns of zero-bits."""
        return 1 << self.registers

    @property
    def halt_slot(self) -> int:
        """The slot of the halt flag."""
        return self.registers

    def operand_slot(self, module: int) -> int:
        """The first of a module's two operand slots."""
        return self.registers + 1 + 2 * module

    @property
    def slots(self) -> int:
        """The length of a row."""
        return self.operand_slot(len(self.modules))

    def limits(self) -> NDArray[np.int16]:
        """The exclusive upper bound of every slot's entries, shape (slots,)."""
        limits = np.ones(self.slots, dtype=np.int16)
        limits[: self.registers] = self.registers + len(self.modules)
        limits[self.halt_slot] = 2
        for module, gate in enumerate(self.modules):
            first = self.operand_slot(module)
            limits[first : first + GATES[gate].arity] = self.registers + module
        return limits


@dataclass(frozen=True, eq=False)
class Table:
    """A machine's shape and its complete lookup table.

    Attributes:
        code: shape (rows, slots), every entry within ``shape.limits()``.
    """

    shape: Shape
    code: Code

    def __post_init__(self) -> None:
        expected = (self.shape.rows, self.shape.slots)
        if self.code.shape != expected:
            raise HardmaxError(f"expected a table of shape {expected}, found {self.code.shape}")
        if np.any(self.code < 0) or np.any(self.code >= self.shape.limits()):
            raise HardmaxError("a table entry names a value that its slot cannot read")

    def to_program(self, metadata: Metadata) -> Program:
        """The table as a program of one controller state; every module stays where it is."""
        shape = self.shape
        slots = [
            (gate, shape.operand_slot(module), shape.operand_slot(module) + GATES[gate].arity)
            for module, gate in enumerate(shape.modules)
        ]
        operation = functools.cache(Operation)  # 2^R rows share few different ones

        def circuit(row: tuple[int, ...]) -> Circuit:
            return Circuit(
                tuple(operation(gate, row[first:last]) for gate, first, last in slots),
                row[: shape.registers],
                bool(row[shape.halt_slot]),
            )

        rows = tuple(Row(circuit(tuple(row.tolist()))) for row in self.code)
        return Program(shape.registers, (rows,), metadata)
