"""Pass: registers that decide nothing and feed nothing but each other leave the machine."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from hardmax.runtime.nram.gates import EFFECTS
from hardmax.runtime.nram.passes.liveness import keep_live_operations
from hardmax.runtime.nram.passes.reachability import Situation, reachability
from hardmax.runtime.nram.passes.value_classes import MEMORY_SIZES, MemorySizes
from hardmax.runtime.nram.program import Circuit, Operation, Program, Row


def drop_dead_registers(
    program: Program, memory_sizes: Sequence[MemorySizes] = MEMORY_SIZES
) -> Program:
    """Remove every register whose value reaches no effect and whose zero-bit chooses no row.

    One register always stays. Right on memories of the given sizes.
    """
    live = sorted(_live_registers(program, reachability(program, memory_sizes).missing))
    if len(live) == program.registers:
        return program
    table = tuple(_project(rows, live) for rows in program.table)
    return replace(program, registers=max(1, len(live)), table=table)


def _live_registers(program: Program, missing: Collection[Situation]) -> set[int]:
    """The least set such that no register outside it is missed: it grows until none is."""
    live: set[int] = set()
    while True:
        missed = {register for register in _missed(program, missing, live) if register not in live}
        if not missed:
            return live
        live |= missed


def _missed(
    program: Program, missing: Collection[Situation], live: Collection[int]
) -> Iterator[int]:
    """Registers that are of use to the live ones, to an effect or to the choice of a row."""
    for circuit in program.circuits():
        kept = _without_dead_registers(circuit, live)
        values = [value for operation in kept.operations for value in operation.operands]
        values += [kept.outputs[register] for register in live]
        yield from (value for value in values if value < program.registers)
    mask = sum(1 << register for register in live)
    for state, rows in enumerate(program.table):
        chosen: dict[int, tuple[int, Row | None]] = {}
        for bits, row in enumerate(rows):
            if row is None and (state, bits) not in missing:
                continue
            kept_row = row and replace(row, circuit=_without_dead_registers(row.circuit, live))
            other_bits, other_row = chosen.setdefault(bits & mask, (bits, kept_row))
            if kept_row != other_row:
                yield (bits ^ other_bits).bit_length() - 1


def _without_dead_registers(circuit: Circuit, live: Collection[int]) -> Circuit:
    """The circuit in which every other register keeps its value."""
    outputs = tuple(
        value if register in live else register for register, value in enumerate(circuit.outputs)
    )
    return keep_live_operations(replace(circuit, outputs=outputs), EFFECTS)


def _project(rows: Sequence[Row | None], live: Sequence[int]) -> tuple[Row | None, ...]:
    """The rows of one state for a machine that has the live registers only."""
    projected: list[Row | None] = [None] * (1 << len(live))
    for bits, row in enumerate(rows):
        if row is not None:
            live_bits = sum((bits >> register & 1) << i for i, register in enumerate(live))
            projected[live_bits] = replace(row, circuit=_project_circuit(row.circuit, live))
    return tuple(projected) if live else (projected[0], projected[0])


def _project_circuit(circuit: Circuit, live: Sequence[int]) -> Circuit:
    """Where no register is live, one stays and keeps its 0."""
    registers = len(circuit.outputs)
    circuit = _without_dead_registers(circuit, live)
    number = {register: i for i, register in enumerate(live)}
    for i in range(len(circuit.operations)):
        number[registers + i] = max(1, len(live)) + i
    return Circuit(
        tuple(
            Operation(operation.gate, tuple(number[operand] for operand in operation.operands))
            for operation in circuit.operations
        ),
        tuple(number[circuit.outputs[register]] for register in live) or (0,),
        circuit.halt,
    )
