"""Pass: identities of arithmetic mod M replace operations by simpler ones or by their operands.

All of them hold for every M >= 1, where 1 and 2 are taken mod M. Values that are always equal to a
constant are the business of ``hardmax.runtime.nram.passes.fold_constants``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hardmax.runtime.nram.gates import Gate
from hardmax.runtime.nram.passes.reachability import Entry, classes_of_values, reachability
from hardmax.runtime.nram.passes.rewriting import CircuitBuilder, map_rows
from hardmax.runtime.nram.passes.value_classes import MEMORY_SIZES, MemorySizes, ValueClass
from hardmax.runtime.nram.program import Circuit, Operation, Program

_CHOICES = (Gate.MIN, Gate.MAX)


def simplify_arithmetic(
    program: Program, memory_sizes: Sequence[MemorySizes] = MEMORY_SIZES
) -> Program:
    """Apply the identities to every circuit; right on memories of the given sizes."""
    entries = reachability(program, memory_sizes).entries
    return map_rows(
        program,
        lambda situation, row: _simplify(row.circuit, entries.get(situation, {})),
    )


def _simplify(circuit: Circuit, entries: Mapping[MemorySizes, Entry]) -> Circuit:
    classes = (
        [classes_of_values(circuit, entry, sizes) for sizes, entry in entries.items()]
        if any(operation.gate in _CHOICES for operation in circuit.operations)
        else []
    )
    builder = CircuitBuilder(len(circuit.outputs))
    for value, operation in enumerate(circuit.operations, start=builder.registers):
        chosen = _decided_choice(operation, classes)
        if chosen is not None:
            builder.number[value] = builder.number[chosen]
            continue
        operands = builder.operands(operation)
        gate, operands, same = _rewrite(builder, operation.gate, operands)
        builder.number[value] = builder.add(gate, operands) if same is None else same
    return builder.finish(circuit)


def _decided_choice(
    operation: Operation, classes: Sequence[Sequence[frozenset[ValueClass]]]
) -> int | None:
    """The operand that MIN or MAX always takes, if their classes tell."""
    if operation.gate not in _CHOICES or not classes:
        return None
    a, b = operation.operands
    for low, high in ((a, b), (b, a)):
        if all(max(c[low]) < ValueClass.LARGER and max(c[low]) <= min(c[high]) for c in classes):
            return low if operation.gate is Gate.MIN else high
    return None


def _rewrite(
    builder: CircuitBuilder, gate: Gate, operands: tuple[int, ...]
) -> tuple[Gate, tuple[int, ...], int | None]:
    """What to compute instead: a gate and its operands, or a value that is there already."""
    if gate is Gate.ADD and _is(builder, operands[0], Gate.ZERO, Gate.ONE):
        operands = operands[::-1]
    if gate in (Gate.ADD, Gate.SUB) and _is(builder, operands[1], Gate.ONE):
        gate, operands = (Gate.INC if gate is Gate.ADD else Gate.DEC), operands[:1]
    return gate, operands, _equal_value(builder, gate, operands)


def _is(builder: CircuitBuilder, value: int, *gates: Gate) -> bool:
    operation = builder.operation_of(value)
    return operation is not None and operation.gate in gates


def _equal_value(builder: CircuitBuilder, gate: Gate, operands: tuple[int, ...]) -> int | None:
    """An earlier value that is equal to that of the gate, mod every M."""
    inner = [builder.operation_of(operand) for operand in operands]
    match gate, operands, inner:
        case Gate.ADD | Gate.SUB, (x, _), (_, Operation(gate=Gate.ZERO)):  # x + 0, x - 0
            return x
        case Gate.MIN | Gate.MAX, (x, y), _ if x == y:
            return x
        case Gate.INC, _, (Operation(gate=Gate.DEC, operands=(x,)),):  # (x - 1) + 1
            return x
        case Gate.DEC, _, (Operation(gate=Gate.INC, operands=(x,)),):  # (x + 1) - 1
            return x
        case Gate.SUB, (_, z), (Operation(gate=Gate.ADD, operands=(x, y)), _) if z in (x, y):
            return y if z == x else x  # (x + y) - x = y, (x + y) - y = x
        case Gate.SUB, (z, _), (_, Operation(gate=Gate.SUB, operands=(x, y))) if z == x:
            return y  # x - (x - y)
        case Gate.ADD, (_, z), (Operation(gate=Gate.SUB, operands=(x, y)), _) if z == y:
            return x  # (x - y) + y
        case Gate.ADD, (z, _), (_, Operation(gate=Gate.SUB, operands=(x, y))) if z == y:
            return x  # y + (x - y)
    return None
