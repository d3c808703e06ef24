"""The Program's invariants, and its text form: stable, complete, and safe to read."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.nram.gates import Gate
from hardmax.runtime.nram.program import (
    MAX_REGISTERS,
    Circuit,
    Metadata,
    Operation,
    Program,
    Row,
    StepBudget,
)
from hardmax.runtime.programs import load_program
from tests.support.strategies import circuits, programs

METADATA = Metadata(
    task="access",
    budget=StepBudget(per_cell=0, constant=2),
    trained_complexity=5,
    model_hash="5eed",
    versions={"torch": "2", "hardmax": "1"},
)
LOAD = Circuit((Operation(Gate.READ, (0,)),), (2, 1), halt=False)
STORE = Circuit((Operation(Gate.READ, (0,)), Operation(Gate.WRITE, (1, 2))), (0, 1), halt=True)
PROGRAM = Program(2, ((Row(STORE), None, Row(STORE, 1), Row(LOAD)), (None,) * 4), METADATA)

GOLDEN = """\
{
  "format": "hardmax-program",
  "version": 1,
  "task": "access",
  "budget": {"per_cell": 0, "constant": 2},
  "trained_complexity": 5,
  "model_hash": "5eed",
  "versions": {"hardmax": "1", "torch": "2"},
  "registers": 2,
  "circuits": [
    {"operations": [["READ", 0], ["WRITE", 1, 2]], "outputs": [0, 1], "halt": true},
    {"operations": [["READ", 0]], "outputs": [2, 1], "halt": false}
  ],
  "table": [
    [[0, 0], null, [0, 1], [1, 0]],
    [null, null, null, null]
  ]
}
"""


def test_text_form_is_golden() -> None:
    assert PROGRAM.to_json() == GOLDEN
    assert Program.from_json(GOLDEN) == PROGRAM


names = st.text(max_size=8)
budgets = st.builds(StepBudget, st.integers(0, 9), st.integers(1, 99))
metadata = st.builds(
    Metadata,
    task=names,
    budget=budgets,
    trained_complexity=st.integers(0, 99),
    model_hash=names,
    versions=st.dictionaries(names, names, max_size=3),
)


@given(programs(), metadata)
def test_text_form_gives_the_program_back(drawn: Program, metadata: Metadata) -> None:
    program = Program(drawn.registers, drawn.table, metadata)
    text = program.to_json()
    back = Program.from_json(text)
    assert back == program
    assert hash(back) == hash(program)
    assert back.to_json() == text
    assert text.isascii()
    json.loads(text)


@given(programs())
def test_rows_and_circuits_are_in_order_of_appearance(program: Program) -> None:
    rows = [
        (state, bits, row)
        for state, own in enumerate(program.table)
        for bits, row in enumerate(own)
        if row is not None
    ]
    assert list(program.rows()) == rows
    distinct: list[Circuit] = []
    for _, _, row in rows:
        if row.circuit not in distinct:
            distinct.append(row.circuit)
    assert list(program.circuits()) == distinct


def test_step_budget_is_affine_in_the_size() -> None:
    assert [StepBudget(2, 3).steps(size) for size in (1, 10)] == [5, 23]


def halting_row(registers: int) -> Row:
    return Row(Circuit((), tuple(range(registers)), halt=True))


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Operation(Gate.ADD, (0,)), "gate ADD takes 2 operands, found 1"),
        (lambda: Operation(Gate.ZERO, (0,)), "gate ZERO takes 0 operands, found 1"),
        (
            lambda: Circuit((Operation(Gate.INC, (2,)),), (0, 1), halt=False),
            "operation 0 (INC) reads value 2, expected 0..1",
        ),
        (
            lambda: Circuit((Operation(Gate.INC, (-1,)),), (0,), halt=False),
            "operation 0 (INC) reads value -1, expected 0..0",
        ),
        (
            lambda: Circuit((Operation(Gate.ONE, ()),), (0, 3), halt=False),
            "register 1 takes value 3, expected 0..2",
        ),
        (lambda: StepBudget(-1, 1), "found -1 and 1"),
        (lambda: StepBudget(1, 0), "found 1 and 0"),
        (lambda: Program(0, (), METADATA), f"a program has 1..{MAX_REGISTERS} registers, found 0"),
        (lambda: Program(10**9, (), METADATA), "found 1000000000"),
        (lambda: Program(1, (), METADATA), "at least one controller state"),
        (
            lambda: Program(2, ((halting_row(2),) * 3,), METADATA),
            "state 0 has 3 rows, expected 2^2",
        ),
        (
            lambda: Program(1, ((halting_row(2),) * 2,), METADATA),
            "state 0, row 0 sets 2 registers, expected 1",
        ),
        (
            lambda: Program(2, ((halting_row(2),) * 3 + (Row(STORE, 1),),), METADATA),
            "state 0, row 11 goes to state 1, expected 0..0",
        ),
        (
            lambda: Program(1, ((halting_row(1), None),), METADATA),
            "the row of the all-zero start is missing",
        ),
    ],
)
def test_what_is_no_program_is_refused(build: Callable[[], object], message: str) -> None:
    with pytest.raises(HardmaxError) as error:
        build()
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def edited(**fields: Any) -> str:
    return json.dumps({**json.loads(GOLDEN), **fields})


def without(field: str) -> str:
    return json.dumps({k: v for k, v in json.loads(GOLDEN).items() if k != field})


def circuit(**fields: Any) -> list[dict[str, Any]]:
    return [{"operations": [], "outputs": [0, 1], "halt": False, **fields}] * 2


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not JSON",
        GOLDEN[:-20],
        "[]",
        "null",
        "{}",
        "[" * 100_000,
        edited(format="other"),
        edited(version=2),
        edited(version="1\n2"),
        edited(version=True),
        *(without(field) for field in json.loads(GOLDEN)),
        edited(registers=3),
        edited(registers="2"),
        edited(registers=2.0),
        edited(registers=True),
        edited(registers=10**9),
        edited(task=1),
        edited(versions=[]),
        edited(versions={"a": 1}),
        edited(budget={"per_cell": 1}),
        edited(budget={"per_cell": 1, "constant": 0}),
        edited(budget=7),
        edited(trained_complexity=None),
        edited(circuits=None),
        edited(circuits=[]),
        edited(circuits=circuit(operations=[["JUMP", 0]])),
        edited(circuits=circuit(operations=[["READ"]])),
        edited(circuits=circuit(operations=[["READ", 0, 1]])),
        edited(circuits=circuit(operations=[["READ", 2]])),
        edited(circuits=circuit(operations=[["READ", "0"]])),
        edited(circuits=circuit(operations=[[["READ"], 0]])),
        edited(circuits=circuit(operations=[[]])),
        edited(circuits=circuit(operations=5)),
        edited(circuits=circuit(outputs=[0])),
        edited(circuits=circuit(outputs=[0, 2])),
        edited(circuits=circuit(halt=1)),
        edited(table=[]),
        edited(table=[[]]),
        edited(table=[[[0, 0]] * 3]),
        edited(table=[[None] * 4]),
        edited(table=[[[2, 0]] * 4]),
        edited(table=[[[-1, 0]] * 4]),
        edited(table=[[[0, 1]] * 4]),
        edited(table=[[[0]] * 4]),
        edited(table=[[0] * 4]),
        edited(table=5),
    ],
)
def test_malformed_text_is_one_clear_line(text: str) -> None:
    with pytest.raises(HardmaxError) as error:
        Program.from_json(text)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 300


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(st.data(), json_values)
def test_any_damaged_document_is_a_program_or_an_error(data: st.DataObject, value: Any) -> None:
    """One node of a good document, anywhere in it, is replaced by anything."""
    document = json.loads(GOLDEN)
    parent: Any = document
    while True:
        keys = list(parent) if isinstance(parent, dict) else list(range(len(parent)))
        key = data.draw(st.sampled_from(keys))
        child = parent[key]
        if not isinstance(child, dict | list) or not child or data.draw(st.booleans()):
            parent[key] = value
            break
        parent = child
    try:
        program = Program.from_json(json.dumps(document))
    except HardmaxError as error:
        message = str(error)
    else:
        message = ""
        assert Program.from_json(program.to_json()) == program
    assert "\n" not in message


@given(st.text(max_size=30))
@example("\x00")
@example("1e999")
def test_any_text_is_a_program_or_an_error(text: str) -> None:
    with pytest.raises(HardmaxError):
        Program.from_json(text)


def test_load_program_names_the_file(tmp_path: Path) -> None:
    good = tmp_path / "good.json"
    good.write_text(GOLDEN)
    assert load_program(good) == PROGRAM

    missing = tmp_path / "missing.json"
    binary = tmp_path / "binary.json"
    binary.write_bytes(b"\xff\xfe\x00")
    malformed = tmp_path / "malformed.json"
    malformed.write_text("{}")
    for path, reason in (
        (missing, "No such file"),
        (tmp_path, "Is a directory"),
        (binary, "found binary"),
        (malformed, "expected a JSON object"),
    ):
        with pytest.raises(HardmaxError, match=reason) as error:
            load_program(path)
        assert str(path) in str(error.value)
        assert "\n" not in str(error.value)


@given(st.integers(1, 3).flatmap(lambda registers: st.tuples(circuits(registers), st.booleans())))
def test_programs_are_values(drawn: tuple[Circuit, bool]) -> None:
    """Equal parts make equal programs, and hashing does not depend on how they came about."""
    circuit, again = drawn
    copy = Circuit(tuple(circuit.operations), tuple(circuit.outputs), circuit.halt)
    assert copy == circuit
    assert hash(copy) == hash(circuit)
    assert (Row(copy, 0) == Row(circuit, int(again))) == (not again)
