"""Which values of a circuit are of use, and the circuit without the others."""

from __future__ import annotations

from collections.abc import Collection

from hardmax.runtime.nram.gates import Gate
from hardmax.runtime.nram.program import Circuit, Operation


def live_values(circuit: Circuit, effects: Collection[Gate]) -> frozenset[int]:
    """The values that reach a register or an operation with an effect, in any number of steps.

    Args:
        effects: the gates that are of use whatever becomes of their value.

    Returns:
        value numbers; registers at the start of the timestep are among them where they are used.
    """
    live = set(circuit.outputs)
    values = list(enumerate(circuit.operations, start=len(circuit.outputs)))
    for value, operation in reversed(values):
        if value in live or operation.gate in effects:
            live |= {value, *operation.operands}
    return frozenset(live)


def keep_live_operations(circuit: Circuit, effects: Collection[Gate]) -> Circuit:
    """The circuit without the operations whose value is not among its :func:`live_values`."""
    registers = len(circuit.outputs)
    live = live_values(circuit, effects)
    number = {register: register for register in range(registers)}
    operations: list[Operation] = []
    for value, operation in enumerate(circuit.operations, start=registers):
        if value in live:
            number[value] = registers + len(operations)
            operands = tuple(number[operand] for operand in operation.operands)
            operations.append(Operation(operation.gate, operands))
    outputs = tuple(number[output] for output in circuit.outputs)
    return Circuit(tuple(operations), outputs, circuit.halt)
