"""Pass: what a circuit has computed, read or written once is not computed, read or written again.

Within one timestep: equal operations on equal values share one value; a cell that was read or
written is not read again while nothing may have changed it; a cell is not given the value that
it holds, nor a value that is overwritten before anybody looks.
"""

from __future__ import annotations

from hardmax.runtime.nram.gates import Gate
from hardmax.runtime.nram.passes.map_circuits import map_circuits
from hardmax.runtime.nram.passes.rewriting import CircuitBuilder
from hardmax.runtime.nram.program import Circuit, Operation, Program

COMMUTATIVE = frozenset({Gate.ADD, Gate.EQUALITY_TEST, Gate.MIN, Gate.MAX})


def share_values(program: Program) -> Program:
    """Remove repeated operations and memory accesses from every circuit."""
    return map_circuits(map_circuits(program, _share), _drop_overwritten)


def _share(circuit: Circuit) -> Circuit:
    builder = CircuitBuilder(len(circuit.outputs))
    computed: dict[tuple[Gate, tuple[int, ...]], int] = {}
    cells: dict[int, int] = {}  # address -> what that cell holds
    for value, operation in enumerate(circuit.operations, start=builder.registers):
        gate, operands = operation.gate, builder.operands(operation)
        if gate is Gate.READ:
            (address,) = operands
            if address not in cells:
                cells[address] = builder.add(gate, operands)
            builder.number[value] = cells[address]
            continue
        if gate is Gate.WRITE:
            address, written = operands
            if cells.get(address) == written:
                builder.number[value] = _shared(builder, computed, Gate.ZERO, ())
                continue
            # Other cells may be this one; where they hold the same value it makes no difference.
            cells = {cell: held for cell, held in cells.items() if held == written}
            cells[address] = written
            builder.number[value] = builder.add(gate, operands)
            continue
        builder.number[value] = _shared(builder, computed, gate, operands)
    return builder.finish(circuit)


def _shared(
    builder: CircuitBuilder,
    computed: dict[tuple[Gate, tuple[int, ...]], int],
    gate: Gate,
    operands: tuple[int, ...],
) -> int:
    key = (gate, tuple(sorted(operands)) if gate in COMMUTATIVE else operands)
    if key not in computed:
        computed[key] = builder.add(gate, operands)
    return computed[key]


def _drop_overwritten(circuit: Circuit) -> Circuit:
    """A WRITE is of no use where the next memory access writes the same cell: a READ between
    could meet its value, or end the run while it is in memory. The value it yields is 0."""
    overwritten: set[int] = set()
    following: set[int] = set()  # addresses that are written before anything is read
    for i, operation in reversed(list(enumerate(circuit.operations))):
        if operation.gate is Gate.READ:
            following.clear()
        elif operation.gate is Gate.WRITE:
            if operation.operands[0] in following:
                overwritten.add(i)
            following.add(operation.operands[0])
    operations = tuple(
        Operation(Gate.ZERO, ()) if i in overwritten else operation
        for i, operation in enumerate(circuit.operations)
    )
    return Circuit(operations, circuit.outputs, circuit.halt)
