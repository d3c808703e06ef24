"""The reachability analysis is sound: it predicts whatever the interpreter does."""

from __future__ import annotations

import itertools
from unittest import mock

import pytest
from hypothesis import given

from hardmax.runtime.nram.gates import GATES, Gate
from hardmax.runtime.nram.interpreter import trace
from hardmax.runtime.nram.passes.reachability import Situation, reachability
from hardmax.runtime.nram.passes.value_classes import (
    MEMORY_SIZES,
    MemorySizes,
    ValueClass,
    outcomes,
)
from hardmax.runtime.nram.program import Circuit, Metadata, Operation, Program, Row, StepBudget
from tests.support.strategies import arbitrary_memories, programs

STEPS = 40


def visits(program: Program, memory: tuple[int, ...]) -> list[Situation]:
    """The rows that a run executes, in order."""
    situations = []
    for timestep in trace(program, memory, STEPS):
        assert isinstance(timestep.state, int)
        situations.append((timestep.state, timestep.bits))
    return situations


def same_row_everywhere(
    registers: int, *operations: Operation, outputs: tuple[int, ...]
) -> Program:
    """A program that runs one circuit for ever."""
    row = Row(Circuit(operations, outputs, halt=False))
    metadata = Metadata("test", StepBudget(1, 1))
    return Program(registers, ((row,) * (1 << registers),), metadata)


@pytest.mark.parametrize("gate", [gate for gate in Gate if GATES[gate].meaning is not None])
def test_outcomes_cover_the_integer_meaning_on_all_operands(gate: Gate) -> None:
    meaning = GATES[gate].meaning
    assert meaning is not None
    for size in range(1, 41):
        (sizes,) = (s for s in MEMORY_SIZES if s.smallest <= size <= (s.largest or size))
        for values in itertools.product(range(size), repeat=GATES[gate].arity):
            a, b = (*values, 0, 0)[:2]
            classes = tuple(map(ValueClass.of, values))
            result = ValueClass.of(meaning(a, b, size))
            assert result in outcomes(gate, sizes, False)[classes]
            if len(values) == 2 and a == b:
                assert result in outcomes(gate, sizes, True)[classes[:1]]


@pytest.mark.parametrize("sizes", MEMORY_SIZES)
def test_read_can_yield_every_value_below_the_memory_size(sizes: MemorySizes) -> None:
    expected = {ValueClass.of(value) for size in sizes.representatives for value in range(size)}
    assert set(outcomes(Gate.READ, sizes, False)[()]) == expected


def test_memory_sizes_cover_every_size_once() -> None:
    assert MEMORY_SIZES[0].smallest == 1
    assert MEMORY_SIZES[-1].largest is None
    for smaller, larger in itertools.pairwise(MEMORY_SIZES):
        assert smaller.largest is not None
        assert larger.smallest == smaller.largest + 1


@given(programs(), arbitrary_memories())
def test_every_visited_row_and_step_is_predicted(program: Program, memory: tuple[int, ...]) -> None:
    successors = reachability(program).successors
    run = visits(program, memory)
    assert all(situation in successors for situation in run)
    for before, (state, bits) in itertools.pairwise(run):
        row = program.table[before[0]][before[1]]
        assert row is not None
        assert state == row.next_state
        assert bits in successors[before]


@given(programs())
def test_reachable_rows_are_the_start_and_what_follows_it(program: Program) -> None:
    successors = reachability(program).successors
    start = (0, program.start_bits)
    followers = {start}
    for (state, bits), following in successors.items():
        row = program.table[state][bits]
        assert row is not None
        assert not (row.circuit.halt and following)
        assert list(following) == sorted(set(following))
        followers |= {(row.next_state, next_bits) for next_bits in following}
    assert list(successors) == sorted(followers)


@given(programs(), arbitrary_memories())
def test_giving_up_is_sound_and_says_every_row(program: Program, memory: tuple[int, ...]) -> None:
    precise = reachability(program).successors
    imprecise = reachability(program, max_effort=0).successors
    for situation, following in precise.items():
        assert set(following) <= set(imprecise[situation])
    for before, (_, bits) in itertools.pairwise(visits(program, memory)):
        assert bits in imprecise[before]


@given(programs(), arbitrary_memories())
def test_taking_relations_apart_is_sound(program: Program, memory: tuple[int, ...]) -> None:
    precise = reachability(program).successors
    with mock.patch("hardmax.runtime.nram.passes.reachability._MAX_TUPLES", 1):
        imprecise = reachability(program).successors
    for situation, following in precise.items():
        assert set(following) <= set(imprecise[situation])
    for before, (_, bits) in itertools.pairwise(visits(program, memory)):
        assert bits in imprecise[before]


@pytest.mark.parametrize(
    ("operations", "outputs", "expected"),
    [
        pytest.param((), (0, 1), {0b11}, id="registers stay 0"),
        pytest.param(
            (Operation(Gate.READ, (0,)),), (2, 2), {0b11, 0b00}, id="one value in two registers"
        ),
        pytest.param(
            (
                Operation(Gate.READ, (0,)),
                Operation(Gate.ZERO, ()),
                Operation(Gate.EQUALITY_TEST, (2, 3)),
            ),
            (2, 4),
            {0b11, 0b10, 0b01},
            id="a value and whether it is 0: both bits are set at M = 1 and at the start only",
        ),
        pytest.param(
            (Operation(Gate.READ, (0,)), Operation(Gate.SUB, (2, 2))),
            (2, 3),
            {0b11, 0b10},
            id="a value minus itself is 0",
        ),
        pytest.param(
            (Operation(Gate.READ, (0,)), Operation(Gate.READ, (1,)), Operation(Gate.MAX, (2, 3))),
            (2, 4),
            {0b11, 0b01, 0b00},
            id="a maximum is 0 only if both operands are",
        ),
        pytest.param(
            (Operation(Gate.TWO, ()), Operation(Gate.WRITE, (0, 2))),
            (2, 3),
            {0b11, 0b10},
            id="TWO is 0 at M = 2, the value of WRITE always",
        ),
        pytest.param(
            (
                Operation(Gate.INC, (0,)),
                Operation(Gate.ONE, ()),
                Operation(Gate.TWO, ()),
                Operation(Gate.EQUALITY_TEST, (0, 4)),
                Operation(Gate.LESS_THAN, (3, 4)),
                Operation(Gate.MIN, (5, 6)),
            ),
            (2, 7),
            {0b11, 0b10, 0b01, 0b00},
            id="a counter is seen to be 2 when its row is entered for the second time",
        ),
    ],
)
def test_related_values_are_not_mixed(
    operations: tuple[Operation, ...], outputs: tuple[int, ...], expected: set[int]
) -> None:
    program = same_row_everywhere(2, *operations, outputs=outputs)
    assert {bits for _, bits in reachability(program).successors} == expected
