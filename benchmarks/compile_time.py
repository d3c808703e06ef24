"""Time of a compilation as programs grow: longer circuits, more states.

    python -m benchmarks.compile_time [--level 2]

No model is needed: the programs are drawn at random, the same each time, in shapes that are hard
for one part of the compiler or another. The table has the CPU seconds of a compilation to an object
file by the number of gates or of states. (The largest of the shipped programs has 10 operations
and 6 states.)
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable

from benchmarks.one_line_errors import one_line_errors
from hardmax.codegen.driver import Kind, emit
from hardmax.codegen.llvm_passes import DEFAULT_LEVEL
from hardmax.runtime.nram.gates import GATES, Gate
from hardmax.runtime.nram.program import Circuit, Metadata, Operation, Program, Row, StepBudget

REGISTERS = 4
SIZES = (10, 30, 100, 300, 1_000, 3_000, 10_000)
ARITHMETIC = (Gate.INC, Gate.ADD, Gate.SUB, Gate.DEC, Gate.MIN, Gate.MAX)


def looping(circuit: Circuit) -> Program:
    """One circuit for all zero-bits but those of the start, where nothing but a READ happens."""
    registers = len(circuit.outputs)
    start = Circuit((Operation(Gate.READ, (0,)),), (registers,) * registers, halt=False)
    rows = [Row(circuit)] * (1 << registers)
    rows[-1] = Row(start)
    return Program(registers, (tuple(rows),), Metadata("benchmark", StepBudget(1, 1)))


def any_gates(size: int) -> Program:
    """Gates of all kinds on any earlier values, all of them of use."""
    draw = random.Random(size)
    return looping(
        _circuit(draw, draw.choices(list(Gate), k=size), lambda top: draw.randrange(top))
    )


def long_chain(size: int) -> Program:
    """Arithmetic of which each operation needs the one before it."""
    draw = random.Random(size)
    gates = draw.choices(ARITHMETIC, k=size)
    return looping(_circuit(draw, gates, lambda top: max(0, top - 1 - draw.randrange(2))))


def many_choices(size: int) -> Program:
    """MIN and MAX of values whose order can be known, as in a sorting network."""
    draw = random.Random(size)
    gates = draw.choices((Gate.MIN, Gate.MAX, Gate.INC), k=size)
    return looping(_circuit(draw, gates, lambda top: draw.randrange(max(0, top - 8), top)))


def many_accesses(size: int) -> Program:
    """READs and WRITEs at addresses computed from one register."""
    draw = random.Random(size)
    gates = draw.choices((Gate.READ, Gate.WRITE, Gate.INC), k=size)
    return looping(_circuit(draw, gates, lambda top: draw.randrange(top)))


def _circuit(draw: random.Random, gates: list[Gate], operand: Callable[[int], int]) -> Circuit:
    operations: list[Operation] = []
    unused: list[int] = []
    for gate in gates:
        top = REGISTERS + len(operations)
        operands = [operand(top) for _ in GATES[gate].operands]
        if len(unused) > REGISTERS and operands:
            operands[0] = unused.pop(0)
        unused = [value for value in (*unused, top) if value not in operands]
        operations.append(Operation(gate, tuple(operands)))
    outputs = tuple(unused[-REGISTERS:])
    outputs += tuple(draw.randrange(REGISTERS) for _ in range(REGISTERS - len(outputs)))
    return Circuit(tuple(operations), outputs, halt=False)


def state_chain(size: int) -> Program:
    """States that follow one another round and round, each with a circuit of its own."""
    return _states(size, lambda draw, state: (state + 1) % size)


def state_web(size: int) -> Program:
    """States any of which may follow any other."""
    return _states(size, lambda draw, state: draw.randrange(size))


def _states(size: int, successor: Callable[[random.Random, int], int]) -> Program:
    draw = random.Random(size)
    table = []
    for state in range(size):
        rows = []
        for _ in range(1 << 2):
            operations = [
                Operation(Gate.READ, (draw.randrange(2),)),
                Operation(draw.choice(ARITHMETIC[1:3]), (draw.randrange(3), draw.randrange(3))),
                Operation(draw.choice((Gate.INC, Gate.DEC)), (draw.randrange(4),)),
            ]
            outputs = (draw.randrange(5), draw.randrange(5))
            circuit = Circuit(tuple(operations), outputs, halt=draw.randrange(20) == 0)
            rows.append(Row(circuit, successor(draw, state)))
        table.append(tuple(rows))
    return Program(2, tuple(table), Metadata("benchmark", StepBudget(1, 1)))


def dense_states(size: int) -> Program:
    """A ring of states, all of which are reached, with a circuit of its own in every row."""
    draw = random.Random(size)
    table = []
    for state in range(size):
        rows = []
        for _ in range(1 << 2):
            operations = [
                Operation(Gate.READ, (draw.randrange(2),)),
                Operation(draw.choice(ARITHMETIC[1:3]), (2, draw.randrange(3))),
                Operation(draw.choice((Gate.INC, Gate.DEC)), (draw.randrange(4),)),
            ]
            rows.append(Row(Circuit(tuple(operations), (3, 4), halt=False), (state + 1) % size))
        table.append(tuple(rows))
    return Program(2, tuple(table), Metadata("benchmark", StepBudget(1, 1)))


def same_states(size: int) -> Program:
    """States that differ in how far they are from the one that halts."""
    step = Circuit((Operation(Gate.INC, (0,)),), (1,), halt=False)
    stop = Circuit((), (0,), halt=True)
    table = [(Row(step, state + 1), Row(step, state + 1)) for state in range(size - 1)]
    return Program(1, (*table, (Row(stop), Row(stop))), Metadata("benchmark", StepBudget(1, 1)))


SHAPES: dict[str, Callable[[int], Program]] = {
    "gates: any": any_gates,
    "gates: long chain": long_chain,
    "gates: MIN, MAX": many_choices,
    "gates: READ, WRITE": many_accesses,
    "states: chain": state_chain,
    "states: web": state_web,
    "states: dense": dense_states,
    "states: same": same_states,
}


def seconds_of(program: Program, level: int) -> float:
    """CPU time of a compilation to an object file."""
    start = time.process_time()
    emit(program, Kind.OBJECT, level)
    return time.process_time() - start


@one_line_errors
def main() -> int:
    """Measure every shape."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--level", type=int, default=DEFAULT_LEVEL, choices=range(4))
    parser.add_argument("--shape", choices=SHAPES, action="append")
    arguments = parser.parse_args()
    seconds_of(any_gates(SIZES[0]), arguments.level)  # what the first compilation alone has to load
    print(f"| {'CPU seconds':20} |", " | ".join(f"{size:,}" for size in SIZES), "|")
    print("| :--- |", *len(SIZES) * ("---: |",))
    for name in arguments.shape or SHAPES:
        print(f"| {name:20} |", end="", flush=True)
        for size in SIZES:
            print(f" {seconds_of(SHAPES[name](size), arguments.level):.1f} |", end="", flush=True)
        print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
