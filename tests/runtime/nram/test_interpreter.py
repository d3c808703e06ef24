"""The exact meaning of a timestep, rule by rule, and the paper's own execution tables."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardmax.runtime.abi import Status
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.nram.gates import Gate
from hardmax.runtime.nram.interpreter import Result, run, trace
from hardmax.runtime.nram.program import Circuit, Metadata, Operation, Program, Row, StepBudget
from tests.support.paper_programs import access_program, copy_program
from tests.support.strategies import arbitrary_memories, memories, programs

METADATA = Metadata("test", StepBudget(0, 1))

TABLE_2 = """
    6 2 10 6 8 9 0 0 0 0 0 0    0 0 0 0  p:0  p:0 a:6
    6 2 10 6 8 9 0 0 0 0 0 0    0 5 0 1  p:1  p:6 a:2
    6 2 10 6 8 9 2 0 0 0 0 0    0 5 1 1  p:1  p:6 a:2
    6 2 10 6 8 9 2 0 0 0 0 0    0 5 1 2  p:2  p:7 a:10
    6 2 10 6 8 9 2 10 0 0 0 0   0 5 2 2  p:2  p:7 a:10
    6 2 10 6 8 9 2 10 0 0 0 0   0 5 2 3  p:3  p:8 a:6
    6 2 10 6 8 9 2 10 6 0 0 0   0 5 3 3  p:3  p:8 a:6
    6 2 10 6 8 9 2 10 6 0 0 0   0 5 3 4  p:4  p:9 a:8
    6 2 10 6 8 9 2 10 6 8 0 0   0 5 4 4  p:4  p:9 a:8
    6 2 10 6 8 9 2 10 6 8 0 0   0 5 4 5  p:5  p:10 a:9
    6 2 10 6 8 9 2 10 6 8 9 0   0 5 5 5  p:5  p:10 a:9
"""
"""Memory, registers, and the arguments of READ and WRITE, as printed in the paper."""

TABLE_3 = """
    3 1 12 4 7 12 1 13 8 2 1 3 11 11 12 0   0 0
    3 1 12 4 7 12 1 13 8 2 1 3 11 11 12 0   3 0
"""
TABLE_3_END = (4, 1, 12, 4, 7, 12, 1, 13, 8, 2, 1, 3, 11, 11, 12, 0)


def rows(table: str) -> list[list[str]]:
    return [line.split() for line in table.strip().splitlines()]


def test_table_2_of_the_paper() -> None:
    start = (6, 2, 10, 6, 8, 9, 0, 0, 0, 0, 0, 0)
    printed = []
    for step in trace(copy_program(), start, 11):
        (read, (source,)), (write, (target, value)) = step.accesses
        assert (read, write) == (Gate.READ, Gate.WRITE)
        cells = [str(value) for value in (*step.memory, *step.registers)]
        printed.append([*cells, f"p:{source}", f"p:{target}", f"a:{value}"])
    assert printed == rows(TABLE_2)
    end = (6, 2, 10, 6, 8, 9, 2, 10, 6, 8, 9, 0)
    assert run(copy_program(), start, 11) == Result(end, 11, Status.STEP_LIMIT)


def test_table_3_of_the_paper() -> None:
    start = tuple(int(value) for value in rows(TABLE_3)[0][:16])
    steps = trace(access_program(), start, 100)
    assert [[str(v) for v in (*s.memory, *s.registers)] for s in steps] == rows(TABLE_3)
    assert run(access_program(), start, 100) == Result(TABLE_3_END, 2, Status.HALTED)


def always(*operations: Operation, outputs: tuple[int, ...], halt: bool = False) -> Program:
    """The same circuit in every timestep."""
    row = Row(Circuit(operations, outputs, halt))
    return Program(len(outputs), ((row,) * (1 << len(outputs)),), METADATA)


def registers_after(program: Program, memory: tuple[int, ...], steps: int) -> tuple[int, ...]:
    *_, last = trace(program, memory, steps + 1)
    return last.registers


def test_a_read_sees_the_writes_before_it_and_not_those_after() -> None:
    program = always(
        Operation(Gate.READ, (0,)),  # 2: cell 0 as it was
        Operation(Gate.TWO, ()),
        Operation(Gate.WRITE, (0, 3)),
        Operation(Gate.READ, (0,)),  # 5: cell 0 as just written
        outputs=(2, 5),
    )
    assert registers_after(program, (1, 0, 0), 1) == (1, 2)


def test_a_write_yields_0() -> None:
    program = always(
        Operation(Gate.ONE, ()),
        Operation(Gate.WRITE, (1, 1)),
        Operation(Gate.INC, (2,)),
        outputs=(3,),
    )
    assert registers_after(program, (0, 0, 0), 1) == (1,)


def test_registers_are_replaced_at_the_same_moment() -> None:
    first = Circuit((Operation(Gate.ONE, ()), Operation(Gate.TWO, ())), (2, 3), halt=False)
    exchange = Circuit((), (1, 0), halt=False)
    program = Program(2, ((Row(exchange), Row(exchange), Row(exchange), Row(first)),), METADATA)
    found = [step.registers for step in trace(program, (0,) * 5, 4)]
    assert found == [(0, 0), (1, 2), (2, 1), (1, 2)]


def test_bit_i_is_set_where_register_i_is_0() -> None:
    program = always(Operation(Gate.ONE, ()), outputs=(3, 0, 3))
    assert [step.bits for step in trace(program, (0, 0), 2)] == [0b111, 0b010]


@pytest.mark.parametrize(("size", "expected"), [(1, (0, 0, 0)), (2, (1, 0, 1)), (3, (1, 2, 1))])
def test_constants_and_truth_are_taken_mod_m(size: int, expected: tuple[int, ...]) -> None:
    program = always(
        Operation(Gate.ONE, ()),
        Operation(Gate.TWO, ()),
        Operation(Gate.EQUALITY_TEST, (0, 0)),
        outputs=(3, 4, 5),
    )
    assert registers_after(program, (0,) * size, 1) == expected


def test_a_halting_timestep_is_completed_and_counted() -> None:
    program = always(
        Operation(Gate.ONE, ()), Operation(Gate.WRITE, (0, 1)), outputs=(0,), halt=True
    )
    assert run(program, (0, 0), 1) == Result((1, 0), 1, Status.HALTED)
    assert run(program, (0, 0), 100) == Result((1, 0), 1, Status.HALTED)
    assert len(list(trace(program, (0, 0), 100))) == 1


def test_no_timestep_runs_where_none_is_allowed() -> None:
    program = always(Operation(Gate.WRITE, (0, 0)), outputs=(0,), halt=True)
    assert run(program, (1, 1), 0) == Result((1, 1), 0, Status.STEP_LIMIT)
    assert list(trace(program, (1, 1), 0)) == []


@pytest.mark.parametrize("value", [3, 4, 2**32 - 1, -1])
def test_reading_what_is_no_address_ends_the_run(value: int) -> None:
    """Writes before the READ stay, the timestep does not count, and untouched cells are free."""
    program = always(
        Operation(Gate.INC, (0,)),
        Operation(Gate.WRITE, (0, 1)),
        Operation(Gate.READ, (0,)),
        Operation(Gate.READ, (1,)),
        outputs=(1,),
    )
    memory = (0, 0, value)
    assert run(program, memory, 9) == Result((1, 2, value), 1, Status.VALUE_OUT_OF_RANGE)
    assert len(list(trace(program, memory, 9))) == 1


def test_states_follow_the_rows() -> None:
    """A Mealy machine that adds 1 in state 0 and 2 in state 1."""
    one = Row(Circuit((Operation(Gate.INC, (0,)),), (1,), halt=False), next_state=1)
    two = Row(
        Circuit((Operation(Gate.TWO, ()), Operation(Gate.ADD, (0, 1))), (2,), halt=False),
        next_state=0,
    )
    program = Program(1, ((one, one), (two, two)), METADATA)
    steps = list(trace(program, (0,) * 9, 5))
    assert [step.state for step in steps] == [0, 1, 0, 1, 0]
    assert [step.registers for step in steps] == [(0,), (1,), (3,), (4,), (6,)]


def test_a_missing_row_ends_the_run() -> None:
    """Only a wrong reachability analysis could bring this about."""
    row = Row(Circuit((Operation(Gate.ONE, ()),), (1,), halt=False))
    program = Program(1, ((None, row),), METADATA)
    assert run(program, (0, 0), 9) == Result((0, 0), 1, Status.UNREACHABLE_ROW)


def test_an_empty_memory_is_refused() -> None:
    program = copy_program()
    with pytest.raises(HardmaxError, match="at least one cell"):
        run(program, (), 1)
    with pytest.raises(HardmaxError, match="at least one cell"):
        list(trace(program, (), 1))


@given(programs(), memories() | arbitrary_memories(), st.integers(0, 12))
def test_trace_is_run_step_by_step(
    program: Program, memory: tuple[int, ...], max_steps: int
) -> None:
    original = list(memory)
    result = run(program, original, max_steps)
    steps = list(trace(program, original, max_steps))
    assert original == list(memory)
    assert len(steps) == result.steps <= max_steps
    for t, step in enumerate(steps):
        assert step.memory == run(program, memory, t).memory
        assert step.bits == sum((value == 0) << i for i, value in enumerate(step.registers))
        assert all(0 <= value < len(memory) for value in step.registers)
    assert result.halted == (result.status is Status.HALTED)
    if result.status is Status.STEP_LIMIT:
        assert result.steps == max_steps
    assert result.status is not Status.UNREACHABLE_ROW
    if all(0 <= value < len(memory) for value in memory):
        assert result.status is not Status.VALUE_OUT_OF_RANGE
        assert all(0 <= value < len(memory) for value in result.memory)
