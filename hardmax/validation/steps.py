"""A timestep of a Program on any memory, as z3 terms: how it may go, and when it goes so.

The meaning is that of ``hardmax.runtime.nram.interpreter``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import z3

from hardmax.runtime.abi import Status
from hardmax.runtime.nram.gates import Gate
from hardmax.runtime.nram.program import Program, Row
from hardmax.validation.gates import MEANING, Word


@dataclass(frozen=True)
class State:
    """A Program before a timestep.

    Attributes:
        number: of the controller's state.
        registers: of 32 bits each.
        memory: an array from addresses to values, 32 bits each.
        left: the timesteps that may still run, of 64 bits.
    """

    number: int
    registers: tuple[Word, ...]
    memory: z3.ArrayRef
    left: Word


@dataclass(frozen=True)
class Ended:
    """A run that is over, with the timesteps that it did not use."""

    status: Status
    memory: z3.ArrayRef
    left: Word


Outcome = tuple[z3.BoolRef, State | Ended]
"""What a timestep leads to, and the condition under which it does."""


def timestep(program: Program, state: State, size: Word) -> Iterator[Outcome]:
    """Every way a timestep may go; exactly one condition holds."""
    over = state.left == 0
    yield over, Ended(Status.STEP_LIMIT, state.memory, state.left)
    patterns: dict[Row | None, list[int]] = {}
    for bits, row in enumerate(program.table[state.number]):
        patterns.setdefault(row, []).append(bits)
    for row, chosen in patterns.items():
        here = z3.And(z3.Not(over), has_bits(state.registers, chosen))
        if row is None:
            yield here, Ended(Status.UNREACHABLE_ROW, state.memory, state.left)
        else:
            for condition, outcome in _execute(row, state, size):
                yield z3.And(here, condition), outcome


def has_bits(registers: tuple[Word, ...], patterns: list[int]) -> z3.BoolRef:
    """Whether the zero-bits of registers are one of some patterns."""
    zero = [register == 0 for register in registers]
    return z3.Or(
        *(
            z3.And(*(bit if bits >> i & 1 else z3.Not(bit) for i, bit in enumerate(zero)))
            for bits in patterns
        )
    )


def _execute(row: Row, state: State, size: Word) -> Iterator[Outcome]:
    values = list(state.registers)
    memory = state.memory
    readable: list[z3.BoolRef] = []
    for operation in row.circuit.operations:
        operands = [values[operand] for operand in operation.operands]
        if operation.gate is Gate.READ:
            value = memory[operands[0]]
            outside = z3.And(*readable, z3.UGE(value, size))
            yield outside, Ended(Status.VALUE_OUT_OF_RANGE, memory, state.left)
            readable.append(z3.ULT(value, size))
            values.append(value)
        elif operation.gate is Gate.WRITE:
            address, value = operands
            memory = z3.Store(memory, address, value)
            values.append(z3.BitVecVal(0, size.size()))
        else:
            a, b = (*operands, *2 * [z3.BitVecVal(0, size.size())])[:2]
            values.append(z3.simplify(MEANING[operation.gate](a, b, size)))
    left = state.left - 1
    if row.circuit.halt:
        yield z3.And(*readable), Ended(Status.HALTED, memory, left)
    else:
        registers = tuple(values[output] for output in row.circuit.outputs)
        yield z3.And(*readable), State(row.next_state, registers, memory, left)
