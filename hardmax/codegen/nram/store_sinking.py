"""WRITEs to cell 0 that need not happen in every turn of a loop, but only when it is left.

Learned programs love to write to cell 0, because 0 is the address at hand. In a loop of one node
in which every other address is known not to be 0, nobody looks at cell 0 before the loop is left:
its last value is enough. What it is computed from is kept, and it is computed on the way out.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from hardmax.codegen.nram.cfg import Node
from hardmax.runtime.nram.gates import EFFECTS, Gate
from hardmax.runtime.nram.program import Circuit, Operation


@dataclass(frozen=True)
class SunkWrite:
    """The one WRITE to cell 0 of a timestep.

    Attributes:
        operation: the number of the WRITE's own value.
        value: the number of the value that cell 0 takes.
        leaves: the registers and the READs that it is computed from.
    """

    operation: int
    value: int
    leaves: tuple[int, ...]


def sunk_write(node: Node, nonzero: Collection[int]) -> SunkWrite | None:
    """The WRITE to cell 0 that a loop of this node can leave for later, if there is one.

    Args:
        nonzero: the values that are not 0.
    """
    circuit = node.circuit
    registers = len(circuit.outputs)
    zeros = {register for register in range(registers) if node.is_zero(register)}
    found: SunkWrite | None = None
    for value, operation in enumerate(circuit.operations, start=registers):
        if operation.gate in (Gate.ZERO, Gate.WRITE):
            zeros.add(value)
        if operation.gate not in EFFECTS or operation.operands[0] in nonzero:
            continue
        if found or operation.gate is Gate.READ or operation.operands[0] not in zeros:
            return None
        written = operation.operands[1]
        found = SunkWrite(value, written, _leaves(node, written))
    return found


def without_write(circuit: Circuit, sunk: SunkWrite) -> Circuit:
    """The circuit with a ZERO in the place of the sunk WRITE."""
    operations = list(circuit.operations)
    operations[sunk.operation - len(circuit.outputs)] = Operation(Gate.ZERO, ())
    return replace(circuit, operations=tuple(operations))


def _leaves(node: Node, value: int) -> tuple[int, ...]:
    registers = len(node.circuit.outputs)
    needed, leaves = {value}, set()
    for other in range(value, registers - 1, -1):
        operation = node.circuit.operations[other - registers]
        if other not in needed or operation.gate is Gate.WRITE:
            continue
        if operation.gate is Gate.READ:
            leaves.add(other)
        else:
            needed.update(operation.operands)
    return tuple(sorted(leaves | {other for other in needed if other < registers}))
