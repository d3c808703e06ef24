"""The command line with stack machines."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest

import hardmax
from hardmax.cli.main import main
from tests.support import stack_programs

Capture = pytest.CaptureFixture[str]
TYPED = ["0", "2", "1", "end", "blank", "4", "blank"]
ANSWER = "end end end end 1 2 0"


@pytest.fixture(params=["reversal.json", "reversal.so"])
def file(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    path = tmp_path / str(request.param)
    hardmax.compile(stack_programs.reversal(), path)
    return str(path)


def test_symbols_are_typed_by_name_or_number(file: str, capsys: Capture) -> None:
    assert main(["run", file, *TYPED]) == 0
    assert capsys.readouterr().out == f"{ANSWER}\n"
    assert main(["run", file, "0"]) == 0
    assert capsys.readouterr().out == "end\n"


def test_symbols_come_from_files_and_standard_input(
    file: str, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    text, array = tmp_path / "word.txt", tmp_path / "word.npy"
    text.write_text("# a word\n0, 2 1\nend; blank 4\nblank\n")
    np.save(array, np.array([0, 2, 1, 3, 4, 4, 4]))
    for word in (str(text), str(array)):
        assert main(["run", file, word]) == 0
        assert capsys.readouterr().out == f"{ANSWER}\n"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"0 2 1 end 4 4 4")))
    assert main(["run", file, "-"]) == 0
    assert capsys.readouterr().out == f"{ANSWER}\n"


def test_no_symbols_are_a_sequence_too(file: str, tmp_path: Path, capsys: Capture) -> None:
    nothing = tmp_path / "nothing.txt"
    nothing.write_text("# no symbol at all\n")
    assert main(["run", file, str(nothing)]) == 0
    assert capsys.readouterr().out == "\n"


def test_a_trace_shows_state_structures_and_operations(file: str, capsys: Capture) -> None:
    assert main(["run", file, "--trace", *TYPED]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "Step  input  state  output  stack  operation",
        "   1      0      0     end         push 0",
        "   2      2      0     end  0      push 2",
        "   3      1      0     end  0 2    push 1",
        "   4    end      0     end  0 2 1  -",
        "   5  blank      0       1  0 2 1  pop",
        "   6  blank      0       2  0 2    pop",
        "   7  blank      0       0  0      pop",
    ]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["x"], "expected symbols 0..4 or their names, 0 1 2 end blank, found 'x'"),
        (["0", "5"], "found '5' in step 2"),
        (["0", "1", "2", "--capacity", "2"], "2 steps of 3: a structure would have more cells"),
        (["0", "--rows", "3"], "--rows is no option of a run of its kind, stack"),
        (["0", "--capacity", "0"], "expected the capacity in 1..4294967295, found 0"),
    ],
)
def test_what_cannot_be_run_is_one_line(
    file: str, arguments: list[str], reason: str, capsys: Capture
) -> None:
    assert main(["run", file, *arguments]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert reason in line


def test_info_and_draw_and_compile(file: str, tmp_path: Path, capsys: Capture) -> None:
    assert main(["info", file, "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["structures"], facts["rows"]) == ("stack", 20)
    assert main(["draw", file, "-o", str(tmp_path / "states.dot")]) == 0
    assert "push input" in Path(tmp_path, "states.dot").read_text()
    assert main(["compile", file, "-o", str(tmp_path / "again.s")]) == 0
    assert "hardmax_stack_run_batch:" in Path(tmp_path, "again.s").read_text()


def test_compile_explains_and_has_no_passes(capsys: Capture, tmp_path: Path) -> None:
    file = tmp_path / "copy.json"
    file.write_text(stack_programs.copy().to_json())
    assert main(["compile", str(file), "--explain"]) == 0
    assert "cells: 1 byte each, in queue" in capsys.readouterr().out
    output = str(tmp_path / "x.so")
    assert main(["compile", str(file), "-o", output, "--print-after", "all"]) == 1
    assert "found a stack machine's table" in capsys.readouterr().err


def test_a_run_is_drawn(file: str, tmp_path: Path, capsys: Capture) -> None:
    picture = tmp_path / "run.svg"
    assert main(["trace", file, *TYPED, "--plot", str(picture)]) == 0
    drawn = picture.read_bytes()
    assert drawn.count(b"<image") == 1
    assert main(["trace", file, *TYPED, "--plot", str(picture)]) == 0
    assert picture.read_bytes() == drawn
    for arguments, reason in (
        (["x"], "found 'x'"),
        ([""], "expected at least one step to draw, found none"),
        (["0", "--rows", "3"], "--rows is no option"),
        (["0", "--seed", "3"], "--seed is of a random input"),
    ):
        assert main(["trace", file, *arguments, "--plot", str(picture)]) == 1
        assert reason in capsys.readouterr().err
