"""Pass: values that are always 0, 1 mod M or 2 mod M become constants, with M symbolic.

What is always what, the reachability analysis says: row by row, on memories of every size in
question. WRITE and READ stay; what took their value takes the constant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hardmax.runtime.nram.gates import GATES, Gate
from hardmax.runtime.nram.passes.reachability import Entry, classes_of_values, reachability
from hardmax.runtime.nram.passes.rewriting import CircuitBuilder, map_rows
from hardmax.runtime.nram.passes.value_classes import MEMORY_SIZES, MemorySizes, outcomes
from hardmax.runtime.nram.program import Circuit, Program

CONSTANTS = (Gate.ZERO, Gate.ONE, Gate.TWO)


def fold_constants(program: Program, memory_sizes: Sequence[MemorySizes] = MEMORY_SIZES) -> Program:
    """Replace constant values by ZERO, ONE and TWO; right on memories of the given sizes."""
    entries = reachability(program, memory_sizes).entries
    return map_rows(
        program,
        lambda situation, row: (
            _fold(row.circuit, entries[situation]) if situation in entries else row.circuit
        ),
    )


def _fold(circuit: Circuit, entries: Mapping[MemorySizes, Entry]) -> Circuit:
    constants = _constants(circuit, entries)
    used = [*circuit.outputs, *(v for o in circuit.operations for v in o.operands)]
    builder = CircuitBuilder(len(circuit.outputs))
    number = {
        gate: builder.add(gate)
        for gate in CONSTANTS
        if any(constants.get(value) is gate for value in used)
    }
    for register in range(builder.registers):
        if register in constants and register in used:
            builder.number[register] = number[constants[register]]
    for value, operation in enumerate(circuit.operations, start=builder.registers):
        if value not in constants:
            builder.number[value] = builder.add(operation.gate, builder.operands(operation))
            continue
        if GATES[operation.gate].meaning is None:
            builder.add(operation.gate, builder.operands(operation))
        if value in used:
            builder.number[value] = number[constants[value]]
    return builder.finish(circuit)


def _constants(circuit: Circuit, entries: Mapping[MemorySizes, Entry]) -> dict[int, Gate]:
    """The values that are a constant in every group of sizes."""
    found: dict[int, Gate] = {}
    classes = {sizes: classes_of_values(circuit, entry, sizes) for sizes, entry in entries.items()}
    for value in range(len(circuit.outputs) + len(circuit.operations)):
        for gate in CONSTANTS:
            if all(
                of_values[value] == set(outcomes(gate, sizes, False)[()])
                for sizes, of_values in classes.items()
            ):
                found.setdefault(value, gate)
    return found
