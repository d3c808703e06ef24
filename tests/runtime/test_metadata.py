"""The metadata document reads back as it was written, and says what is wrong with it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.metadata import read_metadata, write_metadata
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
    document, read = read_metadata(text)
    assert document["budget"] == {"per_cell": budget.per_cell, "constant": budget.constant}
    assert (document["task"], document["model_hash"]) == (task, model_hash)
    assert (document["trained_complexity"], document["versions"]) == (complexity, versions)
    assert document["kind"] == "nram"
    assert read == program


def test_a_document_of_another_version_is_not_broken() -> None:
    with pytest.raises(HardmaxError, match=r"^expected ABI version 1, found 2; compile it again$"):
        read_metadata('{"abi_version": 2}')


def changed(**fields: Any) -> str:
    document = json.loads(write_metadata(increment(), "a compiler"))
    return json.dumps({k: v for k, v in (document | fields).items() if v is not None})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a document in JSON, found Expecting value"),
        ("[" * 10**5, "expected a document in JSON, found too many nested lists"),
        ("[]", "expected an object, found list"),
        (changed(task=None), '"task" is missing'),
        (changed(abi_version=True), '"abi_version" must be int, found bool'),
        (changed(features=["sse2", 3]), '"features" must be names'),
        (changed(task=3), '"task" must be "increment" as in the program, found 3'),
        (changed(kind="ntm"), '"kind" must be "nram" as in the program, found "ntm"'),
        (changed(registers=2.0), '"registers" must be 2 as in the program, found 2.0'),
        (changed(registers=None), '"registers" is missing'),
        (changed(budget={"per_cell": 1}), '"budget" must be {"constant": 2, "per_cell": 2} as in'),
        (changed(program="{}"), 'expected a JSON object whose "format" is one of'),
        (changed(program="[" * 10**5), "expected a hardmax program in JSON, found too many nested"),
    ],
)
def test_a_broken_document_is_refused_by_field(text: str, message: str) -> None:
    with pytest.raises(HardmaxError) as error:
        read_metadata(text)
    assert str(error.value).startswith(f"broken metadata: {message}")
    assert "\n" not in str(error.value)
