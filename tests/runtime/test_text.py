"""Untrusted text is shown on one line, and does nothing but that."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.metadata import read_metadata, write_metadata
from hardmax.runtime.text import printable
from tests.support.samples import increment


@given(st.text(st.characters(exclude_categories=[])))
def test_it_is_one_line_that_any_terminal_and_encoder_takes(text: str) -> None:
    shown = printable(text, len(text))
    assert shown.isprintable()
    shown.encode()
    if text.isprintable():
        assert shown == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("copy", "copy"),
        ("é字", "é字"),
        ("a\nb", r"a\nb"),
        ("\x1b[31m", r"\x1b[31m"),
        ("\u202egnp", r"\u202egnp"),
        ("\udc80", r"\udc80"),
        (None, "None"),
    ],
)
def test_what_is_not_printable_stands_as_in_a_literal(text: object, shown: str) -> None:
    assert printable(text) == shown


def test_long_text_is_cut() -> None:
    assert printable("a" * 1000) == "a" * 200 + "..."


def test_reprs_and_errors_show_text_so() -> None:
    program = increment()
    program = replace(program, metadata=replace(program.metadata, task="a\n\x1b\udc80"))
    assert repr(program) == r"<Program a\n\x1b\udc80: 2 registers, 2 states, 8 rows>"
    document = json.loads(write_metadata(program, "me"))
    with pytest.raises(HardmaxError) as error:
        read_metadata(json.dumps(document | {"task": "\n\x1b"}))
    assert str(error.value).isprintable()
