"""The places of a program: what it may do in a timestep, and when.

Rows of the table that do the same in the same controller state are one place. A proof follows runs
from place to place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import z3

from hardmax.prover.gates import Integer
from hardmax.runtime.nram.interpreter import Timestep
from hardmax.runtime.nram.program import Circuit, Program, Row


@dataclass(frozen=True)
class Place:
    """A row of the table in a controller state, with every pattern of zero-bits that leads to it.

    ``row`` is None for the patterns whose rows the program lacks.
    """

    name: str
    state: int
    row: Row | None
    patterns: frozenset[int]


class Places:
    """The places of a program, by state."""

    def __init__(self, program: Program) -> None:
        number = {circuit: i for i, circuit in enumerate(program.circuits())}
        states = len(program.table)
        self.registers = program.registers
        self.by_state: list[list[Place]] = []
        self.by_name: dict[str, Place] = {}
        for state, rows in enumerate(program.table):
            found: dict[str, tuple[Row | None, set[int]]] = {}
            for bits, row in enumerate(rows):
                name = _name(row, number, state, states)
                found.setdefault(name, (row, set()))[1].add(bits)
            places = [
                Place(name, state, row, frozenset(patterns))
                for name, (row, patterns) in found.items()
            ]
            self.by_state.append(places)
            self.by_name |= {place.name: place for place in places}
        self.start = self.at(program.start_state, program.start_bits)

    def at(self, state: int, bits: int) -> Place:
        """Where a run is that has these zero-bits."""
        return next(place for place in self.by_state[state] if bits in place.patterns)

    def of(self, timestep: Timestep) -> Place:
        """Where a traced timestep was executed."""
        if not isinstance(timestep.state, int):
            raise TypeError("a program with a table has numbered states")
        return self.at(timestep.state, timestep.bits)

    def condition(self, place: Place, registers: Sequence[Integer]) -> z3.BoolRef:
        """Whether registers have zero-bits of the place."""
        return _decide(place.patterns, registers, len(registers) - 1, 0)


def _name(row: Row | None, number: dict[Circuit, int], state: int, states: int) -> str:
    """A place's name, as in the certificate."""
    prefix = f"state {state} " if states > 1 else ""
    if row is None:
        return f"{prefix}missing row"
    suffix = f" to state {row.next_state}" if states > 1 and not row.circuit.halt else ""
    return f"{prefix}circuit {number[row.circuit]}{suffix}"


def _decide(
    patterns: frozenset[int], registers: Sequence[Integer], register: int, bits: int
) -> z3.BoolRef:
    """Membership of ``patterns``, decided register by register from the highest; ``bits`` so far.

    Halves that decide the same are decided once.
    """
    if register < 0:
        return z3.BoolVal(bits in patterns)
    if_zero = _decide(patterns, registers, register - 1, bits | 1 << register)
    if_not = _decide(patterns, registers, register - 1, bits)
    if if_zero.eq(if_not):
        return if_zero
    return z3.simplify(z3.If(registers[register] == 0, if_zero, if_not))
