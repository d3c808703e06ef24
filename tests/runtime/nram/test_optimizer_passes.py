"""Every optimizing pass keeps what a program does, and removes what it says it removes."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardmax.codegen.nram.pass_pipeline import optimize, passes, print_after
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.nram.gates import Gate
from hardmax.runtime.nram.interpreter import run
from hardmax.runtime.nram.passes.drop_dead_operations import drop_dead_operations
from hardmax.runtime.nram.passes.drop_dead_registers import drop_dead_registers
from hardmax.runtime.nram.passes.fold_constants import fold_constants
from hardmax.runtime.nram.passes.join_rows import join_rows
from hardmax.runtime.nram.passes.map_circuits import map_circuits
from hardmax.runtime.nram.passes.merge_states import merge_states
from hardmax.runtime.nram.passes.share_values import share_values, useless_writes
from hardmax.runtime.nram.passes.simplify_arithmetic import simplify_arithmetic
from hardmax.runtime.nram.passes.value_classes import MEMORY_SIZES
from hardmax.runtime.nram.program import Circuit, Metadata, Operation, Program, Row, StepBudget
from tests.support.strategies import arbitrary_memories, programs

STEPS = 40
SMALL, LARGE = MEMORY_SIZES[:-1], MEMORY_SIZES[-1:]
EVERY_PASS = dict(passes(3))

each_pass = pytest.mark.parametrize("name", EVERY_PASS)


@each_pass
@given(program=programs(), memory=arbitrary_memories(), max_steps=st.integers(0, STEPS))
def test_a_pass_changes_no_run(
    name: str, program: Program, memory: tuple[int, ...], max_steps: int
) -> None:
    after = EVERY_PASS[name](program)
    assert run(after, memory, max_steps) == run(program, memory, max_steps)


@given(
    program=programs(),
    memory=arbitrary_memories(12),
    max_steps=st.integers(0, STEPS),
    level=st.integers(1, 3),
)
def test_all_passes_together_change_no_run(
    program: Program, memory: tuple[int, ...], max_steps: int, level: int
) -> None:
    expected = run(program, memory, max_steps)
    assert run(optimize(program, level), memory, max_steps) == expected
    sizes = LARGE if len(memory) >= LARGE[0].smallest else SMALL
    assert run(optimize(program, level, sizes), memory, max_steps) == expected


def always(*operations: Operation, outputs: tuple[int, ...]) -> Program:
    """A program that runs one circuit for ever."""
    row = Row(Circuit(operations, outputs, halt=False))
    rows = (row,) * (1 << len(outputs))
    return Program(len(outputs), (rows,), Metadata("test", StepBudget(1, 1)))


def op(gate: Gate, *operands: int) -> Operation:
    return Operation(gate, operands)


IDENTITIES = {
    "x + 0": (op(Gate.ZERO), op(Gate.ADD, 0, 2)),
    "0 + x": (op(Gate.ZERO), op(Gate.ADD, 2, 0)),
    "x - 0": (op(Gate.ZERO), op(Gate.SUB, 0, 2)),
    "(x - 1) + 1": (op(Gate.DEC, 0), op(Gate.INC, 2)),
    "(x + 1) - 1": (op(Gate.INC, 0), op(Gate.DEC, 2)),
    "(x + y) - y": (op(Gate.ADD, 0, 1), op(Gate.SUB, 2, 1)),
    "(y + x) - y": (op(Gate.ADD, 1, 0), op(Gate.SUB, 2, 1)),
    "(x - y) + y": (op(Gate.SUB, 0, 1), op(Gate.ADD, 2, 1)),
    "y + (x - y)": (op(Gate.SUB, 0, 1), op(Gate.ADD, 1, 2)),
    "y - (y - x)": (op(Gate.SUB, 1, 0), op(Gate.SUB, 1, 2)),
    "min(x, x)": (op(Gate.ZERO), op(Gate.MIN, 0, 0)),
    "x + 1 - 1, by constants": (op(Gate.ONE), op(Gate.ADD, 2, 0), op(Gate.SUB, 3, 2)),
}


@pytest.mark.parametrize("identity", IDENTITIES)
def test_an_identity_leaves_the_operand(identity: str) -> None:
    """x is r1, y is r2; the last value goes into r2, which then takes r1 itself."""
    operations = IDENTITIES[identity]
    program = always(*operations, outputs=(0, 1 + len(operations)))
    (circuit,) = simplify_arithmetic(program).circuits()
    assert circuit.outputs == (0, 0)


@pytest.mark.parametrize(
    ("operations", "constant"),
    [
        pytest.param((op(Gate.SUB, 0, 0),), Gate.ZERO, id="x - x"),
        pytest.param((op(Gate.EQUALITY_TEST, 0, 0),), Gate.ONE, id="x == x"),
        pytest.param((op(Gate.LESS_THAN, 0, 0),), Gate.ZERO, id="x < x"),
        pytest.param((op(Gate.LESS_OR_EQUAL_THAN, 0, 0),), Gate.ONE, id="x <= x"),
        pytest.param((op(Gate.ZERO), op(Gate.MIN, 0, 1)), Gate.ZERO, id="min(x, 0)"),
        pytest.param((op(Gate.ONE), op(Gate.ADD, 1, 1)), Gate.TWO, id="1 + 1"),
        pytest.param((op(Gate.TWO), op(Gate.DEC, 1)), Gate.ONE, id="2 - 1, but for M <= 2"),
    ],
)
def test_constants_are_folded(operations: tuple[Operation, ...], constant: Gate) -> None:
    """r1 is what was read, so nothing is known of it but that it is r1."""
    registers = 1
    read = Circuit((op(Gate.READ, 0),), (1,), halt=False)
    use = Circuit(operations, (len(operations),), halt=True)
    rows = (Row(use), Row(read, 1))
    program = Program(registers, (rows, (Row(use), Row(use))), Metadata("test", StepBudget(1, 1)))
    sizes = LARGE if constant is Gate.ONE and operations[0].gate is Gate.TWO else MEMORY_SIZES
    row = fold_constants(program, sizes).table[1][0]
    assert row is not None
    value = row.circuit.outputs[0]
    assert row.circuit.operations[value - registers].gate is constant


def test_cells_are_not_read_or_written_twice() -> None:
    program = always(
        op(Gate.READ, 0),  # 2
        op(Gate.READ, 0),  # 3: what 2 is
        op(Gate.WRITE, 0, 3),  # nothing new
        op(Gate.WRITE, 1, 0),  # overwritten unseen
        op(Gate.WRITE, 1, 2),  # 6
        op(Gate.READ, 1),  # 7: what 2 is
        outputs=(3, 7),
    )
    (circuit,) = drop_dead_operations(share_values(program)).circuits()
    assert circuit.operations == (op(Gate.READ, 0), op(Gate.WRITE, 1, 2))
    assert circuit.outputs == (2, 2)
    assert useless_writes(program.circuits()[0]) == {2, 3}


@given(program=programs(), memory=arbitrary_memories(), max_steps=st.integers(0, STEPS))
def test_a_useless_write_is_not_missed(
    program: Program, memory: tuple[int, ...], max_steps: int
) -> None:
    """Constants in its place, whose value is 0 as well, leave every run as it was."""

    def without(circuit: Circuit) -> Circuit:
        useless = useless_writes(circuit)
        operations = tuple(
            op(Gate.ZERO) if index in useless else operation
            for index, operation in enumerate(circuit.operations)
        )
        return Circuit(operations, circuit.outputs, circuit.halt)

    after = map_circuits(program, without)
    assert run(after, memory, max_steps) == run(program, memory, max_steps)


def test_another_write_may_have_changed_a_cell() -> None:
    operations = (op(Gate.READ, 0), op(Gate.WRITE, 1, 0), op(Gate.READ, 0))
    program = always(*operations, outputs=(2, 4))
    (circuit,) = share_values(program).circuits()
    assert circuit.operations == operations


def test_a_register_that_only_counts_itself_leaves() -> None:
    program = always(op(Gate.INC, 0), op(Gate.READ, 1), outputs=(2, 3))
    (circuit,) = drop_dead_registers(program).circuits()
    assert circuit == Circuit((op(Gate.READ, 0),), (1,), halt=False)


def test_a_register_that_chooses_a_row_stays() -> None:
    count = Circuit((op(Gate.INC, 0),), (1,), halt=False)
    stop = Circuit((), (0,), halt=True)
    program = Program(1, ((Row(stop), Row(count)),), Metadata("test", StepBudget(1, 1)))
    assert drop_dead_registers(program) == program


def test_states_that_cannot_be_told_apart_are_one() -> None:
    """1 and 2 do the same and go to each other; 3 is never reached."""
    circuit = Circuit((op(Gate.INC, 0),), (1,), halt=False)
    other = Circuit((op(Gate.DEC, 0),), (1,), halt=False)
    table = tuple((Row(c, s),) * 2 for c, s in ((circuit, 1), (other, 2), (other, 1), (circuit, 3)))
    program = Program(1, table, Metadata("test", StepBudget(1, 1)))
    assert merge_states(program).table == ((Row(circuit, 1),) * 2, (Row(other, 1),) * 2)


def test_programs_can_be_printed_after_a_pass() -> None:
    program = always(op(Gate.ZERO), op(Gate.INC, 0), outputs=(2, 2))
    printed = list(print_after(program, 2, "all"))
    assert [name for name, _ in printed] == [name for name, _ in passes(2)]
    assert Program.from_json(printed[-1][1]) == optimize(program, 2, LARGE)
    assert {name for name, _ in print_after(program, 2, "fold_constants")} == {"fold_constants"}
    with pytest.raises(HardmaxError, match=r"-O1 has no pass 'fold', expected one of drop_"):
        list(print_after(program, 1, "fold"))


def test_rows_that_differ_in_an_addition_of_0_become_one() -> None:
    """A walk: cell r1 + r2, where r2 is 0 or not, holds the next r1; r1 = 0 ends it."""
    start = Circuit((op(Gate.READ, 0), op(Gate.ONE), op(Gate.READ, 3)), (2, 4), halt=False)
    walk = Circuit((op(Gate.ADD, 0, 1), op(Gate.READ, 2)), (3, 1), halt=False)
    end = Circuit((), (0, 1), halt=True)
    rows = tuple(Row(circuit) for circuit in (walk, end, walk, start))
    program = Program(2, (rows,), Metadata("walk", StepBudget(1, 1)))
    folded = drop_dead_operations(simplify_arithmetic(fold_constants(program)))
    assert folded.table[0][0b00] != folded.table[0][0b10]
    joined = join_rows(folded)
    assert joined.table[0][0b00] == joined.table[0][0b10] == folded.table[0][0b00]
    for size in range(1, 5):
        for memory in itertools.product(range(size), repeat=size):
            assert run(joined, memory, 9) == run(program, memory, 9)


def test_rows_that_do_something_else_stay_two() -> None:
    start = Circuit((op(Gate.READ, 0), op(Gate.ONE), op(Gate.READ, 3)), (2, 4), halt=False)
    there = Circuit((op(Gate.ADD, 0, 1), op(Gate.READ, 2)), (3, 1), halt=False)
    here = Circuit((op(Gate.INC, 0), op(Gate.READ, 2)), (3, 1), halt=False)
    rows = tuple(Row(circuit) for circuit in (there, start, here, start))
    program = fold_constants(Program(2, (rows,), Metadata("walk", StepBudget(1, 1))))
    assert join_rows(program) == program
