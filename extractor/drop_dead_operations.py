"""Pass: operations whose value nobody uses are removed, as in the paper's figures.

READ and WRITE (``runtime.gates.EFFECTS``) always stay. So do registers that no circuit reads:
their zero-bits still choose the row.
"""

from __future__ import annotations

from extractor.map_circuits import map_circuits
from runtime.gates import EFFECTS
from runtime.program import Circuit, Operation, Program


def drop_dead_operations(program: Program) -> Program:
    """Remove operations without effect whose value reaches neither a register nor an effect."""
    return map_circuits(program, _drop_dead_operations)


def _drop_dead_operations(circuit: Circuit) -> Circuit:
    registers = len(circuit.outputs)
    used = set(circuit.outputs)
    values = list(enumerate(circuit.operations, start=registers))
    for value, operation in reversed(values):
        if value in used or operation.gate in EFFECTS:
            used |= {value, *operation.operands}
    number = {register: register for register in range(registers)}
    operations: list[Operation] = []
    for value, operation in values:
        if value in used:
            number[value] = registers + len(operations)
            operands = tuple(number[operand] for operand in operation.operands)
            operations.append(Operation(operation.gate, operands))
    outputs = tuple(number[output] for output in circuit.outputs)
    return Circuit(tuple(operations), outputs, circuit.halt)
