"""Code is held against its program: what is compiled passes, what is changed in it does not."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from hardmax.cli.main import main
from hardmax.codegen.driver import Kind, emit
from hardmax.files import load_program
from hardmax.runtime.nram.program import Program
from hardmax.validation.ir import read_functions
from hardmax.validation.simulation import NotShownError, Shown, Simulation
from hardmax.validation.validate import validate
from tests.support.paper_programs import copy_program
from tests.support.paths import MODELS

TEN = (
    "access",
    "copy",
    "increment",
    "listk",
    "listsearch",
    "merge",
    "permutation",
    "reverse",
    "swap",
    "walkbst",
)


def shipped(name: str) -> Program:
    program = load_program(MODELS / f"{name}.pt")
    assert isinstance(program, Program)
    return program


def hold(program: Program, text: str) -> Shown:
    deadline = time.monotonic() + 600
    functions = read_functions(text)
    return Simulation(program, functions, "hardmax_run", deadline, lambda message: None).show()


@pytest.fixture(scope="module")
def program() -> Program:
    return shipped("copy")


@pytest.fixture(scope="module")
def straight(program: Program) -> str:
    """Its code at -O0."""
    return emit(program, Kind.LLVM_IR, 0).decode()


@pytest.mark.parametrize(("name", "level"), [("access", 0), ("access", 1), ("listsearch", 1)])
def test_what_is_compiled_does_what_the_program_does(name: str, level: int) -> None:
    assert validate(shipped(name), level, 600, lambda message: None).cuts >= 1


@pytest.mark.slow
@pytest.mark.parametrize("name", TEN)
def test_all_ten_programs_without_passes(name: str) -> None:
    assert validate(shipped(name), 0, 600, lambda message: None).cuts == 1


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in TEN if name != "merge"])
def test_nine_programs_with_passes(name: str) -> None:
    assert validate(shipped(name), 1, 600, lambda message: None).cuts >= 2


CHANGES = {
    "a sum is a difference": ("add i32", "sub i32"),
    "a comparison is signed": ("icmp ult i32", "icmp slt i32"),
    "a register starts as another": ("phi i32 [ 0, %start ]", "phi i32 [ 1, %start ]"),
    "timesteps are counted twice": ("sub i64 %left_s0, 1", "sub i64 %left_s0, 2"),
    "a timestep too few": ("icmp eq i64 %left_s0, 0", "icmp eq i64 %left_s0, 1"),
    "a status is another": ("[ -2, %value", "[ -3, %value"),
    "the wrong cell is read": ("i64 %.32", "i64 1"),
    "what is read is not looked at": (
        "br i1 %.35, label %in_range,",
        "br i1 true, label %in_range,",
    ),
    "an address must be small": ("add i32 %r3_s0", "add nsw i32 %r3_s0"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_changed_code_is_not_shown(change: str, program: Program, straight: str) -> None:
    old, new = CHANGES[change]
    head, run, rest = straight.partition("@hardmax_run(")
    body, end, rest = rest.partition("\n}")
    assert old in body
    with pytest.raises(NotShownError):
        hold(program, head + run + body.replace(old, new, 1) + end + rest)


def test_unchanged_code_is_shown(program: Program, straight: str) -> None:
    assert hold(program, straight).cuts == 1


def test_the_code_of_another_program_is_not_shown(straight: str) -> None:
    with pytest.raises(NotShownError):
        hold(copy_program(), straight)


def test_a_loop_in_which_the_program_does_nothing_is_not_shown(
    program: Program, straight: str
) -> None:
    """A run that goes round for ever, where the program ends after a timestep."""
    before, spin = "label %start", "spin:\n  br i1 %.spin, label %spin, label %start\n\nstart:"
    changed = straight.replace(before, "label %spin", 1).replace("start:", spin, 1)
    changed = changed.replace("br i1 %.8,", "%.spin = icmp eq i32 %size, 7\n  br i1 %.8,", 1)
    with pytest.raises(NotShownError):
        hold(program, changed)


def test_a_flag_that_always_holds_where_it_matters_is_right(
    program: Program, straight: str
) -> None:
    """The sum is chosen only where it does not wrap around."""
    changed = straight.replace("add i32 %r3_s0", "add nuw i32 %r3_s0", 1)
    assert hold(program, changed).cuts == 1


def test_there_is_a_time_limit(program: Program) -> None:
    with pytest.raises(NotShownError, match="the time limit"):
        validate(program, 0, 0.0, lambda message: None)


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "access.json").write_text(shipped("access").to_json())
    assert main(["prove", str(tmp_path / "access.json"), "--code"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[-1] == "verdict: the code does what the program does"
    assert main(["prove", str(tmp_path / "access.json"), "--code", "--time-limit", "0"]) == 1
    assert capsys.readouterr().out == "verdict: not shown at -O0: the time limit\n"
    assert main(["prove", str(tmp_path / "access.json"), "-O", "1"]) == 1
    assert "expected --code" in capsys.readouterr().err
