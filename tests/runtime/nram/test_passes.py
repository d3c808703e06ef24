"""Every pass keeps what a program does, and removes what it says it removes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardmax.extractor.nram.passes import PASSES, Pass, simplify
from hardmax.runtime.nram.gates import EFFECTS, Gate
from hardmax.runtime.nram.interpreter import run
from hardmax.runtime.nram.passes.drop_dead_operations import drop_dead_operations
from hardmax.runtime.nram.passes.drop_final_registers import drop_final_registers
from hardmax.runtime.nram.passes.drop_unreachable_rows import drop_unreachable_rows
from hardmax.runtime.nram.passes.reachability import reachability
from hardmax.runtime.nram.program import Circuit, Metadata, Operation, Program, Row, StepBudget
from tests.support.paper_programs import access_program, copy_program
from tests.support.strategies import arbitrary_memories, programs

STEPS = 40

each_pass = pytest.mark.parametrize(
    "transform", [*PASSES, simplify], ids=lambda transform: transform.__name__
)


def always(circuit: Circuit) -> Program:
    """A program that runs one circuit in every row."""
    registers = len(circuit.outputs)
    rows = (Row(circuit),) * (1 << registers)
    return Program(registers, (rows,), Metadata("test", StepBudget(1, 1)))


@each_pass
@given(program=programs(), memory=arbitrary_memories(), max_steps=st.integers(0, STEPS))
def test_a_pass_changes_no_run(
    transform: Pass, program: Program, memory: tuple[int, ...], max_steps: int
) -> None:
    assert run(transform(program), memory, max_steps) == run(program, memory, max_steps)


@each_pass
@given(program=programs())
def test_a_second_time_changes_nothing(transform: Pass, program: Program) -> None:
    once = transform(program)
    assert transform(once) == once


@given(programs())
def test_what_is_left_is_reachable_and_used(program: Program) -> None:
    simplified = simplify(program)
    reachable = set(reachability(simplified).successors)
    assert {(state, bits) for state, bits, _ in simplified.rows()} == reachable
    for circuit in simplified.circuits():
        used = set(circuit.outputs).union(*(o.operands for o in circuit.operations))
        for value, operation in enumerate(circuit.operations, start=len(circuit.outputs)):
            assert value in used or operation.gate in EFFECTS


@each_pass
def test_a_program_in_which_everything_is_used_stays_as_it_is(transform: Pass) -> None:
    program = simplify(copy_program())
    assert transform(program) == program
    assert drop_dead_operations(copy_program()) == copy_program()
    assert drop_final_registers(copy_program()) == copy_program()
    assert drop_final_registers(access_program()) == access_program()


def test_unreachable_rows_of_the_copy_program() -> None:
    """r1 stays 0; and where r2 is 0 too, r4 takes MIN(r2, o2) = 0, so one of r3, r4 is 0."""
    kept = [bits for _, bits, _ in drop_unreachable_rows(copy_program()).rows()]
    assert kept == [0b0001, 0b0101, 0b0111, 0b1001, 0b1011, 0b1101, 0b1111]


def test_dead_operations_go_and_values_are_renumbered() -> None:
    before = Circuit(
        operations=(
            Operation(Gate.ZERO, ()),
            Operation(Gate.ONE, ()),
            Operation(Gate.INC, (2,)),
            Operation(Gate.READ, (3,)),
            Operation(Gate.ADD, (0, 3)),
            Operation(Gate.WRITE, (1, 0)),
        ),
        outputs=(6, 1),
        halt=False,
    )
    after = Circuit(
        operations=(
            Operation(Gate.ONE, ()),
            Operation(Gate.READ, (2,)),
            Operation(Gate.ADD, (0, 2)),
            Operation(Gate.WRITE, (1, 0)),
        ),
        outputs=(4, 1),
        halt=False,
    )
    assert drop_dead_operations(always(before)) == always(after)


def test_a_chain_of_operations_that_feeds_nothing_goes_as_a_whole() -> None:
    before = Circuit((Operation(Gate.ONE, ()), Operation(Gate.INC, (1,))), (0,), halt=False)
    assert drop_dead_operations(always(before)) == always(Circuit((), (0,), halt=False))


def test_the_last_registers_are_of_no_use() -> None:
    halting = Circuit((Operation(Gate.READ, (0,)), Operation(Gate.ONE, ())), (1, 2), halt=True)
    kept = Circuit((Operation(Gate.READ, (0,)),), (0, 1), halt=True)
    assert simplify(always(halting)) == drop_unreachable_rows(always(kept))
    running = Circuit(halting.operations, halting.outputs, halt=False)
    assert drop_final_registers(always(running)) == always(running)
