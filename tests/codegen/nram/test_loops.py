"""Loops free of wraparound do what the interpreter does, above all where they have to stop."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardmax.codegen.nram.cfg import ZeroTest, control_flow_graph, decide
from hardmax.codegen.nram.explain import explain
from hardmax.codegen.nram.loops import Loop, plan_loops
from hardmax.codegen.nram.pass_pipeline import LARGE_SIZES, optimize
from hardmax.runtime.abi import MAX_SIZE, Status
from hardmax.runtime.nram.gates import Gate
from hardmax.runtime.nram.interpreter import run
from hardmax.runtime.nram.program import Circuit, Metadata, Operation, Program, Row, StepBudget
from tests.support.native import JitProgram, largest_memory
from tests.support.strategies import arbitrary_memories, programs

LEVELS = (2, 3)


def looping(start: Circuit, turn: Circuit, *, stop: int) -> Program:
    """``start`` where all registers are 0, ``turn`` where register ``stop`` is not, else halt."""
    registers = len(start.outputs)
    halt = Circuit((), tuple(range(registers)), halt=True)
    rows = [
        Row(start) if bits == (1 << registers) - 1 else Row(halt) if bits >> stop & 1 else Row(turn)
        for bits in range(1 << registers)
    ]
    return Program(registers, (tuple(rows),), Metadata("loop", StepBudget(2, 8)))


def op(gate: Gate, *operands: int) -> Operation:
    return Operation(gate, operands)


def copying() -> Program:
    """From cell r1 to cell r2 until a 0 is read; cell 0 takes r1 + 1 in every turn."""
    start = Circuit(
        (op(Gate.ONE), op(Gate.READ, 0), op(Gate.ZERO)),
        (3, 4, 3),
        halt=False,
    )
    turn = Circuit(
        (
            op(Gate.ZERO),
            op(Gate.READ, 0),
            op(Gate.WRITE, 1, 4),
            op(Gate.INC, 0),
            op(Gate.INC, 1),
            op(Gate.WRITE, 3, 6),
        ),
        (6, 7, 4),
        halt=False,
    )
    return looping(start, turn, stop=2)


def rotating() -> Program:
    """Two pointers change places in every turn, and each advances by 2 in every second one."""
    start = Circuit((op(Gate.ONE), op(Gate.TWO)), (3, 4, 3), halt=False)
    turn = Circuit(
        (
            op(Gate.READ, 0),
            op(Gate.INC, 3),
            op(Gate.WRITE, 1, 4),
            op(Gate.INC, 0),
            op(Gate.INC, 6),
        ),
        (1, 7, 2),
        halt=False,
    )
    return looping(start, turn, stop=2)


def junk() -> Program:
    """MIN, MAX and comparisons that the order of r1 and r2 decides while nothing wraps around."""
    start = Circuit((op(Gate.ONE), op(Gate.TWO)), (2, 3), halt=False)
    turn = Circuit(
        (
            op(Gate.MAX, 0, 1),
            op(Gate.MIN, 0, 1),
            op(Gate.LESS_THAN, 0, 1),
            op(Gate.READ, 2),
            op(Gate.ADD, 5, 4),
            op(Gate.WRITE, 3, 6),
            op(Gate.INC, 3),
            op(Gate.INC, 2),
            op(Gate.MAX, 8, 9),
        ),
        (8, 10),
        halt=False,
    )
    return looping(start, turn, stop=0)


def alternating() -> Program:
    """Two rows that follow each other in any order, as what is read is 0 or not."""
    registers = 2
    start = Circuit((op(Gate.ONE), op(Gate.READ, 2)), (2, 3), halt=False)
    forward = Circuit((op(Gate.INC, 0), op(Gate.READ, 0), op(Gate.WRITE, 2, 1)), (2, 3), halt=False)
    zero = Circuit((op(Gate.INC, 0), op(Gate.READ, 2), op(Gate.WRITE, 0, 2)), (2, 3), halt=False)
    halt = Circuit((), tuple(range(registers)), halt=True)
    rows = (Row(forward), Row(halt), Row(zero), Row(start))
    return Program(registers, (rows,), Metadata("loop", StepBudget(2, 8)))


def striding() -> Program:
    """One pointer that advances by 2 in every turn."""
    start = Circuit((op(Gate.ONE),), (2, 2), halt=False)
    turn = Circuit(
        (op(Gate.INC, 0), op(Gate.INC, 2), op(Gate.READ, 0), op(Gate.WRITE, 3, 1)),
        (3, 4),
        halt=False,
    )
    return looping(start, turn, stop=0)


def early_write() -> Program:
    """Cell 0 is written before a READ that may end the run."""
    start = Circuit((op(Gate.ONE), op(Gate.TWO)), (4, 3, 3), halt=False)
    turn = Circuit(
        (
            op(Gate.ZERO),
            op(Gate.INC, 0),
            op(Gate.WRITE, 3, 4),
            op(Gate.READ, 0),
            op(Gate.WRITE, 1, 6),
            op(Gate.INC, 1),
        ),
        (4, 8, 6),
        halt=False,
    )
    return looping(start, turn, stop=2)


def two_writes() -> Program:
    """Cell 0 is written before and after a READ that may end the run."""
    start = Circuit((op(Gate.ONE),), (2, 2), halt=False)
    turn = Circuit(
        (
            op(Gate.ZERO),
            op(Gate.INC, 0),
            op(Gate.WRITE, 2, 3),
            op(Gate.READ, 0),
            op(Gate.WRITE, 2, 5),
        ),
        (3, 5),
        halt=False,
    )
    return looping(start, turn, stop=1)


def counting() -> Program:
    """Counts in cell 2, then increments what it reads: M-1 becomes 0 after the WRITE."""
    start = Circuit((op(Gate.ONE), op(Gate.TWO)), (3, 4, 3), halt=False)
    turn = Circuit(
        (
            op(Gate.READ, 1),
            op(Gate.INC, 3),
            op(Gate.WRITE, 1, 4),
            op(Gate.INC, 0),
            op(Gate.READ, 0),
            op(Gate.INC, 7),
        ),
        (6, 1, 8),
        halt=False,
    )
    return looping(start, turn, stop=2)


def decrementing() -> Program:
    """MIN of a number and the one before it, where the number may be 0."""
    start = Circuit((op(Gate.ONE), op(Gate.READ, 0)), (4, 3, 3), halt=False)
    turn = Circuit(
        (
            op(Gate.READ, 1),
            op(Gate.DEC, 0),
            op(Gate.MIN, 0, 4),
            op(Gate.INC, 1),
            op(Gate.WRITE, 1, 5),
        ),
        (3, 6, 3),
        halt=False,
    )
    return looping(start, turn, stop=2)


def subtracting() -> Program:
    """Cell r1 takes what cell r1 + (M - 1) holds, until that is 0: the addition always wraps."""
    start = Circuit(
        (op(Gate.ZERO), op(Gate.ONE), op(Gate.DEC, 3), op(Gate.READ, 3)),
        (4, 5, 6),
        halt=False,
    )
    turn = Circuit(
        (op(Gate.ADD, 0, 1), op(Gate.READ, 3), op(Gate.WRITE, 0, 4), op(Gate.INC, 0)),
        (6, 1, 4),
        halt=False,
    )
    return looping(start, turn, stop=2)


PROGRAMS = {
    make.__name__: make()
    for make in (
        copying,
        rotating,
        junk,
        alternating,
        striding,
        early_write,
        two_writes,
        counting,
        decrementing,
        subtracting,
    )
}
COMPILED = {name: JitProgram(program, 2) for name, program in PROGRAMS.items()}

each_program = pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
each_level = pytest.mark.parametrize("level", LEVELS)


def loops_of(program: Program) -> list[Loop]:
    nodes = control_flow_graph(optimize(program, 2, LARGE_SIZES), LARGE_SIZES)
    return list(plan_loops(nodes, with_strips=True).values())


@each_program
def test_the_examples_have_loops(program: Program) -> None:
    assert loops_of(program)


@each_program
@each_level
def test_every_size_and_number_of_timesteps(program: Program, level: int) -> None:
    """Memories of 1 to 12 cells; runs that stop in the middle of a loop, and that wrap around."""
    compiled = JitProgram(program, level)
    for size in range(1, 13):
        for memory in ([1] * size, list(range(size)), [size - 1] * size, [size // 2, 1] * size):
            cells = [cell % size for cell in memory[:size]]
            for max_steps in (*range(30), 500):
                assert compiled.run(cells, max_steps) == run(program, cells, max_steps)


@each_program
@each_level
def test_a_value_out_of_range_in_any_cell(program: Program, level: int) -> None:
    compiled = JitProgram(program, level)
    for size, position in itertools.product((5, 6, 9, 17), range(17)):
        for value in (size, 2**32 - 1):
            memory = [1 + i % (size - 1) for i in range(size)]
            memory[position % size] = value
            assert compiled.run(memory, 100) == run(program, memory, 100)


@pytest.mark.parametrize("name", PROGRAMS)
@given(memory=arbitrary_memories(40), max_steps=st.integers(0, 200))
def test_any_memory(name: str, memory: tuple[int, ...], max_steps: int) -> None:
    assert COMPILED[name].run(memory, max_steps) == run(PROGRAMS[name], memory, max_steps)


def test_a_long_run_wraps_around_where_the_interpreter_does() -> None:
    size = 2**16
    memory = [1 + i % (size - 1) for i in range(size)]
    memory[0] = size - 9
    for name in ("copying", "striding", "junk"):
        expected = run(PROGRAMS[name], memory, size + 9)
        assert COMPILED[name].run(memory, size + 9) == expected


def test_a_loop_stops_before_the_last_cell_of_the_largest_memory() -> None:
    """2^32-1 cells, of which few are touched: the pointers go over the end to cell 0."""
    start = Circuit(
        (op(Gate.ZERO), op(Gate.DEC, 1), op(Gate.DEC, 2), op(Gate.DEC, 3)), (4,), halt=False
    )
    turn = Circuit((op(Gate.ONE), op(Gate.WRITE, 0, 1), op(Gate.INC, 0)), (3,), halt=False)
    halted = Circuit((op(Gate.ONE), op(Gate.WRITE, 0, 1)), (0,), halt=True)
    program = Program(
        1,
        ((Row(turn, 1), Row(start, 1)), (Row(turn, 1), Row(halted))),
        Metadata("loop", StepBudget(0, 9)),
    )
    cells = largest_memory()
    status = JitProgram(program, 2).run_raw(cells.ctypes.data, MAX_SIZE, 9, None)
    last, first, second = cells[-4:].tolist(), int(cells[0]), int(cells[1])
    assert status is Status.HALTED
    assert (last, first, second) == ([0, 1, 1, 1], 1, 0)


def test_the_write_to_cell_0_waits_until_the_loop_is_left() -> None:
    (loop,) = loops_of(copying())
    assert loop.sunk is not None


def test_the_order_of_values_decides() -> None:
    (loop,) = loops_of(junk())
    ((_, decided),) = loop.order.items()
    circuit = control_flow_graph(optimize(junk(), 2, LARGE_SIZES), LARGE_SIZES)[
        min(loop.nodes)
    ].circuit
    chosen = {circuit.operations[value - len(circuit.outputs)].gate for value in decided.same}
    chosen |= {circuit.operations[value - len(circuit.outputs)].gate for value in decided.one}
    assert {Gate.MIN, Gate.MAX} <= chosen


def test_a_decision_tests_only_the_bits_that_decide() -> None:
    assert decide({0b00: 3, 0b01: 3, 0b10: 3}) == 3
    assert decide({0b00: 1, 0b10: 1, 0b01: 2}) == ZeroTest(0, zero=2, nonzero=1)
    diagram = decide({0b00: 1, 0b01: 2, 0b10: 2, 0b11: 1})
    assert isinstance(diagram, ZeroTest)
    assert {diagram.zero, diagram.nonzero} == {ZeroTest(1, 1, 2), ZeroTest(1, 2, 1)}


@given(programs(), st.integers(0, 3))
def test_explanations_are_made_of_every_program(program: Program, level: int) -> None:
    assert "instructions per timestep" in explain(program, level)


def test_an_explanation_reads_like_a_program() -> None:
    text = explain(copying())
    assert " for r1 from r1, r2 from r2 until M    (16 timesteps at once)\n" in text
    assert "    x1 = memory[r1]\n    memory[r2] = x1\n" in text
    assert "memory[0] = r1 + 1    (when the loop is left)" in text
