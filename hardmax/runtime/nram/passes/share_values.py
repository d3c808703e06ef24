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


def useless_writes(circuit: Circuit) -> frozenset[int]:
    """The operations that the pass removes though they are WRITEs, by index.

    A machine writes in every timestep, whether it needs to or not.
    """
    builder = _shared_values(circuit)
    shared = builder.finish(circuit)
    overwritten = _overwritten(shared)
    useless = set()
    for index, operation in enumerate(circuit.operations):
        if operation.gate is Gate.WRITE:
            left = builder.number[builder.registers + index] - builder.registers
            if shared.operations[left].gate is not Gate.WRITE or left in overwritten:
                useless.add(index)
    return frozenset(useless)


def _share(circuit: Circuit) -> Circuit:
    return _shared_values(circuit).finish(circuit)


def _shared_values(circuit: Circuit) -> CircuitBuilder:
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
    return builder


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


def _overwritten(circuit: Circuit) -> set[int]:
    """The WRITEs after which the same cell is written before anything is read, by index: a READ
    between could meet their value, or end the run while it is in memory."""
    overwritten: set[int] = set()
    following: set[int] = set()  # addresses that are written before anything is read
    for i, operation in reversed(list(enumerate(circuit.operations))):
        if operation.gate is Gate.READ:
            following.clear()
        elif operation.gate is Gate.WRITE:
            if operation.operands[0] in following:
                overwritten.add(i)
            following.add(operation.operands[0])
    return overwritten


def _drop_overwritten(circuit: Circuit) -> Circuit:
    """The circuit without those WRITEs; the value that they yield is 0."""
    overwritten = _overwritten(circuit)
    operations = tuple(
        Operation(Gate.ZERO, ()) if i in overwritten else operation
        for i, operation in enumerate(circuit.operations)
    )
    return Circuit(operations, circuit.outputs, circuit.halt)
