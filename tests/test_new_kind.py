"""A kind of machine that hardmax has never heard of goes through every verb and the whole API."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import hardmax
from hardmax.cli.main import main
from hardmax.codegen import kinds as codegen_kinds
from hardmax.extractor import kinds as extractor_kinds
from hardmax.runtime import kinds as runtime_kinds
from hardmax.runtime.loader import load_ram
from hardmax.trainer import kinds as trainer_kinds
from tests.support.offset_kind import trainer
from tests.support.offset_kind.trainer import OffsetModel, Shift

LAYERS = {
    "runtime": runtime_kinds.KINDS,
    "trainer": trainer_kinds.KINDS,
    "extractor": extractor_kinds.KINDS,
    "codegen": codegen_kinds.KINDS,
}
MEMORY, ANSWER = [6, 1, 2, 3, 4, 5, 6, 7], [1, 1, 2, 3, 4, 5, 6, 7]
WORDS = [str(cell) for cell in MEMORY]

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One line a layer, in an empty folder."""
    for layer, known in LAYERS.items():
        monkeypatch.setitem(known, "offset", f"tests.support.offset_kind.{layer}")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def files() -> None:
    """shift.pt as trained on the command line, shift.json and libshift.so as made from it."""
    assert main(["train", "shift", "-o", "shift.pt", "--seed", "4"]) == 0
    assert main(["extract", "shift.pt", "-o", "shift.json"]) == 0
    assert main(["compile", "shift.pt", "-o", "libshift.so", "--header"]) == 0


def test_python_takes_it_from_training_to_verified_native_code() -> None:
    model = hardmax.train("shift", seed=2)
    assert isinstance(model, OffsetModel)
    hardmax.save_model(model, "shift.pt")
    assert hardmax.load_model("shift.pt").digest() == model.digest()
    extraction = hardmax.extract(model)
    assert extraction.program.constant == 3
    hardmax.compile(model, "libshift.so")
    native = load_ram("libshift.so")
    assert type(hardmax.load("libshift.so")) is type(native)
    assert native.program == extraction.program == hardmax.load_program("libshift.so")
    assert native.run(MEMORY).memory.tolist() == ANSWER
    assert native.run_batch([MEMORY, MEMORY]).memories.tolist() == [ANSWER, ANSWER]
    for machine in (model, extraction.program):
        assert list(hardmax.interpret(machine, MEMORY).memory) == ANSWER
        assert not hardmax.interpret(machine, MEMORY, max_steps=0).halted
    for machine in (model, extraction.program, native):
        assert "p:0 a:1" in str(hardmax.trace(machine, MEMORY))
    assert hardmax.verify(model, native, examples=20, samples=50).verdict == "exact"
    hardmax.draw(model, "shift.dot")
    assert "+3" in Path("shift.dot").read_text()


def test_a_task_of_ones_own_needs_no_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    class Again(Shift):
        title = "Again"

    monkeypatch.setattr(trainer, "KIND", trainer.Offset({}))
    model = hardmax.train(Again(), time_limit=60)
    assert model.task.name == "again"
    assert hardmax.verify(model, examples=5, samples=20).verdict == "exact"


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize("file", ["shift.pt", "shift.json", "libshift.so"])
def test_run_and_trace_and_info_take_each_of_its_files(capsys: Capture, file: str) -> None:
    capsys.readouterr()
    assert main(["run", file, *WORDS]) == 0
    assert capsys.readouterr().out.split() == [str(cell) for cell in ANSWER]
    assert main(["run", file, "--trace", *WORDS]) == 0
    header, step, last = capsys.readouterr().out.splitlines()
    assert header.split() == ["Step", *"01234567", "READ", "WRITE"]
    assert step.split() == ["1", *WORDS, "p:0", "p:0", "a:1"]
    assert last.split() == [str(cell) for cell in ANSWER]
    assert main(["trace", file, *WORDS, "--plot", "shift.svg"]) == 0
    assert main(["run", file, "--max-steps", "0", *WORDS]) == 1
    assert "had not halted" in capsys.readouterr().err
    assert main(["info", file, "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["constant"] == 3
    assert "machine that adds a constant" in facts["kind"]


@pytest.mark.usefixtures("files")
def test_a_page_shows_its_recorded_runs() -> None:
    assert main(["report", "shift.pt", "-o", "shift.html"]) == 0
    page = Path("shift.html").read_text()
    assert "These runs are recorded" in page
    assert "Nothing was tried; not proved." in page


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize("arguments", [["shift.pt"], ["shift.pt", "libshift.so"]])
def test_verify_says_exact(capsys: Capture, arguments: list[str]) -> None:
    capsys.readouterr()
    assert main(["verify", *arguments, "--inputs", "30", "--samples", "60"]) == 0
    assert "verdict: exact" in capsys.readouterr().out.splitlines()


@pytest.mark.usefixtures("files")
def test_verify_finds_code_that_adds_another_constant(capsys: Capture) -> None:
    text = Path("shift.json").read_text()
    assert '"constant": 3' in text
    Path("wrong.json").write_text(text.replace('"constant": 3', '"constant": 4'))
    assert main(["compile", "wrong.json", "-o", "libwrong.so"]) == 0
    capsys.readouterr()
    assert main(["verify", "shift.pt", "libwrong.so", "--inputs", "20", "--samples", "0"]) == 1
    assert "verdict: exact" not in capsys.readouterr().out.splitlines()


@pytest.mark.usefixtures("files")
def test_extract_lists_and_compile_explains(capsys: Capture) -> None:
    capsys.readouterr()
    assert main(["extract", "shift.pt"]) == 0
    assert capsys.readouterr().out.startswith("p[0] = (p[0] + 3) % M; halt\nform: constant\n")
    assert main(["extract", "shift.pt", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["program"]["constant"] == 3
    assert document["margins"][0]["value"] > 0
    assert main(["compile", "shift.json", "--explain"]) == 0
    assert capsys.readouterr().out == "p[0] = (p[0] + 3) % M\nhalt\n"
    header = Path("libshift.h").read_text()
    assert "hardmax_run_batch(" in header
    assert "interruptible(" not in header


@pytest.mark.usefixtures("files")
def test_what_it_cannot_do_is_refused_in_one_line(capsys: Capture) -> None:
    capsys.readouterr()
    for arguments, reason in (
        (["run", "shift.json", "--rows", "3", *WORDS], "--rows is no option"),
        (["trace", "shift.json", "--plot", "shift.txt"], "expected one of the extensions"),
        (["train", "copy", "--machine", "offset", "-o", "copy.pt"], "can learn"),
        (["train", "shift", "--registers", "3", "-o", "again.pt"], "--registers is no option"),
        (["compile", "shift.json", "-o", "shift.wasm"], "cannot be compiled for"),
        (["verify", "shift.pt", "--samples", "0", "--inputs", "0"], "found none"),
    ):
        assert main(arguments) == 1
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith("hardmax: error: ")
        assert reason in line


def test_a_training_that_ran_out_of_time_is_resumed(capsys: Capture) -> None:
    train = ["train", "shift", "-o", "shift.pt"]
    assert main([*train, "--minutes", "1e-9"]) == 1
    assert "--resume" in capsys.readouterr().err
    assert main([*train, "--resume"]) == 0
    assert main(["run", "shift.pt", *WORDS]) == 0
    assert capsys.readouterr().out.split()[-8:] == [str(cell) for cell in ANSWER]
