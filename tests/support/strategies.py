"""Hypothesis strategies shared by all tests: random circuits, programs and memories.

Memories are those that the verification of users' programs draws.
"""

from __future__ import annotations

import json

from hypothesis import strategies as st

from hardmax.runtime.nram.gates import GATES, Gate
from hardmax.runtime.nram.program import Circuit, Metadata, Operation, Program, Row, StepBudget
from hardmax.verification.memory_strategies import arbitrary_memories, memories

__all__ = [
    "POINTERS",
    "arbitrary_memories",
    "circuits",
    "memories",
    "pointer_loop",
    "pointer_loops",
    "programs",
]

ALWAYS_ZERO = (Gate.ZERO, Gate.WRITE)
"""Gates whose output is 0 for every M, memory and operands."""


@st.composite
def circuits(draw: st.DrawFn, registers: int, max_operations: int = 8) -> Circuit:
    """Any gates on any values: dead ones, repeated ones and READs of what was just written."""
    operations: list[Operation] = []
    for gate in draw(st.lists(st.sampled_from(Gate), max_size=max_operations)):
        value = st.integers(0, registers + len(operations) - 1)
        operations.append(Operation(gate, tuple(draw(value) for _ in GATES[gate].operands)))
    output = st.integers(0, registers + len(operations) - 1)
    outputs = tuple(draw(output) for _ in range(registers))
    return Circuit(tuple(operations), outputs, halt=draw(st.integers(0, 4)) == 4)


@st.composite
def programs(draw: st.DrawFn, max_registers: int = 4, max_states: int = 3) -> Program:
    """Any rows over a few circuits; some of the rows that no run can reach are None."""
    registers = draw(st.integers(1, max_registers))
    states = draw(st.integers(1, max_states))
    pool = draw(st.lists(circuits(registers), min_size=1, max_size=6))
    row = st.builds(Row, st.sampled_from(pool), st.integers(0, states - 1))
    state = st.tuples(*(row for _ in range(1 << registers)))
    table = draw(st.tuples(*(state for _ in range(states))))
    program = Program(registers, table, Metadata("random", StepBudget(2, 8)))
    rows = {(state, bits) for state, bits, _ in program.rows()}
    unreachable = sorted(rows - _possible(program))
    if not unreachable:
        return program
    missing = draw(st.sets(st.sampled_from(unreachable)))
    return Program(
        registers,
        tuple(
            tuple(None if (s, bits) in missing else row for bits, row in enumerate(rows))
            for s, rows in enumerate(table)
        ),
        program.metadata,
    )


def _possible(program: Program) -> set[tuple[int, int]]:
    """At least the (state, bits) that some run visits: only outputs that are always 0 are known."""
    possible = {(0, program.start_bits)}
    pending = list(possible)
    while pending:
        state, bits = pending.pop()
        row = program.table[state][bits]
        if row is None or row.circuit.halt:
            continue
        certain = _certain_bits(row.circuit)
        following = {
            (row.next_state, bits)
            for bits in range(1 << program.registers)
            if bits & certain == certain
        }
        pending.extend(following - possible)
        possible |= following
    return possible


def _certain_bits(circuit: Circuit) -> int:
    """The zero-bits of the registers that are 0 after the circuit, whatever it worked on."""
    registers = len(circuit.outputs)
    zeros = {
        registers + i
        for i, operation in enumerate(circuit.operations)
        if operation.gate in ALWAYS_ZERO
    }
    return sum(1 << register for register, value in enumerate(circuit.outputs) if value in zeros)


def _op(gate: Gate, *operands: int) -> Operation:
    return Operation(gate, operands)


POINTERS = 3
"""Registers of a pointer loop that start as what the first cells hold."""


def pointer_loop(*turns: Circuit) -> Program:
    """Takes turns until register 0 is 0; the first registers start as what the first cells hold."""
    registers = len(turns[0].outputs)
    constants = (_op(Gate.ZERO), _op(Gate.ONE), _op(Gate.TWO))
    reads = tuple(_op(Gate.READ, registers + i) for i in range(POINTERS))
    taken = range(registers + len(constants), registers + len(constants) + POINTERS)
    rest = (registers,) * (registers - POINTERS)
    start = Row(Circuit((*constants, *reads), (*taken, *rest), halt=False), 1)
    halt = Row(Circuit((), tuple(range(registers)), halt=True))
    table = [(start,) * (1 << registers)]
    for i, turn in enumerate(turns, start=1):
        row = Row(turn, 1 + i % len(turns))
        table.append(tuple(halt if bits & 1 else row for bits in range(1 << registers)))
    return Program(registers, tuple(table), Metadata("loop", StepBudget(2, 8)))


@st.composite
def _turns(draw: st.DrawFn, registers: int) -> Circuit:
    """Counts with most of its registers and uses them as addresses."""
    operations: list[Operation] = []
    outputs = list(range(registers))
    for register in range(registers):
        for gate in draw(st.sampled_from(((Gate.INC,), (Gate.DEC,), (), (Gate.INC, Gate.INC)))):
            operations.append(_op(gate, outputs[register]))
            outputs[register] = registers + len(operations) - 1
    gates = (*Gate, Gate.READ, Gate.READ, Gate.WRITE, Gate.WRITE)
    for gate in draw(st.lists(st.sampled_from(gates), min_size=1, max_size=6)):
        address = st.integers(0, registers - 1)
        value = st.integers(0, registers + len(operations) - 1)
        operands = [draw(value) for _ in GATES[gate].operands]
        if gate in (Gate.READ, Gate.WRITE) and draw(st.integers(0, 3)):
            operands[0] = draw(address)
        operations.append(_op(gate, *operands))
    for register in range(registers):
        if draw(st.integers(0, 3)) == 0:
            outputs[register] = draw(st.integers(0, registers + len(operations) - 1))
    return Circuit(tuple(operations), tuple(outputs), halt=False)


@st.composite
def pointer_loops(draw: st.DrawFn) -> Program:
    """Loops of up to three timesteps that count with their registers and use them as addresses."""
    registers = draw(st.integers(POINTERS, POINTERS + 1))
    return pointer_loop(*draw(st.lists(_turns(registers), min_size=1, max_size=3)))


@st.composite
def damaged_texts(draw: st.DrawFn, text: str) -> str:
    """A JSON object with one field changed, and at times one left out."""
    document = json.loads(text)
    fields = st.sampled_from(sorted(document))
    document[draw(fields)] = draw(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.lists(st.text())
    )
    if draw(st.booleans()):
        del document[draw(fields)]
    return json.dumps(document)
