"""The command line on Neural Turing Machines."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import hardmax
from hardmax.cli.main import main
from hardmax.codegen.driver import write_program
from hardmax.runtime.abi import (
    ABI_VERSION_FUNCTION,
    METADATA_FUNCTION,
)
from hardmax.runtime.ntm.interpreter import run
from hardmax.runtime.ntm.program import NtmProgram
from hardmax.runtime.sequence.abi import (
    NTM_SIGNATURES,
    NTM_STATUS_TEXT,
)
from hardmax.runtime.sequence.interface import MemoryRule
from tests.support.ntm_programs import random_ntm
from tests.support.paths import DOCS
from tests.support.samples import access

Capture = pytest.CaptureFixture[str]

PROGRAM = random_ntm(0, writers=2)
ROWS_OF_TEXT = "1 0 0.5\n\n-1, 2, 3\n0 0 0\n"
INPUTS = np.array([[1, 0, 0.5], [-1, 2, 3], [0, 0, 0]], dtype=np.float32)


def copy_shaped() -> NtmProgram:
    """A random machine, no trained one, with the task and the channels of Copy."""
    program = random_ntm(3, 6, 4, 8, 20, memory=MemoryRule(2, 2))
    return replace(program, metadata=replace(program.metadata, task="ntm-copy"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with machines as text and compiled, a program on integers, and a sequence."""
    folder = tmp_path_factory.mktemp("made")
    for name, program in (("ntm", PROGRAM), ("copy", copy_shaped()), ("access", access())):
        (folder / f"{name}.json").write_text(program.to_json())
        write_program(program, folder / f"{name}.so")
    (folder / "rows.txt").write_text(ROWS_OF_TEXT)
    return folder


@pytest.fixture
def here(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory: a copy of that folder."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def printed(capsys: Capture) -> list[list[float]]:
    return [[float(word) for word in line.split()] for line in capsys.readouterr().out.splitlines()]


def expect_one_line(capsys: Capture, command: str, message: str) -> None:
    """A command fails with one line that says so, and leaves nothing behind."""
    before = sorted(Path().iterdir())
    assert main(command.split()) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("hardmax: error: ")
    assert message in err
    assert err.count("\n") == 1
    assert sorted(Path().iterdir()) == before


@pytest.mark.parametrize("file", ["ntm.so", "ntm.json"])
def test_run_prints_the_outputs(
    here: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    expected = np.round(run(PROGRAM, INPUTS, 3).outputs.astype(float), 4).tolist()
    assert main(["run", file, "rows.txt"]) == 0
    assert printed(capsys) == expected
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(ROWS_OF_TEXT.encode())))
    assert main(["run", file, "-", "--rows", "3"]) == 0
    assert printed(capsys) == expected


@pytest.mark.parametrize("file", ["ntm.so", "ntm.json"])
def test_run_shows_where_the_heads_are(here: Path, capsys: Capture, file: str) -> None:
    assert main(["run", file, "rows.txt", "--rows", "50", "--trace"]) == 0
    heading, *steps = capsys.readouterr().out.splitlines()
    assert heading == "Step  write 1  write 2  read  outputs"
    addresses = run(PROGRAM, INPUTS, 50).addresses.tolist()
    assert [[int(word) for word in step.split()[:4]] for step in steps] == [
        [t, *places] for t, places in enumerate(addresses, start=1)
    ]


@pytest.mark.parametrize("file", ["ntm.so", "ntm.json"])
def test_info_says_what_it_is(here: Path, capsys: Capture, file: str) -> None:
    assert main(["info", file]) == 0
    facts = dict(line.split(":", 1) for line in capsys.readouterr().out.splitlines())
    assert facts["controller"].strip() == "mlp, 5 units"
    assert facts["heads"].strip() == "2 writing, 1 reading"
    assert facts["memory"].strip() == "2 + steps // 3 rows of 4 numbers"
    assert facts["task"].strip() == "any"


def test_what_was_compiled_compiles_again(here: Path) -> None:
    assert main(["compile", "ntm.json", "-o", "ntm.so", "--header"]) == 0
    assert main(["compile", "ntm.so", "-o", "again.json"]) == 0
    assert Path("again.json").read_text() == PROGRAM.to_json()
    assert "hardmax_ntm_run" in Path("ntm.h").read_text()
    assert hardmax.load("ntm.so").run(INPUTS).steps == 3


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("run ntm.so 1 2 3", "expected a file with a line for each step (or -), found 3"),
        ("run ntm.so no.txt", "cannot read no.txt: No such file or directory"),
        ("run ntm.so ntm.so", "ntm.so: expected rows of numbers, found binary"),
        ("run ntm.so words.txt", "words.txt, line 2: expected a number, found"),
        ("run ntm.so ragged.txt", "ragged.txt, line 2: expected 3 numbers as in"),
        ("run ntm.so narrow.txt", "expected inputs of shape (..., 3), found (2, 2)"),
        ("run ntm.so nan.txt", "found nan at [0, 1]"),
        ("run ntm.so rows.txt --rows 2", "3 steps: the memory has fewer rows than"),
        ("run ntm.json rows.txt --rows 2", "3 steps: the memory has fewer rows than"),
        ("run ntm.json rows.txt --rows 0", "the number of rows in 1..4294967295, found 0"),
        ("run ntm.json empty.txt", "empty.txt: expected at least one step, found none"),
        ("draw ntm.so -o out.dot", "no task 'any' with 3 inputs and 2 outputs"),
        ("draw copy.so -o out.gif", "cannot draw out.gif: expected one of the formats svg, pdf"),
        (
            "compile ntm.json -o out.ptx",
            "a Neural Turing Machine cannot be compiled for nvptx64",
        ),
        ("compile ntm.json -o out.so --explain", "expected a program with a table to explain"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    here: Path, capsys: Capture, command: str, message: str
) -> None:
    files = {"words": "1 2 3\n1 x 3\n", "ragged": "1 2 3\n1 2\n", "narrow": "1 2\n3 4\n"}
    for name, text in {**files, "nan": "1 nan 3\n", "empty": "\n"}.items():
        Path(f"{name}.txt").write_text(text)
    expect_one_line(capsys, command, message)


def test_a_trace_is_a_picture(here: Path, capsys: Capture) -> None:
    pytest.importorskip("matplotlib")
    assert main(["trace", "copy.so", "--plot", "one.png", "--complexity", "3"]) == 0
    assert Path("one.png").read_bytes().startswith(b"\x89PNG")
    for file, picture in (("copy.so", "two.svg"), ("copy.json", "three.svg")):
        assert main(["trace", file, "--plot", picture, "--complexity", "3", "--seed", "1"]) == 0
    for name in ("inputs", "outputs", "added", "write: row", "read: row"):
        assert name in Path("two.svg").read_text()
    compiled, interpreted = (Path(name).read_text() for name in ("two.svg", "three.svg"))
    assert images(compiled) == images(interpreted)
    assert main(["trace", "ntm.so", "rows.txt", "--plot", "three.svg", "--rows", "9"]) == 0
    assert images(Path("three.svg").read_text()) != images(interpreted)
    assert capsys.readouterr() == ("", "")


def test_a_trace_of_a_program_on_a_memory_is_a_picture(here: Path, capsys: Capture) -> None:
    pytest.importorskip("matplotlib")
    words = ["3", "1", "2", "4", "5", "0"]
    assert main(["trace", "access", *words, "--plot", "model.svg"]) == 0
    assert main(["trace", "access.so", *words, "--plot", "program.svg"]) == 0
    assert main(["trace", "access", "--plot", "random.png", "--complexity", "4"]) == 0
    model, program = (Path(name).read_text() for name in ("model.svg", "program.svg"))
    digest = hardmax.load_model("access").digest()[:12]
    assert f"<!-- access, Neural Random-Access Machine, {digest} -->" in model
    assert "<!-- access, Neural Random-Access Machine" in program
    for shown in ("discretized", "register"):
        assert f"<!-- {shown} -->" in model
        assert f"<!-- {shown} -->" in program
    for only in ("soft", "difference"):
        assert f"<!-- {only} -->" in model
        assert f"<!-- {only} -->" not in program
    assert capsys.readouterr() == ("", "")


def test_moves_are_drawn_as_a_state_machine(here: Path, capsys: Capture) -> None:
    assert main(["draw", "copy.so", "-o", "moves.dot"]) == 0
    drawn = Path("moves.dot").read_text()
    arrows = re.findall(r'^\t"?([a-z ]+?)"? -> "?([a-z ]+?)"?$', drawn, re.MULTILINE)
    phases = [(name, f"first after {name}", f"after {name}") for name in ("start", "stop")]
    inside = {arrow for a, b, c in phases for arrow in ((a, b), (b, c), (c, c))}
    assert set(arrows) == inside | {("after start", "stop"), ("first after start", "stop")}
    assert drawn.count("<b>") == 6
    assert main(["draw", "copy.json", "-o", "again.dot"]) == 0
    assert Path("again.dot").read_text() == drawn
    assert capsys.readouterr() == ("", "")


def images(svg: str) -> list[str]:
    """What is drawn in the panels."""
    found = re.findall(r'xlink:href="data:image/png;base64,([^"]+)"', svg)
    assert len(found) >= 5
    return found


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("trace ntm.so rows.txt --plot out.gif", "out.gif: expected one of the extensions .png"),
        ("trace ntm.so --plot out.png", "no task 'any' with 3 inputs and 2 outputs"),
        ("trace ntm.so rows.txt --plot out.png --rows 2", "at least 3 rows for 3 steps, found 2"),
        ("trace ntm.so rows.txt --plot no/out.png", "cannot write no/out.png"),
        ("trace copy.so --plot out.png --complexity 0", "expected a complexity of at least 1"),
        ("trace ntm.so rows.txt --plot out.png --rows 4000000", "at most 10000000 rows times"),
        ("trace access.so --plot out.png --rows 3", "--rows is no option of a run of its kind"),
    ],
)
def test_what_cannot_be_drawn_is_one_line(
    here: Path, capsys: Capture, command: str, message: str
) -> None:
    pytest.importorskip("matplotlib")
    expect_one_line(capsys, command, message)


def test_the_program_of_the_documentation_answers(here: Path) -> None:
    page = (DOCS / "ntm.md").read_text()
    (source,) = re.findall(r"```c\n(#include.*?)```", page, re.DOTALL)
    (here / "answer.c").write_text(source.replace("ntm-copy.h", "ntm.h"))
    assert main(["compile", "ntm.json", "-o", "ntm.a", "--header"]) == 0
    strict = ["-Wall", "-Wextra", "-pedantic", "-Werror", "-std=c99"]
    subprocess.run(["gcc", *strict, "answer.c", "ntm.a", "-o", "answer"], check=True)
    done = subprocess.run(
        [here / "answer"], input="1 0 0.5 -1 2 3 0 0 0", capture_output=True, text=True, check=True
    )
    answered = [[float(word) for word in line.split()] for line in done.stdout.splitlines()]
    expected = run(PROGRAM, INPUTS, PROGRAM.metadata.memory.rows(1000))
    assert np.abs(np.array(answered) - expected.outputs).max() < 1e-4


def test_the_documentation_lists_every_status_and_function() -> None:
    page = (DOCS / "ntm.md").read_text()
    for status, meaning in NTM_STATUS_TEXT.items():
        assert f"| `HARDMAX_{status.name}` | {meaning} |" in page
    for name, signature in NTM_SIGNATURES.items():
        assert f"{signature};" in page or name in (ABI_VERSION_FUNCTION, METADATA_FUNCTION)
