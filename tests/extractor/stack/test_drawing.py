"""Stack machines as people see them: listings and state diagrams."""

from __future__ import annotations

import dataclasses
import itertools
import shutil

import pytest
from hypothesis import given

from hardmax.extractor.stack.drawing import LONGEST_EDGE, render
from hardmax.extractor.stack.listing import listing
from hardmax.extractor.stack.transitions import cell_names, transitions
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.stack.program import StackProgram
from tests.support import stack_programs


def test_rows_that_do_the_same_are_one_line() -> None:
    assert listing(stack_programs.reversal()) == (
        "reversal: stack, 1 state, 20 rows\n"
        "\n"
        "state 0:\n"
        "    0..2: push input; output end\n"
        "    end: output end\n"
        "    blank if top 0..2: pop; output top\n"
        "    blank if top nothing: pop; output end\n"
    )
    assert listing(stack_programs.dyck_next()).splitlines()[3:] == [
        "    (: push 0; output )",
        "    [: push 1; output ]",
        "    ) ] if top 2 nothing: pop; output none",
        "    ) ] if top 0 1, top 2 0: pop; output )",
        "    ) ] if top 0 1, top 2 1: pop; output ]",
    ]


def test_a_queue_is_read_at_its_front() -> None:
    assert (
        "    blank if front 0..2: pop; output front" in listing(stack_programs.copy()).splitlines()
    )
    assert cell_names(stack_programs.several()) == (
        "stack top",
        "queue front",
        "deque top",
        "deque bottom",
    )


@given(stack_programs.stack_programs())
def test_every_row_is_described(program: StackProgram) -> None:
    """Once, and between the same states."""
    found = transitions(program)
    keys = [key for transition in found for key in transition.keys]
    assert sorted(keys) == sorted(key for key, _ in program.rows)
    described = {(t.state, t.next_state) for t in found}
    assert described == {(key[0], action.next_state) for key, action in program.rows}
    assert len(found) <= len(program.rows)
    outputs = set(itertools.chain(program.output_alphabet, ["input"], cell_names(program)))
    assert {t.output for t in found} <= outputs


def test_pushes_and_pops_are_on_the_edges() -> None:
    text = render(stack_programs.anbn(), "dot").decode()
    assert "start -> state_0" in text
    assert "<td align='left'>push 0</td>" in text
    assert "<td align='left'>pop</td>" in text
    assert text == render(stack_programs.anbn(), "dot").decode()
    assert render(stack_programs.several(), "dot").count(b"more</td>") == 4
    assert len(stack_programs.several().rows) / 4 > LONGEST_EDGE


def test_names_are_only_text_in_a_drawing() -> None:
    names = ("<b>", "&", '"', "]]>", "\\n")
    program = dataclasses.replace(stack_programs.reversal(), alphabet=names)
    text = render(program, "dot").decode()
    assert "&lt;b&gt;" in text
    assert "<b>" not in text


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_brackets_are_drawn() -> None:
    assert b"]</text>" in render(stack_programs.dyck_close(), "svg").replace(b"&#93;", b"]")


def test_another_format_is_refused() -> None:
    with pytest.raises(HardmaxError, match="expected one of the formats"):
        render(stack_programs.reversal(), "gif")
