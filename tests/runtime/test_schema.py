"""The published JSON Schema and the reader of programs say the same of a text."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from hardmax.files import load_program
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.kinds import KINDS, AnyProgram, find_kind
from hardmax.runtime.nram.gates import GATES, STANDARD_MODULES
from hardmax.runtime.nram.program import MAX_REGISTERS
from hardmax.runtime.ntm.program import MAX_HEADS, MAX_HIDDEN, MAX_WIDTH
from hardmax.runtime.programs import read_program
from hardmax.runtime.stack.program import MAX_DEPTH, MAX_ROWS, MAX_STATES, MAX_STRUCTURES
from hardmax.runtime.symbols.interface import LONGEST_NAME, MAX_SYMBOLS
from tests.support import ntm_programs, recurrent_programs, stack_programs
from tests.support.paper_programs import access_program, copy_program
from tests.support.paths import ROOT
from tests.support.strategies import damaged_texts, programs

SCHEMA = json.loads((ROOT / "docs" / "program.schema.json").read_text())
VALIDATOR = Draft202012Validator(SCHEMA)

EXAMPLES: list[AnyProgram] = [
    access_program(),
    copy_program(),
    recurrent_programs.random_program(0, registers=1, hidden=2),
    ntm_programs.random_ntm(0, writers=2, readers=3),
    ntm_programs.random_ntm(1, recurrent=True),
    stack_programs.several(),
]


def valid(text: str) -> bool:
    return bool(VALIDATOR.is_valid(json.loads(text)))


def accepted(text: str) -> bool:
    try:
        read_program(text)
    except HardmaxError:
        return False
    return True


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_it_has_every_format() -> None:
    parts = (SCHEMA["$defs"][part["$ref"].rpartition("/")[2]] for part in SCHEMA["oneOf"])
    formats = [part["properties"]["format"]["const"] for part in parts]
    assert formats == [name for kind in map(find_kind, KINDS) for name in kind.formats]


def test_its_numbers_are_the_readers() -> None:
    parts = SCHEMA["$defs"]
    assert parts["registers"]["maximum"] == MAX_REGISTERS
    assert parts["hidden"]["maximum"] == MAX_HIDDEN
    assert parts["width"]["maximum"] == MAX_WIDTH
    assert parts["heads"]["maximum"] == MAX_HEADS
    stack = parts["stackProgram"]["properties"]
    assert stack["structures"]["maxItems"] == stack["depths"]["maxItems"] == MAX_STRUCTURES
    assert stack["depths"]["items"]["maximum"] == MAX_DEPTH
    assert stack["symbols"]["maximum"] == parts["names"]["maxItems"] == MAX_SYMBOLS
    assert parts["names"]["items"]["maxLength"] == LONGEST_NAME
    assert stack["states"]["maximum"] == MAX_STATES
    assert stack["rows"]["maxItems"] == MAX_ROWS
    modules = parts["recurrentProgram"]["properties"]["modules"]["items"]["enum"]
    assert modules == [gate.value for gate in STANDARD_MODULES]
    operations = parts["circuit"]["properties"]["operations"]["items"]["anyOf"]
    assert {
        gate: len(form["prefixItems"]) - 1
        for form in operations
        for gate in form["prefixItems"][0]["enum"]
    } == {gate.value: described.arity for gate, described in GATES.items()}


@pytest.mark.parametrize("path", sorted((ROOT / "models").glob("*.pt")), ids=lambda path: path.stem)
def test_every_shipped_program_is_valid(path: Any) -> None:
    assert valid(load_program(path).to_json())


@pytest.mark.parametrize("program", EXAMPLES)
def test_a_program_of_every_kind_is_valid(program: AnyProgram) -> None:
    assert valid(program.to_json())


@given(programs())
def test_any_program_is_valid(program: AnyProgram) -> None:
    assert valid(program.to_json())


@given(st.sampled_from(EXAMPLES).flatmap(lambda program: damaged_texts(program.to_json())))
def test_what_the_reader_accepts_is_valid(text: str) -> None:
    assert valid(text) or not accepted(text)


def changed(number: int, *path: str | int, value: object) -> str:
    """The text of an example with another value somewhere, or without it."""
    document = json.loads(EXAMPLES[number].to_json())
    place = document
    for step in path[:-1]:
        place = place[step]
    if value is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return json.dumps(document)


BROKEN = [
    "[]",
    "{}",
    '"hardmax-program"',
    changed(0, "format", value="hardmax"),
    changed(0, "version", value=2),
    changed(0, "task", value=None),
    changed(0, "budget", value=7),
    changed(0, "budget", "constant", value=0),
    changed(0, "budget", "per_cell", value=-1),
    changed(0, "trained_complexity", value="1"),
    changed(0, "versions", "torch", value=2),
    changed(0, "versions", value=[]),
    changed(0, "registers", value=0),
    changed(0, "registers", value=21),
    changed(0, "circuits", value=...),
    changed(0, "circuits", 0, "halt", value=1),
    changed(0, "circuits", 0, "outputs", value=[]),
    changed(0, "circuits", 0, "outputs", 0, value=-1),
    changed(0, "circuits", 0, "operations", value=""),
    changed(0, "circuits", 0, "operations", value={}),
    changed(0, "circuits", 0, "operations", 0, value=["XOR", 0, 1]),
    changed(0, "circuits", 0, "operations", 0, value=["READ"]),
    changed(0, "circuits", 0, "operations", 0, value=["READ", 0, 0]),
    changed(0, "circuits", 0, "operations", 0, value=["ZERO", 0]),
    changed(0, "circuits", 0, "operations", 0, value=["MIN", 0]),
    changed(0, "circuits", 0, "operations", 0, value=[]),
    changed(0, "table", value=[]),
    changed(0, "table", 0, 0, value=[0]),
    changed(0, "table", 0, 0, value=[0, 0, 0]),
    changed(0, "table", 0, 0, value=0),
    changed(0, "table", 0, 0, value=[-1, 0]),
    changed(2, "hidden", value=0),
    changed(2, "modules", value=""),
    changed(2, "modules", value={}),
    changed(2, "modules", 0, value="XOR"),
    changed(2, "cell.weight", value=...),
    changed(2, "cell.weight", value="AAAA AAAA"),
    changed(2, "cell.weight", value=[0.0]),
    changed(3, "memory", "constant", value=0),
    changed(3, "memory", "steps_per_row", value=2**64),
    changed(3, "controller", value="gru"),
    changed(3, "write_heads", value=17),
    changed(3, "read_heads", value=0),
    changed(3, "width", value=0),
    changed(3, "read_head_0.bias", value=...),
    changed(3, "initial_row", value=None),
    changed(5, "structures", 0, value="heap"),
    changed(5, "structures", value=[]),
    changed(5, "depths", 0, value=9),
    changed(5, "symbols", value=0),
    changed(5, "alphabet", 0, value="a b"),
    changed(5, "alphabet", 0, value="-"),
    changed(5, "alphabet", 0, value="y"),
    changed(5, "states", value=2**20 + 1),
    changed(5, "rows", value=[]),
    changed(5, "rows", 0, "reads", 0, value=-1),
    changed(5, "rows", 0, "operations", 0, value={"pop_top": False}),
    changed(5, "rows", 0, "operations", 0, value={"push_top": None}),
    changed(5, "rows", 0, "operations", 0, value={"peek": True}),
    changed(5, "rows", 0, "output", value=1.5),
    changed(5, "rows", 0, "next_state", value=...),
]


@pytest.mark.parametrize("text", BROKEN)
def test_what_is_broken_is_neither_valid_nor_accepted(text: str) -> None:
    assert not valid(text)
    assert not accepted(text)
