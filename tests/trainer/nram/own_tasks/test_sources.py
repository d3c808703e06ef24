"""Tasks in files and packages, from the name that is typed to a model that says what it is."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

import hardmax
from hardmax.cli.main import main
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.task_description import Evidence, TaskDescription
from hardmax.trainer.nram.own_tasks import sources
from hardmax.trainer.nram.own_tasks.described_task import DescribedTask
from hardmax.trainer.nram.tasks import LOADED, find_task
from hardmax.trainer.train import known_name, training_settings

PYTHON = '''
from dataclasses import dataclass

from helper import CELL

@dataclass
class SetFirst:
    """Set cell 0 to 1."""

    layout: str = "anything"

    def generate(self, rng, n, size):
        return [rng.randrange(size) for _ in range(size)] if size > n else None

    def solve(self, memory):
        return {CELL: 1}
'''

EXAMPLES = "".join(
    f'{{"before": [{i // 3 % 3}, {i % 3}, {i // 9}], "after": [1, null, null]}}\n'
    for i in range(20)
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Python file with one task, what it imports, and a file of examples."""
    monkeypatch.chdir(tmp_path)
    Path("my_task.py").write_text(PYTHON)
    Path("helper.py").write_text("CELL = 0\n")
    Path("first.jsonl").write_text(EXAMPLES)
    return tmp_path


@pytest.fixture(autouse=True)
def tasks_as_before() -> Iterator[None]:
    """Forget what a test has loaded."""
    known = dict(LOADED)
    yield
    LOADED.clear()
    LOADED.update(known)


@pytest.mark.parametrize("source", ["my_task.py:SetFirst", "my_task.py", "./my_task.py"])
def test_a_task_in_a_python_file_is_known_by_its_path(folder: Path, source: str) -> None:
    name = known_name(source)
    assert Path(name.rpartition(":")[0] or name).is_absolute()
    task = find_task(name)
    assert (task.name, task.summary) == ("set-first", "Set cell 0 to 1")
    assert task.description is not None
    assert task.description.layout == "anything"
    settings = training_settings(source)
    assert (settings.task, settings.title) == (name, "set-first by search")
    assert str(folder) not in sys.path


def test_a_file_may_have_the_name_of_a_task_of_hardmax(folder: Path) -> None:
    Path("copy.jsonl").write_text(EXAMPLES)
    assert find_task(known_name("copy.jsonl")).name == "copy"
    assert find_task("copy").description is None


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("absent.py", r"cannot read .*/absent.py: No such file"),
        ("absent.jsonl", r"cannot read .*/absent.jsonl: No such file"),
        ("my_task.py:Other", r"my_task.py: expected a class Other, found SetFirst"),
        ("my_task.py:CELL", r"expected a task, a class with generate"),
        ("helper.py", r"helper.py: expected one class with generate and solve, or FILE.py:CLASS"),
        ("broken.py", r"broken.py: ZeroDivisionError: division by zero"),
    ],
)
def test_what_is_no_source_is_refused(folder: Path, source: str, message: str) -> None:
    Path("broken.py").write_text("1 / 0\n")
    with pytest.raises(HardmaxError, match=message):
        known_name(source)


def test_packages_offer_tasks_by_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(folder)

    def offered(group: str, name: str) -> list[EntryPoint]:
        values = {"set-it": "my_task:SetFirst", "gone": "my_task:Other"}
        return [EntryPoint(name, values[name], group)] if name in values else []

    monkeypatch.setattr(sources, "entry_points", offered)
    assert find_task(known_name("set-it")).summary == "Set cell 0 to 1"
    with pytest.raises(HardmaxError, match="task gone: my_task:Other raised AttributeError"):
        known_name("gone")


class First:
    """Set cell 0 to 1."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int] | None:
        """Anything, in more than n cells."""
        return [rng.randrange(size) for _ in range(size)] if size > n else None

    def solve(self, memory: list[int]) -> dict[int, int]:
        """Only cell 0 matters."""
        return {0: 1}


def test_own_tasks_may_be_given_again_but_not_hide_others() -> None:
    assert known_name(First) == known_name(First()) == "first"
    with pytest.raises(HardmaxError, match="there is another task of the name 'copy'"):
        known_name(type("Copy", (First,), {}))


@pytest.mark.parametrize("given", ["my_task.py", "first.jsonl", First, None])
def test_models_programs_and_libraries_say_what_they_are_of(folder: Path, given: Any) -> None:
    model: Any
    if given is None:
        pairs = [{"before": [i % 4, i // 4, 0, 0], "after": [1, None, 0, 0]} for i in range(16)]
        model = hardmax.train(examples=pairs, output="mine.pt", time_limit=120)
    else:
        model = hardmax.train(given, output="mine.pt", time_limit=120)
    for name in list(LOADED):
        if name not in ("copy", "access"):
            LOADED.pop(name)
    loaded: Any = hardmax.load_model("mine.pt")
    assert isinstance(loaded.task, DescribedTask)
    description = model.task.description
    assert loaded.task.description == description
    assert loaded.task.budget == model.task.budget
    assert loaded.digest() == model.digest()
    hardmax.compile(loaded, "mine.so")
    hardmax.compile(loaded, "mine.json")
    for file in ("mine.pt", "mine.json", "mine.so"):
        program: Any = hardmax.load_program(file)
        assert program.metadata.description == description
        assert hardmax.interpret(program, [3, 2, 1, 0]).memory[0] == 1
    expected = Evidence.EXAMPLES if given in ("first.jsonl", None) else Evidence.GENERATOR
    assert description is not None
    assert description.evidence is expected


def test_a_description_has_to_make_sense() -> None:
    good = TaskDescription("one", Evidence.EXAMPLES, (2, 3), 8, 2, "a layout")
    assert TaskDescription.from_data(good.to_data()) == good
    assert str(good) == "8 examples trained on and 2 held out, memories of 2 to 3 cells"
    for changes in (
        {"sizes": [3, 2]},
        {"sizes": [2]},
        {"examples": -1},
        {"evidence": "none"},
        {"summary": 1},
        {"layout": "x" * 3000},
    ):
        with pytest.raises((TypeError, ValueError)):
            TaskDescription.from_data({**good.to_data(), **changes})


def test_training_takes_a_task_or_examples() -> None:
    with pytest.raises(HardmaxError, match="expected a task or examples, found both or none"):
        hardmax.train()
    with pytest.raises(HardmaxError, match="expected a file of examples"):
        hardmax.train(examples="copy.json")


def test_a_training_of_a_file_is_interrupted_and_resumed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train = ["train", "first.jsonl", "-o", "mine.pt"]
    assert main([*train, "--minutes", "1e-9"]) == 1
    assert Path("mine.pt.training").exists()
    assert main([*train, "--resume", "--minutes", "2"]) == 0
    assert not Path("mine.pt.training").exists()
