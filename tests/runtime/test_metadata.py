"""The metadata document reads back as it was written, and says what is wrong with it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.metadata import read_metadata, step_budget, write_metadata
from hardmax.runtime.nram.program import Metadata, Program, StepBudget
from tests.support.samples import increment


@given(
    st.text(),
    st.builds(StepBudget, st.integers(0), st.integers(1)),
    st.integers(0),
    st.text(),
    st.dictionaries(st.text(), st.text()),
)
def test_what_was_written_reads_back(
    task: str, budget: StepBudget, complexity: int, model_hash: str, versions: dict[str, str]
) -> None:
    metadata = Metadata(task, budget, complexity, model_hash, versions)
    program = Program(2, increment().table, metadata)
    text = write_metadata(program, "a compiler")
    assert text.isascii()
    assert "\0" not in text
    document = read_metadata(text)
    assert step_budget(document) == budget
    assert (document["task"], document["model_hash"]) == (task, model_hash)
    assert (document["trained_complexity"], document["versions"]) == (complexity, versions)
    assert Program.from_json(document["program"]) == program


def changed(**fields: Any) -> str:
    document = json.loads(write_metadata(increment(), "a compiler"))
    return json.dumps({k: v for k, v in (document | fields).items() if v is not None})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected JSON, Expecting value"),
        ("[]", "expected an object, found list"),
        (changed(task=None), '"task" is missing'),
        (changed(task=3), '"task" must be str, found int'),
        (changed(registers=True), '"registers" must be int, found bool'),
        (changed(budget={"per_cell": 1}), '"budget" must be {"per_cell": a, "constant": b}, found'),
        (changed(budget={"per_cell": 1, "constant": "2"}), '"budget" must be'),
        (changed(budget={"per_cell": 1, "constant": 0}), "step budget must have per_cell >= 0"),
    ],
)
def test_a_broken_document_is_refused_by_field(text: str, message: str) -> None:
    with pytest.raises(HardmaxError) as error:
        read_metadata(text)
    assert message in str(error.value)
    assert "\n" not in str(error.value)
