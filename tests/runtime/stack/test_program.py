"""StackPrograms: what they refuse, their text form, and the meaning of a step."""

from __future__ import annotations

import dataclasses
import json
import random
from collections import deque
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardmax.runtime.abi import Status
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.programs import read_program
from hardmax.runtime.stack.interpreter import StackInterpreter, run, trace
from hardmax.runtime.stack.program import Action, Operation, StackProgram, Structure
from hardmax.runtime.symbols.interface import (
    SymbolMetadata,
    checked_symbols,
    enough_cells,
    symbol_number,
)
from tests.support import stack_programs
from tests.support.stack_programs import BLANK, END, VALUES
from tests.support.strategies import damaged_texts

REVERSAL = stack_programs.reversal()
NOTHING_DONE = Action((Operation(),), 0, 0)


def symbols_of(*numbers: int) -> Any:
    return np.array(numbers, dtype=np.int64)


@given(stack_programs.stack_programs())
def test_the_text_form_is_read_back(program: StackProgram) -> None:
    assert read_program(program.to_json()) == program
    assert hash(read_program(program.to_json())) == hash(program)


def test_rows_in_any_order_are_one_program() -> None:
    rows = list(REVERSAL.rows)
    random.Random(0).shuffle(rows)
    other = dataclasses.replace(REVERSAL, rows=tuple(rows))
    assert other == REVERSAL
    assert other.to_json() == REVERSAL.to_json()


def test_a_row_is_a_line_of_the_text() -> None:
    text = stack_programs.reversal().to_json()
    assert (
        '    {"state": 0, "input": 0, "reads": [0], "operations": [{"push_top": 0}], '
        '"output": 3, "next_state": 0},\n' in text
    )
    assert json.loads(text)["structures"] == ["stack"]


@given(damaged_texts(REVERSAL.to_json()))
def test_a_damaged_text_is_refused_or_is_a_program(text: str) -> None:
    try:
        program = read_program(text)
    except HardmaxError:
        return
    assert read_program(program.to_json()) == program


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"structures": ()}, "expected 1..8 structures, found 0"),
        ({"depths": (1, 1)}, "a depth for each of 1 structure, found 2"),
        ({"depths": (9,)}, "cells that are read at an end"),
        ({"symbols": 0}, "expected 1..65535 values of a cell, found 0"),
        ({"states": 0}, "expected 1..1048576 states"),
        ({"rows": ()}, "expected 1..1048576 rows, found 0"),
        ({"alphabet": ("a", "a", "b", "c", "d")}, "every name in the alphabet once"),
        ({"alphabet": ("a b",)}, "found 'a b'"),
        ({"alphabet": ("1", "0")}, "another symbol's number, found '1' for symbol 0"),
        ({"output_alphabet": ("-",)}, "no - in front, found '-'"),
        ({"output_alphabet": ("\x1b",)}, r"found '\\x1b'"),
        ({"alphabet": ("0",)}, "expected an input symbol 0..0, found 1"),
        ({"rows": (((1, 0, (0,)), NOTHING_DONE),)}, "state 1, .*expected a state 0..0"),
        ({"rows": (((0, 5, (0,)), NOTHING_DONE),)}, "expected an input symbol 0..4, found 5"),
        ({"rows": (((0, 0, ()), NOTHING_DONE),)}, "expected 1 number 0..3 as reads"),
        ({"rows": (((0, 0, (4,)), NOTHING_DONE),)}, "expected 1 number 0..3 as reads"),
        ({"depths": (2,), "rows": (((0, 0, (0, 1)), NOTHING_DONE),)}, "none behind a 0"),
        ({"rows": 2 * (((0, 0, (0,)), NOTHING_DONE),)}, "expected one row, found two"),
        ({"rows": (((0, 0, (0,)), Action((), 0, 0)),)}, "an operation for each structure, found 0"),
        ({"rows": (((0, 0, (0,)), Action((Operation(),), 5, 0)),)}, "an output symbol 0..4"),
        ({"rows": (((0, 0, (0,)), Action((Operation(),), 0, 1)),)}, "a next state 0..0"),
        (
            {"rows": (((0, 0, (0,)), Action((Operation(push_top=3),), 0, 0)),)},
            "values 0..2 to push, found 3",
        ),
        (
            {"rows": (((0, 0, (0,)), Action((Operation(push_bottom=1),), 0, 0)),)},
            "a stack cannot push bottom 1",
        ),
        (
            {
                "structures": (Structure.QUEUE,),
                "rows": (((0, 0, (0,)), Action((Operation(push_top=1),), 0, 0)),),
            },
            "a queue cannot push 1",
        ),
    ],
)
def test_what_no_machine_can_do_is_refused(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(HardmaxError, match=reason):
        dataclasses.replace(REVERSAL, **changes)


@pytest.mark.parametrize("program", [stack_programs.reversal(), stack_programs.copy()])
def test_copying_machines_do_what_they_are_for(program: StackProgram) -> None:
    chosen = random.Random(0)
    for length in range(20):
        word = [chosen.randrange(VALUES) for _ in range(length)]
        given = symbols_of(*word, END, *length * [BLANK])
        answer = run(program, given, max(1, length)).outputs[length + 1 :].tolist()
        assert answer == (word[::-1] if program.metadata.task == "reversal" else word)


def one_step(structure: Structure, operation: Operation, held: list[int]) -> list[int]:
    """What a structure with these cells, bottom first, holds after an operation."""
    reads = (held[-1] + 1, held[0] + 1) if held else (0, 0)
    rows = (((0, 0, reads[: structure.ends]), Action((operation,), 0, 0)),)
    metadata = SymbolMetadata("operation")
    program = StackProgram((structure,), (1,), 9, ("x",), ("x",), 1, rows, metadata)
    machine = StackInterpreter(program, 10)
    machine.structures = (deque(held),)
    assert machine.step(0) == 0
    return list(machine.structures[0])


def test_operations_are_those_of_the_data_structures() -> None:
    stack, queue, double = Structure
    for held in ([], [1], [1, 2], [1, 2, 3]):
        for value in (None, 7):
            pushed = [] if value is None else [7]
            popped = held[:-1]
            assert one_step(stack, Operation(True, value), held) == popped + pushed
            assert one_step(stack, Operation(False, value), held) == held + pushed
            assert one_step(queue, Operation(True, push_bottom=value), held) == pushed + popped
            assert one_step(queue, Operation(False, push_bottom=value), held) == pushed + held
            for pops, left in (
                ((False, False), held),
                ((True, False), held[:-1]),
                ((False, True), held[1:]),
                ((True, True), held[1:-1]),
            ):
                operation = Operation(pops[0], value, pops[1], 8)
                assert one_step(double, operation, held) == [8, *left, *pushed]


def test_what_cannot_be_done_leaves_the_machine_as_it_was() -> None:
    machine = StackInterpreter(REVERSAL, 2)
    assert [machine.step(symbol) for symbol in (0, 1)] == [END, END]
    before = machine.state, [*machine.structures[0]], machine.completed
    assert machine.step(2) is Status.OVERFLOW
    assert machine.step(5) is Status.INPUT_OUT_OF_RANGE
    assert machine.step(-1) is Status.INPUT_OUT_OF_RANGE
    assert (machine.state, [*machine.structures[0]], machine.completed) == before
    machine.program = dataclasses.replace(REVERSAL, rows=REVERSAL.rows[:1])
    assert machine.step(END) is Status.UNREACHABLE_ROW
    assert (machine.state, [*machine.structures[0]], machine.completed) == before


def test_a_full_structure_may_be_popped_and_pushed_at_once() -> None:
    rows = tuple(
        ((0, 0, (read,)), Action((Operation(pop_top=True, push_top=0),), 0, 0)) for read in (0, 1)
    )
    program = StackProgram((Structure.STACK,), (1,), 1, ("x",), ("x",), 1, rows, REVERSAL.metadata)
    assert run(program, symbols_of(0, 0, 0), 1).status is Status.HALTED


def test_a_run_keeps_what_was_done_before_the_first_step_that_cannot_be() -> None:
    result = run(REVERSAL, symbols_of(0, 1, 2, END), 2)
    assert (result.outputs.tolist(), result.steps, result.status) == (
        [END, END],
        2,
        Status.OVERFLOW,
    )
    assert repr(result) == "<SymbolResult: 2 steps, overflow, outputs 3 3>"
    assert run(REVERSAL, symbols_of(0), 0).status is Status.INVALID_ARGUMENT
    assert run(REVERSAL, symbols_of(), 1).outputs.shape == (0,)


@given(stack_programs.stack_programs(), st.lists(st.integers(0, 2), max_size=30))
def test_a_trace_is_its_run(program: StackProgram, numbers: list[int]) -> None:
    given = symbols_of(*numbers)
    steps = list(trace(program, given, 6))
    result = run(program, given, 6)
    assert [step.output for step in steps] == result.outputs.tolist()
    assert [step.symbol for step in steps] == numbers[: result.steps]


@given(stack_programs.stack_programs(), st.lists(st.integers(0, 2), max_size=30))
def test_enough_cells_are_enough(program: StackProgram, numbers: list[int]) -> None:
    given = symbols_of(*numbers)
    assert run(program, given, enough_cells(program, len(given))).status is not Status.OVERFLOW


def test_symbols_are_given_by_number_or_by_name() -> None:
    names = ("(", ")", "end")
    assert checked_symbols(["(", ")", 2, "end", "1"], names).tolist() == [0, 1, 2, 2, 1]
    assert checked_symbols(np.array([2, 0], np.uint8), names).tolist() == [2, 0]
    assert checked_symbols([], names).shape == (0,)
    assert [symbol_number(word, names) for word in ("end", "1", "3", "x", "-1")] == [
        2,
        1,
        None,
        None,
        None,
    ]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ([0, 3], r"expected symbols 0..2 or their names, \( \) end, found '3' in step 2"),
        ([-1], "found '-1' in step 1"),
        (["x"], "found 'x'"),
        (["9" * 5000], "found '9999"),
        ([0.5], "index 0 holds a float, expected an integer"),
        (np.array([0.0]), "expected a sequence of symbols, found float64"),
        ([[0]], "found an array of shape"),
        (3, "found int"),
        ([2**70], "found '1180591620717411303424' in step 1"),
    ],
)
def test_what_is_no_sequence_of_symbols_is_refused(given: Any, reason: str) -> None:
    with pytest.raises(HardmaxError, match=reason):
        checked_symbols(given, ("(", ")", "end"))


def test_it_says_what_it_is() -> None:
    assert repr(REVERSAL) == "<StackProgram reversal: stack, 1 state, 20 rows>"
    assert dict(stack_programs.several().facts())["structures"] == "stack, queue, deque"
    two = dataclasses.replace(
        REVERSAL,
        structures=2 * (Structure.STACK,),
        depths=(1, 2),
        rows=(((0, 0, (0, 0, 0)), Action((Operation(), Operation()), 0, 0)),),
    )
    assert dict(two.facts())["structures"] == "stack 1, stack 2 read 2 deep"
    assert [str(o) for o in (Operation(), Operation(True, 3), Operation(True, 1, True, 2))] == [
        "-",
        "pop, push 3",
        "pop, pop bottom, push 1, push bottom 2",
    ]
