"""A user's own examples on the command line: trained, told, held against, and what is not found."""

from __future__ import annotations

import contextlib
import io
import json
import random
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

import hardmax
from hardmax.cli.main import main
from hardmax.runtime.errors import HardmaxError
from hardmax.trainer.nram.tasks import LOADED

Capture = pytest.CaptureFixture[str]

PYTHON = '''
class SwapEnds:
    """Swap the first two cells."""

    def generate(self, rng, n, size):
        return [rng.randrange(size) for _ in range(size)] if size > n + 1 else None

    def solve(self, memory):
        return {0: memory[1], 1: memory[0]}
'''


def lines() -> Iterator[str]:
    """Swap the first two of four or six cells, 30 times."""
    pairs = [(4, i % 4, i // 4) for i in range(16)] + [(6, i % 6, i // 6) for i in range(14)]
    for size, first, second in pairs:
        before = [first, second, *([0] * (size - 2))]
        after = [second, first, *([None] * (size - 2))]
        yield json.dumps({"before": before, "after": after})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a user has after training from both."""
    known = set(LOADED)
    where = tmp_path_factory.mktemp("own")
    (where / "swap.jsonl").write_text("\n".join(lines()))
    (where / "wrong.jsonl").write_text(
        '{"before": [1, 2, 0], "after": [2, 1, null]}\n'
        '{"before": [2, 1, 0], "after": [2, null, null]}\n'
    )
    (where / "my_task.py").write_text(PYTHON)
    for source, output in (("swap.jsonl", "file.pt"), ("my_task.py", "class.pt")):
        told = io.StringIO()
        with contextlib.redirect_stdout(told):
            assert main(["train", str(where / source), "-o", str(where / output)]) == 0
        (where / output.replace(".pt", ".txt")).write_text(told.getvalue())
        model = hardmax.load_model(where / output)
        hardmax.compile(model, where / output.replace(".pt", ".so"))
        hardmax.compile(model, where / output.replace(".pt", ".json"))
    for name in set(LOADED) - known:
        del LOADED[name]
    return where


@pytest.fixture(autouse=True)
def here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)


def test_a_file_of_examples_is_never_said_to_make_exact() -> None:
    told = Path("file.txt").read_text()
    assert "file.pt: swap, right on all 6 held-out examples" in told
    assert "and on the 24 trained on, memories of 4 to 6 cells; halts by itself, after" in told
    assert "exact" not in told
    told = Path("class.txt").read_text()
    assert "swap-ends, exact when discretized on inputs that its generator drew, memories" in told


@pytest.mark.parametrize("file", ["file.pt", "file.json", "file.so"])
def test_info_says_what_a_file_is_of(file: str, capsys: Capture) -> None:
    assert main(["info", file]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "summary: what the examples in swap.jsonl show" in told
    assert "held against: 24 examples trained on and 6 held out, memories of 4 to 6 cells" in told


@pytest.mark.parametrize("file", ["file.so", "file.json", "class.so"])
def test_anything_is_held_against_any_file(file: str, capsys: Capture) -> None:
    assert main(["verify", file, "--examples", "swap.jsonl"]) == 0
    first, verdict = capsys.readouterr().out.splitlines()
    assert first == (
        "ok   30 examples of swap.jsonl, memories of 4 to 6 cells: right, and the same in 10 times "
        "the budget; halts by itself"
    )
    assert verdict == "verdict: right on all 30 examples of swap.jsonl"


@pytest.mark.parametrize("file", ["file.so", "file.json"])
def test_the_first_wrong_line_is_a_command_that_shows_it(file: str, capsys: Capture) -> None:
    assert main(["verify", file, "--examples", "wrong.jsonl"]) == 1
    first, command, verdict = capsys.readouterr().out.splitlines()
    assert first.endswith(
        "1 wrong; the first is wrong.jsonl, line 2: expected 2 in cell 0, found 1"
    )
    assert verdict == "verdict: wrong on 1 of 2 examples of wrong.jsonl"
    assert main(shlex.split(command)[1:]) == 0
    assert capsys.readouterr().out.split()[0] == "1"
    assert main(["verify", file, "--examples", "wrong.jsonl", "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert (report["wrong"], report["examples"], report["file"]) == (1, 2, file)


def test_a_model_is_verified_without_its_task_with_its_examples_or_with_it(
    capsys: Capture,
) -> None:
    few = ["--inputs", "4", "--samples", "20"]
    assert main(["verify", "class.pt", *few]) == 0
    verdict = capsys.readouterr().out.splitlines()[-1]
    assert verdict == (
        "verdict: native code is its model; its task was not here to be held against (--examples)"
    )
    assert main(["verify", "file.pt", "file.so", "--examples", "swap.jsonl", *few]) == 0
    first, *_, verdict = capsys.readouterr().out.splitlines()
    assert first.endswith("native = interpreter = discretized model = soft model on 30 of them")
    assert verdict == "verdict: right on all 30 examples of swap.jsonl"
    assert main(["verify", "file.pt", "--examples", "wrong.jsonl", *few]) == 1
    told = capsys.readouterr().out
    assert "hardmax verify file.pt --examples wrong.jsonl --inputs 4 --samples 20" in told
    assert told.endswith("verdict: NOT exact\n")
    assert main(["verify", "class.pt", "--task", "my_task.py:SwapEnds", *few]) == 0
    *_, verdict = capsys.readouterr().out.splitlines()
    assert verdict == "verdict: exact"
    assert main(["verify", "file.pt", "--task", "swap.jsonl", *few]) == 0
    *_, verdict = capsys.readouterr().out.splitlines()
    assert verdict == ("verdict: right on all 6 held-out examples and all 24 examples trained on")


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("verify file.so", "file.so: expected a trained model (.pt), or --examples FILE"),
        ("verify file.so --examples absent.jsonl", "cannot read absent.jsonl"),
        ("verify file.so file.so --examples swap.jsonl", "expected a trained model before a lib"),
        ("verify class.pt --task swap.jsonl", "expected the task of the model, swap-ends, found"),
    ],
)
def test_what_cannot_be_held_against_is_told(command: str, message: str, capsys: Capture) -> None:
    assert main(shlex.split(command)) == 1
    assert message in capsys.readouterr().err


def test_a_task_of_the_same_name_is_not_proved_to_be_another(capsys: Capture) -> None:
    assert main(["prove", "file.so"]) == 1
    assert (
        "not proved: there is neither a specification nor a definition of task 'swap'"
        in capsys.readouterr().out
    )


def test_the_former_number_of_examples_is_understood(capsys: Capture) -> None:
    assert main(["verify", "file.pt", "--examples", "3", "--samples", "0"]) == 0
    told = capsys.readouterr()
    assert "--examples N is now --inputs N" in told.err
    assert told.out.startswith("ok   3 other memories")


def test_the_api_holds_libraries_and_programs_against_files() -> None:
    for machine in (hardmax.load("file.so"), hardmax.load_program("file.json")):
        report = hardmax.verify(machine, examples="wrong.jsonl")
        assert isinstance(report, hardmax.ExampleReport)
        assert [wrong.example.place for wrong in report.wrong] == ["wrong.jsonl, line 2"]
    model = hardmax.load_model("file.pt")
    assert hardmax.verify(model, inputs=2, samples=0, examples="swap.jsonl").exact
    with pytest.raises(HardmaxError, match="or examples to hold a program against"):
        hardmax.verify(hardmax.load("file.so"), examples=None)


def test_where_nothing_is_found_it_says_how_far_it_got_and_what_may_help(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.chdir(tmp_path)
    rng = random.Random(0)
    befores = [[i, *rng.choices(range(40), k=39)] for i in range(40)]
    rows = [{"before": before, "after": [rng.randrange(40), *before[1:]]} for before in befores]
    Path("odd.jsonl").write_text("\n".join(map(json.dumps, rows)))
    monkeypatch.setattr("hardmax.trainer.nram.search.search.REPORT_EVERY", 0.01)
    assert main(["train", "odd.jsonl", "-o", "odd.pt", "--minutes", "0.05"]) == 1
    told = capsys.readouterr().err
    assert "of 40 examples right; still wrong, for instance:\n  " in told
    assert "what may help: small examples, of one, two and three elements; more ex" in told
    with pytest.raises(HardmaxError, match=r"no exact machine in .*; what may help: small exam"):
        hardmax.train(examples="odd.jsonl", time_limit=2)
