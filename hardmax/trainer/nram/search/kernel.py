"""The table machine, compiled by numba: what the interpreter says, at native speed.

A row is first assembled into the list of its live gates, then run on integer memories. The
arithmetic gates are the very functions of ``hardmax.runtime.nram.gates.GATES``: this is the
definition. Scores are computed by machine code that is held against it
(:mod:`hardmax.trainer.nram.search.evaluation`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.nram.gates import GATES, Gate
from hardmax.trainer.nram.native.evaluation import LANES, Field, Room, aligned, evaluation
from hardmax.trainer.nram.search.compilation import compiled, fill, inlined, part
from hardmax.trainer.nram.search.table import Table

Integers = NDArray[np.integer[Any]]
Flags = NDArray[np.bool_]

OPCODES: dict[Gate, int] = {gate: opcode for opcode, gate in enumerate(Gate)}

READ, WRITE = OPCODES[Gate.READ], OPCODES[Gate.WRITE]

RUNNING, HALTED, OUT_OF_RANGE = 0, 1, 2
"""How a run ended."""


def _arithmetic(gates: Sequence[Gate]) -> Callable[[int, int, int, int], int]:
    """``(opcode, a, b, M) -> value`` of one of the gates: the first or one of the rest.

    LLVM makes one switch of it. The value of an opcode that is none of theirs is -1, which no table
    can be built to ask for: see :func:`opcodes_of`.
    """
    if not gates:
        return part(_no_gate)
    own, meaning = OPCODES[gates[0]], GATES[gates[0]].meaning
    assert meaning is not None
    value, others = part(meaning), _arithmetic(gates[1:])

    def arithmetic(opcode: int, a: int, b: int, m: int) -> int:
        if opcode == own:
            return value(a, b, m)
        return others(opcode, a, b, m)

    return part(arithmetic)


def _no_gate(opcode: int, a: int, b: int, m: int) -> int:
    return -1


arithmetic = _arithmetic([gate for gate in Gate if GATES[gate].meaning is not None])
"""The value of a gate that does not touch memory: ``(opcode, a, b, M)``."""


def opcodes_of(modules: Sequence[Gate]) -> Integers:
    """The opcodes of modules, shape (Q,).

    Raises:
        HardmaxError: the kernel cannot run one of them: it touches memory, and is new here.
    """
    for gate in modules:
        if GATES[gate].meaning is None and OPCODES[gate] not in (READ, WRITE):
            raise HardmaxError(f"search cannot run a module {gate.value}: it is no arithmetic")
    return np.array([OPCODES[gate] for gate in modules], dtype=np.int64)


class Lanes(NamedTuple):
    """Up to LANES runs side by side: their state, and after :func:`run_lanes` their outcome.

    Attributes:
        values: registers, then module outputs, shape (R + Q, LANES); below ``size`` at all times.
        updates: scratch, shape (R, LANES).
        tape: shape (LANES, cells).
        size: memory sizes, shape (LANES,), like all that follow.
        circuit: the circuit of the current timestep; -1 where the run has ended.
        members: scratch, the lanes that run one circuit.
        wrong: output cells that are wrong now, at the end of the run when all is over.
        best: the fewest there were after any timestep.
        steps: timesteps completed.
        status: RUNNING, HALTED or OUT_OF_RANGE.
    """

    values: Integers
    updates: Integers
    tape: Integers
    size: Integers
    circuit: Integers
    members: Integers
    wrong: Integers
    best: Integers
    steps: Integers
    status: Integers


class TableMachine(NamedTuple):
    """A program in the form that runs, with room to run it: R registers, Q modules, K circuits.

    Every row of the lookup table names one of the circuits, so rows that do the same share it.

    Attributes:
        registers: R.
        seen: rows that differ in registers that are not in this mask are changed together.
        gates: the opcodes of the modules, shape (Q,).
        limits: the exclusive upper bound of every slot of a circuit, shape (slots,).
        table: the circuit of each row, shape (2^R,).
        code: the circuits, shape (K, slots), laid out like the rows of a ``Table``.
        live: the modules of each circuit that matter, shape (K, Q).
        operations: the live modules of each circuit as (opcode, operand, operand, value number),
            in order, shape (K, Q, 4); see :func:`assemble`.
        counts: how many operations each circuit has, shape (K,).
        visited: the rows used since this was last cleared, shape (2^R,).
        evaluate: machine code that runs the program on a sample of examples.
        frame: what that code is told, by ``Field``.
        room: where it keeps values, tape and masks, bytes.
    """

    registers: int
    seen: int
    gates: Integers
    limits: Integers
    table: Integers
    code: Integers
    live: Flags
    operations: Integers
    counts: Integers
    visited: Flags
    evaluate: Any
    frame: Integers
    room: NDArray[np.uint8]


def lanes_for(machine: TableMachine, cells: int) -> Lanes:
    """Room to run a machine by the definition, in memories of up to ``cells`` cells."""
    registers, modules = machine.registers, len(machine.gates)
    return Lanes(
        values=np.zeros((registers + modules, LANES), dtype=np.int64),
        updates=np.zeros((registers, LANES), dtype=np.int64),
        tape=np.zeros((LANES, cells), dtype=np.int64),
        size=np.ones(LANES, dtype=np.int64),
        circuit=np.zeros(LANES, dtype=np.int64),
        members=np.zeros(LANES, dtype=np.int64),
        wrong=np.zeros(LANES, dtype=np.int64),
        best=np.zeros(LANES, dtype=np.int64),
        steps=np.zeros(LANES, dtype=np.int64),
        status=np.zeros(LANES, dtype=np.int64),
    )


def table_machine(table: Table, circuits: int, cells: int, seen: int | None = None) -> TableMachine:
    """A machine that runs a table, for memories of up to ``cells`` cells.

    Args:
        circuits: K; where the table has more different rows, that many.
        seen: a mask of the registers that may choose the circuit; None for all of them.
    """
    shape = table.shape
    modules = len(shape.modules)
    different, number = np.unique(table.code, axis=0, return_inverse=True)
    circuits = max(circuits, len(different))
    code = np.tile(different[:1], (circuits, 1))
    code[: len(different)] = different
    room = Room(shape.registers, modules, circuits, cells)
    built = TableMachine(
        registers=shape.registers,
        seen=shape.rows - 1 if seen is None else seen,
        gates=opcodes_of(shape.modules),
        limits=shape.limits(),
        table=number.reshape(shape.rows).astype(np.int64),
        code=code,
        live=np.zeros((circuits, modules), dtype=np.bool_),
        operations=np.zeros((circuits, modules, 4), dtype=np.int64),
        counts=np.zeros(circuits, dtype=np.int64),
        visited=np.zeros(shape.rows, dtype=np.bool_),
        evaluate=evaluation(),
        frame=np.zeros(len(Field), dtype=np.int64),
        room=aligned((room.bytes,), np.uint8),
    )
    built.frame[Field.REGISTERS] = shape.registers
    built.frame[Field.MODULES] = modules
    built.frame[Field.CIRCUITS] = circuits
    built.frame[Field.SLOTS] = shape.slots
    built.frame[Field.TABLE] = built.table.ctypes.data
    built.frame[Field.CODE] = built.code.ctypes.data
    built.frame[Field.OPERATIONS] = built.operations.ctypes.data
    built.frame[Field.COUNTS] = built.counts.ctypes.data
    built.frame[Field.VISITED] = built.visited.ctypes.data
    room.place(built.frame, built.room.ctypes.data)
    for circuit in range(circuits):
        assemble(built, circuit)
    return built


class Examples(NamedTuple):
    """Input-output examples, one a row, padded with 0 to a common width.

    Attributes:
        memory: the tapes at the start, shape (N, cells).
        size: how many cells of each are tape, shape (N,).
        steps: timesteps that each run may take, shape (N,).
        expected: the tapes at the end, shape (N, cells).
        output: the cells that are judged, shape (N, cells).
        wrong: how many of them are wrong at the start, shape (N,).
    """

    memory: Integers
    size: Integers
    steps: Integers
    expected: Integers
    output: Flags
    wrong: Integers


@compiled
def assemble(machine: TableMachine, circuit: int) -> None:
    """Find the modules of a circuit that matter, and list them.

    Those that write matter, and those whose value is used. A circuit that halts uses no register
    update. A READ whose value nobody uses does not matter: it can only end a run whose memory
    holds a value that is no address, and examples hold none.
    """
    registers = machine.registers
    entries = machine.code[circuit]
    live = machine.live[circuit]
    fill(live, False)
    if entries[registers] == 0:
        for register in range(registers):
            if entries[register] >= registers:
                live[entries[register] - registers] = True
    for module in range(len(live) - 1, -1, -1):
        if machine.gates[module] == WRITE:
            live[module] = True
        if live[module]:
            first = registers + 1 + 2 * module
            for operand in (entries[first], entries[first + 1]):
                if operand >= registers:
                    live[operand - registers] = True
    list_operations(machine, circuit)


@compiled
def list_operations(machine: TableMachine, circuit: int) -> None:
    """List the modules of a circuit that are marked live."""
    registers = machine.registers
    entries = machine.code[circuit]
    operations = machine.operations[circuit]
    count = 0
    for module in range(len(machine.gates)):
        if machine.live[circuit, module]:
            operations[count, 0] = machine.gates[module]
            operations[count, 1] = entries[registers + 1 + 2 * module]
            operations[count, 2] = entries[registers + 2 + 2 * module]
            operations[count, 3] = registers + module
            count += 1
    machine.counts[circuit] = count


@compiled
def run_lanes(
    machine: TableMachine, lanes: Lanes, examples: Examples, chosen: Integers, steps: Integers
) -> None:
    """Run up to LANES examples, each for at most its own number of timesteps.

    The outcome is in ``lanes``.

    Args:
        chosen: the numbers of the examples.
        steps: timesteps after which each is stopped.
    """
    registers = machine.registers
    values, circuit, status = lanes.values, lanes.circuit, lanes.status
    table, visited = machine.table, machine.visited
    width = len(chosen)
    values[:registers] = 0
    for lane in range(width):
        example = chosen[lane]
        size = examples.size[example]
        lanes.size[lane] = size
        for cell in range(size):
            lanes.tape[lane, cell] = examples.memory[example, cell]
        # Module outputs of an earlier run may be too large for this memory.
        for value in range(registers, len(values)):
            values[value, lane] = 0
        lanes.wrong[lane] = examples.wrong[example]
        lanes.best[lane] = examples.wrong[example]
        lanes.steps[lane] = 0
        status[lane] = RUNNING
    step = 0
    while True:
        running = 0
        for lane in range(width):
            circuit[lane] = -1
            if status[lane] == RUNNING and step < steps[lane]:
                bits = 0
                for register in range(registers):
                    if values[register, lane] == 0:
                        bits |= 1 << register
                visited[bits] = True
                circuit[lane] = table[bits]
                running += 1
        if running == 0:
            return
        step += 1
        for first in range(width):
            if circuit[first] >= 0:
                shared = circuit[first]
                count = 0
                for lane in range(first, width):
                    if circuit[lane] == shared:
                        lanes.members[count] = lane
                        circuit[lane] = -1
                        count += 1
                _run_circuit(machine, lanes, examples, chosen, shared, count)


@inlined
def _run_circuit(
    machine: TableMachine,
    lanes: Lanes,
    examples: Examples,
    chosen: Integers,
    circuit: int,
    count: int,
) -> None:
    """One timestep of the ``count`` lanes in ``members``, which all run one circuit."""
    registers = machine.registers
    code, operations = machine.code, machine.operations
    values, tape, members, wrong = lanes.values, lanes.tape, lanes.members, lanes.wrong
    expected, output = examples.expected, examples.output
    for i in range(machine.counts[circuit]):
        opcode = operations[circuit, i, 0]
        a = operations[circuit, i, 1]
        b = operations[circuit, i, 2]
        target = operations[circuit, i, 3]
        if opcode == READ:
            kept = 0
            for j in range(count):
                lane = members[j]
                value = tape[lane, values[a, lane]]
                if 0 <= value < lanes.size[lane]:
                    values[target, lane] = value
                    members[kept] = lane
                    kept += 1
                else:
                    lanes.status[lane] = OUT_OF_RANGE
            count = kept
        elif opcode == WRITE:
            for j in range(count):
                lane = members[j]
                cell = values[a, lane]
                value = values[b, lane]
                example = chosen[lane]
                if output[example, cell]:
                    answer = expected[example, cell]
                    wrong[lane] += (value != answer) - (tape[lane, cell] != answer)
                tape[lane, cell] = value
                values[target, lane] = 0
        else:
            for j in range(count):
                lane = members[j]
                values[target, lane] = arithmetic(
                    opcode, values[a, lane], values[b, lane], lanes.size[lane]
                )
    halts = code[circuit, registers] != 0
    for register in range(registers):
        source = code[circuit, register]
        for j in range(count):
            lanes.updates[register, j] = values[source, members[j]]
    for j in range(count):
        lane = members[j]
        for register in range(registers):
            values[register, lane] = lanes.updates[register, j]
        lanes.steps[lane] += 1
        lanes.best[lane] = min(lanes.best[lane], wrong[lane])
        if halts:
            lanes.status[lane] = HALTED
