"""What the passes that replace values of a circuit share: building the new circuit in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from hardmax.runtime.nram.gates import Gate
from hardmax.runtime.nram.passes.reachability import Situation
from hardmax.runtime.nram.program import Circuit, Operation, Program, Row


class CircuitBuilder:
    """A circuit under construction, and where the old circuit's values are in it.

    Attributes:
        operations: the new circuit's operations so far.
        number: new number of each old value that has one; at the start the registers.
    """

    def __init__(self, registers: int) -> None:
        self.registers = registers
        self.operations: list[Operation] = []
        self.number = {register: register for register in range(registers)}

    def add(self, gate: Gate, operands: Iterable[int] = ()) -> int:
        """Append an operation on new values and return the number of its value."""
        self.operations.append(Operation(gate, tuple(operands)))
        return self.registers + len(self.operations) - 1

    def operation_of(self, value: int) -> Operation | None:
        """The operation that computes a new value; None for a register."""
        return None if value < self.registers else self.operations[value - self.registers]

    def operands(self, operation: Operation) -> tuple[int, ...]:
        """The new numbers of an old operation's operands."""
        return tuple(self.number[operand] for operand in operation.operands)

    def finish(self, circuit: Circuit) -> Circuit:
        """The new circuit; registers take the values that replace those of the old one."""
        outputs = tuple(self.number[output] for output in circuit.outputs)
        return Circuit(tuple(self.operations), outputs, circuit.halt)


def map_rows(program: Program, rewrite: Callable[[Situation, Row], Circuit]) -> Program:
    """Give every row the circuit that ``rewrite`` returns for it."""
    return replace(
        program,
        table=tuple(
            tuple(
                None if row is None else replace(row, circuit=rewrite((state, bits), row))
                for bits, row in enumerate(rows)
            )
            for state, rows in enumerate(program.table)
        ),
    )
