"""The commands as a person types them: what they print, how they end, what they leave behind."""

from __future__ import annotations

import argparse
import dataclasses
import io
import os
import pickle
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
import torch

import hardmax
from hardmax.cli import main as cli
from hardmax.cli.main import compile_main, main
from hardmax.runtime.abi import ABI_VERSION, Status
from hardmax.trainer.archive import load_archive
from hardmax.trainer.nram import checkpoint
from hardmax.trainer.nram.checkpoint import save_model
from hardmax.trainer.nram.model import Model
from hardmax.trainer.nram.tasks import TASKS, find_task
from hardmax.trainer.sequence.tasks.registry import SEQUENCE_TASKS
from tests.support.controllers import random_controller
from tests.support.paper_programs import copy_program
from tests.support.paths import ROOT
from tests.support.trained import access_model, access_program

TABLE_3 = "3 1 12 4 7 12 1 13 8 2 1 3 11 11 12 0"
"""The paper's input of Access."""

ANSWER_3 = "4 1 12 4 7 12 1 13 8 2 1 3 11 11 12 0\n"

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with access.pt, access.json and access.so."""
    folder = tmp_path_factory.mktemp("built")
    model = access_model()
    save_model(model, folder / "access.pt")
    program = hardmax.extract(model).program
    (folder / "access.json").write_text(program.to_json())
    hardmax.compile(program, folder / "access.so")
    return folder


@pytest.fixture
def here(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory, with links to what is built and nothing else."""
    for path in built.iterdir():
        (tmp_path / path.name).symlink_to(path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def left_behind(here: Path) -> set[str]:
    return {path.name for path in here.iterdir()} - {"access.pt", "access.json", "access.so"}


# Running


@pytest.mark.parametrize("file", ["access.so", "access.json", "access.pt"])
def test_run_prints_the_final_memory_and_nothing_else(
    here: Path, capsys: Capture, file: str
) -> None:
    assert main(["run", file, *TABLE_3.split()]) == 0
    assert capsys.readouterr() == (ANSWER_3, "")


@pytest.mark.parametrize("file", ["access.so", "access.json", "access.pt"])
def test_a_trace_is_the_papers_table_and_then_the_final_memory(
    here: Path, capsys: Capture, file: str
) -> None:
    assert main(["run", file, "--trace", "2", "3", "1", "0"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "Step  0 1 2 3  r1 r2  READ  WRITE",
        "   1  2 3 1 0   0  0  p:0   p:0 a:2",
        "   2  2 3 1 0   2  0  p:2   p:0 a:1",
        "1 3 1 0",
    ]


def test_a_trace_shows_the_papers_table_2(here: Path, capsys: Capture) -> None:
    memory = (6, 2, 10, 6, 8, 9, 0, 0, 0, 0, 0, 0)
    (here / "copy.json").write_text(copy_program().to_json())
    assert main(["run", "copy.json", *map(str, memory), "--max-steps", "11", "--trace"]) == 1
    header, *rows, last = capsys.readouterr().out.splitlines()
    assert " ".join(header.split()) == "Step 0 1 2 3 4 5 6 7 8 9 10 11 r1 r2 r3 r4 READ WRITE"
    assert " ".join(rows[0].split()) == "1 6 2 10 6 8 9 0 0 0 0 0 0 0 0 0 0 p:0 p:0 a:6"
    assert " ".join(rows[9].split()) == "10 6 2 10 6 8 9 2 10 6 8 0 0 0 5 4 5 p:5 p:10 a:9"
    assert len(rows) == 11
    assert len({row.index("p:") for row in (header.replace("READ", "p:"), *rows)}) == 1
    assert last == "6 2 10 6 8 9 2 10 6 8 9 0"


@pytest.mark.parametrize("file", ["access.so", "access.json"])
def test_a_run_that_is_stopped_before_it_halts_says_so(
    here: Path, capsys: Capture, file: str
) -> None:
    assert main(["run", file, "--max-steps", "1", "2", "3", "1", "0"]) == 1
    said = f"hardmax: {file}: after 1 timestep: max_steps timesteps ran and the program had not"
    out, err = capsys.readouterr()
    assert out == "2 3 1 0\n"
    assert err.startswith(said)
    assert err.count("\n") == 1


# From model to code


def test_extract_lists_the_program_and_writes_it(here: Path, capsys: Capture) -> None:
    assert main(["extract", "access.pt", "-o", "new.json"]) == 0
    out = capsys.readouterr().out
    assert "o1 = READ(r1)" in out
    assert re.search(r"^smallest margin: \d+\.\d\d \(row 11, .+\)$", out, re.MULTILINE)
    assert (here / "new.json").read_text() == (here / "access.json").read_text()


@pytest.mark.parametrize("file", ["access.pt", "access.json", "access.so"])
def test_code_is_the_same_from_every_stage(here: Path, file: str) -> None:
    (here / "new").mkdir()
    assert main(["compile", file, "-o", "new/access.so"]) == 0
    assert (here / "new" / "access.so").read_bytes() == (here / "access.so").read_bytes()


def test_plain_compile_is_the_same_command(here: Path) -> None:
    (here / "new").mkdir()
    assert compile_main(["access.pt", "-o", "new/access.so"]) == 0
    assert (here / "new" / "access.so").read_bytes() == (here / "access.so").read_bytes()


@pytest.mark.parametrize(
    ("output", "start"),
    [("a.so", b"\x7fELF"), ("a.o", b"\x7fELF"), ("a.ll", b";"), ("a.s", b"\t"), ("a.json", b"{")],
)
@pytest.mark.parametrize("level", [[], ["-O0"], ["-O", "3"]])
def test_compile_writes_what_the_extension_says(
    here: Path, output: str, start: bytes, level: list[str]
) -> None:
    assert main(["compile", "access.json", "-o", output, *level]) == 0
    assert (here / output).read_bytes().startswith(start)


def test_a_header_is_written_on_demand(here: Path) -> None:
    assert main(["compile", "access.json", "-o", "a.o", "--header"]) == 0
    assert left_behind(here) == {"a.o", "a.h"}
    assert "hardmax_run" in (here / "a.h").read_text()


def test_draw_writes_a_drawing(here: Path) -> None:
    for file in ("access.pt", "access.json", "access.so"):
        assert main(["draw", file, "-o", f"{file}.dot"]) == 0
    drawings = {(here / f"access.{kind}.dot").read_text() for kind in ("pt", "json", "so")}
    assert len(drawings) == 1
    assert drawings.pop().startswith("digraph")


# Information


def facts(capsys: Capture) -> dict[str, str]:
    lines = capsys.readouterr().out.splitlines()
    return {name: value.strip() for name, value in (line.split(":", 1) for line in lines)}


def test_info_of_all_stages_tells_the_same_story(here: Path, capsys: Capture) -> None:
    told = {}
    for file in ("access.pt", "access.json", "access.so"):
        assert main(["info", file]) == 0
        told[file] = facts(capsys)
    assert told["access.pt"]["kind"] == "trained model (Neural Random-Access Machine)"
    assert told["access.pt"]["controller"] == "mlp, 32 units a layer"
    assert told["access.pt"]["training complexity"] == "5"
    assert told["access.json"]["kind"] == "program text (Neural Random-Access Machine)"
    assert told["access.so"]["kind"] == "shared library (Neural Random-Access Machine)"
    assert told["access.so"]["ABI version"] == str(ABI_VERSION)
    for name in ("registers", "circuits", "states", "rows", "step budget", "model hash"):
        assert len({story[name] for story in told.values()}) == 1
    assert told["access.so"]["model hash"] == access_model().digest()


# Python


def test_the_public_names_do_the_same_from_python(here: Path) -> None:
    model = hardmax.load_model("access.pt")
    extraction = hardmax.extract(model)
    assert hardmax.load_program("access.so") == extraction.program
    hardmax.compile(extraction.program, "new.so")
    hardmax.draw(extraction.program, "new.dot")
    hardmax.save_model(model, "new.pt")
    memory = [3, 1, 2, 1, 0]
    native = hardmax.load("new.so")
    assert isinstance(native, hardmax.NativeProgram)
    result = native.run(memory)
    assert result.memory.tolist() == [1, 1, 2, 1, 0]
    assert (result.steps, result.halted, result.status) == (2, True, Status.HALTED)
    assert hardmax.interpret(extraction.program, memory, 16).memory == (1, 1, 2, 1, 0)
    assert memory == [3, 1, 2, 1, 0]
    assert not native.run(memory, max_steps=1).halted
    assert left_behind(here) == {"new.so", "new.dot", "new.pt"}


def test_a_program_called_copy_is_not_taken_for_the_module_copy(here: Path) -> None:
    """Python looks into the current directory first; other threads always see the whole path."""
    (here / "copy.so").symlink_to(here / "access.so")
    code = """
import sys

class Fixed(list):
    __setitem__ = None

sys.path = Fixed(sys.path)
import hardmax
print(hardmax.load('copy.so').run([3, 1, 2, 1, 0]).memory)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert (done.stdout, done.stderr) == ("[1 1 2 1 0]\n", "")


def test_a_library_named_like_a_standard_module_is_warned_of(here: Path, capsys: Capture) -> None:
    assert main(["compile", "access.json", "-o", "queue.so"]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert err == (
        "hardmax: warning: Python takes queue.so, beside a script or in the current folder, for "
        "its own module queue; libqueue.so is a safe name\n"
    )
    for safe in ("libqueue.so", "queue.o", "queue.json"):
        assert main(["compile", "access.json", "-o", safe]) == 0
        assert capsys.readouterr().err == ""


def test_copy_is_the_only_task_named_like_a_standard_module() -> None:
    assert sys.stdlib_module_names & set(TASKS) == {"copy"}


# What cannot be done


class Harmful:
    """Unpickled, it leaves a file behind."""

    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        return os.mkdir, ("harm-was-done",)


def archive(change: Callable[[dict[str, object]], object] = lambda data: None) -> bytes:
    """A model's file after a change to what is in it."""
    model = access_model()
    path = Path("archive.pt")
    save_model(model, path)
    data = load_archive(path, checkpoint.FORMAT, checkpoint.FORMAT_VERSION)
    path.unlink()
    change(data)
    return foreign_archive(data)


def weights(data: dict[str, object]) -> dict[str, torch.Tensor]:
    state = data["state_dict"]
    assert isinstance(state, dict)
    return state


def foreign_archive(data: object) -> bytes:
    file = io.BytesIO()
    torch.save(data, file)
    return file.getvalue()


def nan_weights() -> bytes:
    return archive(lambda data: weights(data)["halting.bias"].fill_(float("nan")))


def wrong_shape() -> bytes:
    return archive(lambda data: weights(data).update({"halting.bias": torch.zeros(1, 1, 2)}))


BAD_MODELS: dict[str, tuple[Callable[[], bytes], str]] = {
    "text": (lambda: b"this is no model\n", "found another kind of file"),
    "empty": (lambda: b"", "found an empty file"),
    "truncated": (lambda: archive()[:-300], "found no complete zip archive"),
    "bare pickle": (lambda: pickle.dumps(Harmful()), "found a bare pickle"),
    "pickle in an archive": (
        lambda: foreign_archive({"format": "hardmax-model", "weights": Harmful()}),
        r"a pickle with more than primitives and tensors \('posix.mkdir'\); not loaded",
    ),
    "another project's state_dict": (
        lambda: foreign_archive(torch.nn.Linear(2, 2).state_dict()),
        "found another kind of PyTorch file",
    ),
    "another tensor shape": (wrong_shape, r"halting.bias has shape \[1, 1, 2\], expected"),
    "NaN": (nan_weights, "halting.bias holds values that are not finite"),
}


@pytest.mark.parametrize("name", ["a.pth", "a.ckpt", "a.PT", "a.Pt", "a.safetensors"])
def test_a_model_by_another_name(here: Path, capsys: Capture, name: str) -> None:
    (here / name).write_bytes((here / "access.pt").read_bytes())
    assert main(["info", name]) == 0
    assert "trained model (Neural Random-Access Machine)" in capsys.readouterr().out
    assert main(["compile", name, "-o", "new.so"]) == 0
    (here / name).write_bytes(b"<!DOCTYPE html>")
    assert main(["extract", name]) == 1
    assert_one_line(capsys, "found an HTML page in place of the file")


@pytest.mark.parametrize("name", BAD_MODELS)
@pytest.mark.parametrize("verb", [["extract"], ["info"], ["verify"], ["compile", "-o", "bad.so"]])
def test_a_file_that_is_no_model_is_refused(
    here: Path, capsys: Capture, name: str, verb: list[str]
) -> None:
    make, message = BAD_MODELS[name]
    (here / "bad.pt").write_bytes(make())
    assert main([verb[0], "bad.pt", *verb[1:]]) == 1
    assert_one_line(capsys, rf"bad\.pt: .*{message}")
    assert left_behind(here) == {"bad.pt"}


def assert_one_line(capsys: Capture, message: str) -> None:
    out, err = capsys.readouterr()
    assert re.fullmatch(rf"hardmax: error: .*{message}.*\n", err)
    assert out == ""


# Between the two stand the tasks that this process has loaded from files and packages meanwhile.
EVERY_TASK = ", ".join(TASKS) + ", .*" + ", ".join(SEQUENCE_TASKS)

FAILING = [
    ("run access.so 1 x", r"expected an integer in every cell, found 'x'"),
    ("run access.so 1 0.5", r"expected an integer in every cell, found '0\.5'"),
    ("run nothing.so 1 0", r"cannot read nothing\.so: No such file or directory"),
    ("run nothing 1 0", r"nothing: expected a file with an extension or a model that comes with"),
    ("run . 1 0", r"\.: expected one of the extensions \.pt \.json \.so"),
    ("run access.so 3 1 5 0", r"cell 2 holds 5, expected 0\.\.3 in a memory of 4 cells"),
    ("run access.so 3 1 -1 0", r"cell 2 holds -1, expected 0\.\.3 in a memory of 4 cells"),
    ("run access.json 3 1 5 0", r"cell 2 holds 5, expected 0\.\.3 in a memory of 4 cells"),
    ("run access.so --trace 3 1 5 0", r"cell 2 holds 5, expected 0\.\.3 in a memory of 4 cells"),
    ("run access.so 0 --max-steps 18446744073709551616", r"expected max_steps in 0\.\."),
    ("run text.so 1 0", r"text\.so: expected a shared library \(ELF\)"),
    ("run foreign.so 1 0", r"foreign\.so: not a program compiled by hardmax"),
    ("run future.so 1 0", r"future\.so: expected ABI version \d+, found 999; compile it again"),
    ("run text.json 1 0", r"text\.json: expected a hardmax program in JSON"),
    ("info nothing.pt", r"cannot read nothing\.pt: No such file or directory"),
    ("info directory.so", r"cannot read directory\.so: Is a directory"),
    ("info text.txt", r"text\.txt: expected one of the extensions \.pt \.json \.so"),
    ("compile access.pt -o out.exe", r"out\.exe: expected one of the extensions"),
    ("compile access.pt -o out", r"out: expected one of the extensions"),
    ("compile access.pt -o directory.so", r"cannot write directory\.so: it is a directory"),
    ("compile access.pt -o no/out.so", r"cannot write no/out\.so: No such file or directory"),
    ("compile access.pt -o out.ll --header", r"out\.ll: a C header goes with"),
    ("compile text.json -o out.so", r"text\.json: expected a hardmax program in JSON"),
    ("draw access.pt -o out.jpeg", r"expected one of"),
    ("draw access.pt -o no/out.dot", r"cannot write no/out\.dot: No such file or directory"),
    ("draw access.pt -o directory.dot", r"cannot write directory\.dot: it is a directory"),
    ("extract access.json", r"access\.json: expected a trained model \(\.pt\)"),
    ("extract access.pt -o out.so", r"out\.so: expected an output with the extension \.json"),
    ("extract access.pt -o directory.json", r"cannot write directory\.json: it is a directory"),
    ("compile access.pt", r"expected an output \(-o\), or --explain"),
    ("compile access.pt --explain --cpu native", r"--cpu needs an output"),
    ("run access.so 1 0 --rows 7", r"access\.so: --rows is no option of a run of its kind, nram"),
    ("verify access.pt --inputs 0 --samples 0", r"a verdict needs evidence"),
    ("draw lstm.pt -o out.dot", r"expected a lookup table, found an LSTM"),
    ("verify access.so", r"access\.so: expected a trained model \(\.pt\)"),
    ("verify access.pt other.so", r"other\.so: expected code compiled from model"),
    ("verify access.pt text.so", r"text\.so: expected a shared library"),
    ("train juggling -o out.pt", r"unknown task 'juggling', expected one of " + EVERY_TASK),
    ("train ntm-Juggling -o out.pt", "unknown task 'ntm-Juggling', expected one of " + EVERY_TASK),
    ("train juggling -o out.pt --resume", "unknown task 'juggling'"),
    ("train copy -o out.onnx", r"out\.onnx: expected an output with the extension \.pt"),
    ("train copy -o directory.pt", r"cannot write directory\.pt: it is a directory"),
    ("train copy -o no/out.pt", r"cannot write no/out\.pt: No such file or directory"),
    ("train copy -o /proc/out.pt", r"cannot write /proc/out\.pt: "),
    ("train copy -o out.pt --registers 0", r"registers"),
    ("train copy -o out.pt --minutes -1", r"minutes"),
]
"""Commands that cannot be carried out, and what they say."""

MISUSED = [
    ("", "the following arguments are required: VERB"),
    ("fly", "invalid choice: 'fly'"),
    ("run", "the following arguments are required: FILE, INPUT"),
    ("run access.so", "the following arguments are required: INPUT"),
    ("run access.so 1 0 --max-steps -1", "expected an integer of at least 0, found -1"),
    ("run access.so 1 0 --max-steps many", "expected an integer, found 'many'"),
    ("compile access.pt -o out.so -O4", "argument -O: invalid choice: 4"),
    ("draw access.pt", "the following arguments are required: -o/--output"),
    ("verify access.pt --inputs -5", "expected an integer of at least 0, found -5"),
    ("train copy", "the following arguments are required: -o/--output"),
    ("info access.pt --loud", "unrecognized arguments: --loud"),
]
"""Commands that cannot be understood."""

FUTURE = """
#include <stdint.h>
int32_t hardmax_run(uint32_t *m, uint32_t n, uint64_t k, uint64_t *s) { return 0; }
int32_t hardmax_run_batch(void) { return 0; }
uint32_t hardmax_abi_version(void) { return 999; }
const char *hardmax_metadata(void) { return "{\\"abi_version\\": 999}"; }
"""


@pytest.fixture(scope="session")
def oddities(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with files that are not what their names say."""
    folder = tmp_path_factory.mktemp("oddities")
    for name in ("text.so", "text.json", "text.txt"):
        (folder / name).write_text("only text\n")
    for kind in ("so", "dot", "json", "pt"):
        (folder / f"directory.{kind}").mkdir()
    (folder / "future.c").write_text(FUTURE)
    (folder / "foreign.c").write_text("int answer(void) { return 42; }\n")
    for name in ("future", "foreign"):
        command = ["gcc", "-shared", "-fPIC", "-o", f"{name}.so", f"{name}.c"]
        subprocess.run(command, check=True, cwd=folder)
    hardmax.compile(access_program(), folder / "other.so")
    controller = random_controller(kind="lstm", dtype=torch.float32)
    save_model(Model(find_task("access"), controller, {}), folder / "lstm.pt")
    return folder


@pytest.mark.parametrize(("command", "message"), FAILING)
def test_what_cannot_be_done_is_one_line_and_leaves_nothing(
    here: Path, oddities: Path, capsys: Capture, command: str, message: str
) -> None:
    for path in oddities.iterdir():
        (here / path.name).symlink_to(path)
    before = left_behind(here)
    assert main(command.split()) == 1
    assert_one_line(capsys, message)
    assert left_behind(here) == before
    assert not any(list(path.iterdir()) for path in oddities.glob("directory.*"))


@pytest.mark.parametrize(("command", "message"), MISUSED)
def test_what_cannot_be_understood_is_one_line(
    here: Path, capsys: Capture, command: str, message: str
) -> None:
    with pytest.raises(SystemExit) as leaving:
        main(command.split())
    assert leaving.value.code == 2
    assert_one_line(capsys, re.escape(message))
    assert left_behind(here) == set()


def test_without_a_c_compiler_nothing_is_written(
    here: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    assert main(["compile", "access.pt", "-o", "out.so"]) == 1
    assert_one_line(capsys, "no-such-compiler: .* gcc or clang")
    assert left_behind(here) == set()


def test_without_graphviz_nothing_is_written(
    here: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(here))
    assert main(["draw", "access.json", "-o", "out.svg"]) == 1
    assert_one_line(capsys, "Graphviz")
    assert left_behind(here) == set()


def test_a_file_that_was_there_survives_a_failure(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "out.so").write_text("precious")
    monkeypatch.setenv("CC", "false")
    assert main(["compile", "access.pt", "-o", "out.so"]) == 1
    assert (here / "out.so").read_text() == "precious"


# As processes


def hardmax_process(*arguments: str) -> subprocess.Popen[str]:
    code = "import sys; from hardmax.cli.main import main; sys.exit(main())"
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def test_a_reader_that_goes_away_is_no_error(here: Path) -> None:
    process = hardmax_process("run", "access.json", "--trace", "--max-steps", "9", *["0"] * 20_000)
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline().startswith("Step")
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait() == 1


def test_a_full_disk_is_one_line(here: Path) -> None:
    code = "import sys; from hardmax.cli.main import main; sys.exit(main())"
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-c", code, "run", "access.json", "0"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
    assert done.returncode == 1
    assert done.stderr == "hardmax: error: cannot write the output: No space left on device\n"


def test_an_interrupt_is_quiet_and_has_its_own_status(capsys: Capture) -> None:
    def interrupted(arguments: argparse.Namespace) -> int:
        raise KeyboardInterrupt

    assert cli.finish(interrupted, argparse.Namespace()) == 130
    assert capsys.readouterr() == ("", "")


HOSTILE = "a\x1b[2J\nverdict: exact\u202e\x00\ud800"
"""Clears a terminal, forges a line, turns the direction of writing, breaks encoders and XML."""


@pytest.mark.parametrize("command", ["info", "info --json", "compile --explain", "draw -o a.svg"])
def test_text_from_a_file_only_stands_there_to_be_read(
    here: Path, capsys: Capture, command: str
) -> None:
    program = dataclasses.replace(
        access_program(), metadata=dataclasses.replace(access_program().metadata, task=HOSTILE)
    )
    Path("hostile.json").write_text(program.to_json())
    verb, *options = command.split()
    assert main([verb, "hostile.json", *options]) == 0
    printed = capsys.readouterr()
    for text in (printed.out, printed.err):
        assert not [c for c in text if not (c.isprintable() or c == "\n")]
        assert "\nverdict: exact" not in text
    if verb == "draw":
        ElementTree.parse("a.svg")


def test_a_terminal_that_knows_little_is_no_reason_to_fail(here: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "hardmax", "extract", "access.pt"],
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"},
        check=True,
    )
    assert b"\\u2260" in done.stdout


def test_an_error_of_our_own_is_one_line_that_says_so(
    here: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(arguments: argparse.Namespace) -> int:
        raise KeyError("no such\nthing")

    assert cli.finish(broken, argparse.Namespace()) == cli.INTERNAL_ERROR
    err = capsys.readouterr().err
    assert err.startswith("hardmax: internal error: KeyError: ")
    assert err.count("\n") == 1
    monkeypatch.setenv(cli.TRACEBACK, "1")
    with pytest.raises(KeyError):
        cli.finish(broken, argparse.Namespace())
