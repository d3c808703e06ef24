"""The reference interpreter: the exact meaning of a timestep, written for reading.

Everything compiled is held against this file: same memory, same number of timesteps, same status.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from hardmax.runtime.abi import Status
from hardmax.runtime.arrays import as_array, checked_integer, expect_integers
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.nram.abi import ending
from hardmax.runtime.nram.gates import GATES, Gate
from hardmax.runtime.nram.lstm import LstmState
from hardmax.runtime.nram.program import Circuit
from hardmax.runtime.nram.programs import RamProgram
from hardmax.runtime.text import listed


@dataclass(frozen=True)
class Timestep:
    """One executed timestep, as a row of the paper's Table 2.

    Attributes:
        memory: the cells at the start of the timestep.
        registers: the registers at the start of the timestep.
        state: the controller's state.
        bits: bit i is 1 iff register i is 0.
        accesses: the (gate, operand values) of every READ and WRITE, in order.
    """

    memory: tuple[int, ...]
    registers: tuple[int, ...]
    state: int | LstmState
    bits: int
    accesses: tuple[tuple[Gate, tuple[int, ...]], ...]


@dataclass(frozen=True, repr=False)
class Result:
    """What a run left: final memory, completed timesteps and how it ended."""

    memory: tuple[int, ...]
    steps: int
    status: Status

    @property
    def halted(self) -> bool:
        """Whether the program itself chose to stop."""
        return self.status is Status.HALTED

    def __repr__(self) -> str:
        return f"<Result: {ending(self.status, self.steps)}, memory {listed(self.memory)}>"


class _ValueOutOfRangeError(Exception):
    """A READ met a value that is no address."""


def run(program: RamProgram, memory: Sequence[int], max_steps: int) -> Result:
    """Run a program on a copy of ``memory``.

    Args:
        memory: M >= 1 cells; a cell may hold any value, but one that is not below M ends the run
            when it is read.
        max_steps: timesteps after which the run is stopped.

    Raises:
        HardmaxError: the memory is empty, or it or ``max_steps`` is not as above.
    """
    machine = _Machine(program, memory)
    max_steps = checked_integer(max_steps, "max_steps", 0)
    while machine.steps < max_steps and machine.step():
        pass
    return Result(tuple(machine.memory), machine.steps, machine.status)


def trace(program: RamProgram, memory: Sequence[int], max_steps: int) -> Iterator[Timestep]:
    """Yield every completed timestep of :func:`run`, in order.

    Raises:
        HardmaxError: the memory is empty.
    """
    machine = _Machine(program, memory)
    max_steps = checked_integer(max_steps, "max_steps", 0)
    while machine.steps < max_steps:
        before = (tuple(machine.memory), tuple(machine.registers), machine.state, machine.bits())
        if not machine.step():
            return
        yield Timestep(*before, tuple(machine.accesses))


class _Machine:
    """The changing state of one run."""

    def __init__(self, program: RamProgram, memory: Sequence[int]) -> None:
        expected = "a memory of integers"
        cells = as_array(memory, expected)
        if cells.ndim != 1:
            raise HardmaxError(f"expected {expected}: 1 dimension, found the shape {cells.shape}")
        if len(cells) == 0:
            raise HardmaxError("expected a memory of at least one cell, found none")
        expect_integers(cells, ("cell",), expected)
        self.program = program
        self.memory: list[int] = [int(value) for value in cells.tolist()]
        self.registers = [0] * program.registers
        self.state: Any = program.start_state
        self.steps = 0
        self.status = Status.STEP_LIMIT
        self.accesses: list[tuple[Gate, tuple[int, ...]]] = []

    def bits(self) -> int:
        return sum(1 << i for i, value in enumerate(self.registers) if value == 0)

    def step(self) -> bool:
        """Run one timestep; False where there is none, because the run has ended."""
        if self.status is not Status.STEP_LIMIT:
            return False
        row = self.program.row(self.state, self.bits())
        if row is None:
            self.status = Status.UNREACHABLE_ROW
            return False
        try:
            self._execute(row.circuit)
        except _ValueOutOfRangeError:
            self.status = Status.VALUE_OUT_OF_RANGE
            return False
        self.state = row.next_state
        self.steps += 1
        if row.circuit.halt:
            self.status = Status.HALTED
        return True

    def _execute(self, circuit: Circuit) -> None:
        size = len(self.memory)
        values = list(self.registers)
        self.accesses.clear()
        for operation in circuit.operations:
            operands = tuple(values[operand] for operand in operation.operands)
            meaning = GATES[operation.gate].meaning
            if meaning is not None:
                a, b = (*operands, 0, 0)[:2]
                values.append(meaning(a, b, size))
                continue
            self.accesses.append((operation.gate, operands))
            if operation.gate is Gate.READ:
                values.append(self._read(operands[0]))
            else:
                address, value = operands
                self.memory[address] = value
                values.append(0)
        self.registers = [values[output] for output in circuit.outputs]

    def _read(self, address: int) -> int:
        value = self.memory[address]
        if not 0 <= value < len(self.memory):
            raise _ValueOutOfRangeError
        return value
