"""Bounded proofs: every memory is tried, and those that a definition does not look at with it."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import MutableSequence
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from hardmax.cli.main import main
from hardmax.files import load_program
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.nram.gates import Gate
from hardmax.runtime.nram.program import Circuit, Operation, Program, Row, StepBudget
from hardmax.trainer.nram.own_tasks.written_task import WrittenTask
from hardmax.trainer.nram.tasks import TASKS, Task
from hardmax.verification.every_memory import Bounded, LazyMemory, every_memory
from hardmax.verification.native import compiled
from tests.support.paper_programs import copy_program
from tests.support.paths import MODELS


def first_of(memory: MutableSequence[int]) -> dict[int, int]:
    """The first cell becomes the one that it points at."""
    return {0: memory[memory[0]]}


class First:
    """Look at the cell that the first one points at."""

    def generate(self, rng: Random, n: int, size: int) -> list[int]:
        return [rng.randrange(size) for _ in range(size)]

    def solve(self, memory: list[int]) -> dict[int, int]:
        return first_of(memory)


class Odd:
    """As First, of memories whose first cell is odd, as whole memories."""

    def generate(self, rng: Random, n: int, size: int) -> list[int]:
        return [rng.randrange(size) for _ in range(size)]

    def solve(self, memory: list[int]) -> list[int | None]:
        if memory[0] % 2 == 0:
            raise ValueError("even")
        memory[0] = memory[memory[0]]
        return [memory[0], *[None] * (len(memory) - 1)]


class Sorted(First):
    """As First, written so that only a list will do."""

    def solve(self, memory: list[int]) -> dict[int, int]:
        memory.sort(key=lambda value: -value)
        return {0: memory[0]}


class Chased(First):
    """The end of a chain of pointers that begins in the first cell; of a circle there is none."""

    def generate(self, rng: Random, n: int, size: int) -> list[int]:
        return [1, *[0] * (size - 1)]

    def solve(self, memory: list[int]) -> dict[int, int]:
        cell = 0
        while memory[cell] != 0:
            cell = memory[cell]
        return {1: 0, 0: memory[0]} if cell == 1 else {}


class Broken(First):
    """Fails where the first cell is 1."""

    def solve(self, memory: list[int]) -> dict[int, int]:
        return {0: 1 // (memory[0] - 1)}


class Spinning(First):
    """Does not end, and looks at nothing meanwhile, where the first cell is 1."""

    def solve(self, memory: list[int]) -> dict[int, int]:
        number = memory[0]
        while number == 1:
            try:
                number = max(number, 1)
            except Exception:  # what an author may write; it is not to keep the time limit out
                continue
        return first_of(memory)


def program(second: Gate = Gate.READ) -> Program:
    """What First asks for, in one timestep."""
    operations = (
        Operation(Gate.READ, (0,)),
        Operation(second, (1,)),
        Operation(Gate.WRITE, (0, 2)),
    )
    row = Row(Circuit(operations, (0,), halt=True))
    template = copy_program()
    metadata = replace(template.metadata, task="first", budget=StepBudget(0, 5))
    return replace(template, registers=1, table=((None, row),), metadata=metadata)


def tried(task: Task, of: Program, largest: int = 4) -> Bounded:
    return every_memory(task, compiled(of), largest, 600, lambda message: None)


@pytest.mark.parametrize("name", sorted(TASKS))
def test_every_input_of_a_task_is_tried(name: str) -> None:
    """As many as there are where every memory is asked for."""
    shipped = load_program(MODELS / f"{name}.pt")
    assert isinstance(shipped, Program)
    task, largest = TASKS[name], 5
    inputs = 0
    for size in range(1, largest + 1):
        for memory in itertools.product(range(size), repeat=size):
            try:
                task.solve(memory)
            except HardmaxError:
                continue
            inputs += 1
    outcome = tried(task, shipped, largest)
    assert outcome == Bounded(largest, inputs, 1 + 4 + 27 + 256 + 3125, 0, None)


@pytest.mark.parametrize(("written", "inputs"), [(First, 1 + 4 + 27 + 256), (Odd, 2 + 9 + 128)])
def test_a_task_of_ones_own(written: type[First] | type[Odd], inputs: int) -> None:
    outcome = tried(WrittenTask(written), program())
    assert (outcome.mistake, outcome.inputs) == (None, inputs)


def test_a_wrong_program_is_refuted_by_an_input() -> None:
    outcome = tried(WrittenTask(First), program(Gate.INC))
    assert outcome.mistake is not None
    memory = list(outcome.mistake.memory)
    assert first_of(memory)[0] != (memory[0] + 1) % len(memory)
    assert f"expected {first_of(memory)[0]}" in outcome.mistake.reason


def test_a_definition_that_needs_a_list_gets_one() -> None:
    outcome = tried(WrittenTask(Sorted), program(Gate.INC), 2)
    assert outcome.mistake is not None
    assert max(outcome.mistake.memory) != (outcome.mistake.memory[0] + 1) % 2


def test_a_memory_on_which_a_definition_does_not_end_is_no_input() -> None:
    outcome = tried(WrittenTask(Chased), program(Gate.INC), 2)
    assert outcome.endless == 1  # 1 1
    assert outcome.mistake is not None
    assert outcome.mistake.memory == (1, 0)


def test_a_definition_that_fails_ends_in_one_line() -> None:
    with pytest.raises(HardmaxError, match="ZeroDivisionError"):
        tried(WrittenTask(Broken), program())


def test_an_answer_that_does_not_last_is_wrong() -> None:
    """Right when it is stopped at its budget, and overwritten later."""
    once = Row(Circuit(program().table[0][1].circuit.operations, (2,), halt=False))  # type: ignore[union-attr]
    again = replace(program(), table=((once, once),))
    short = replace(again, metadata=replace(again.metadata, budget=StepBudget(0, 1)))
    outcome = tried(WrittenTask(First), short)
    assert outcome.mistake is not None
    assert "10 timesteps allowed" in outcome.mistake.reason


def test_a_cell_has_a_value_when_it_is_looked_at() -> None:
    cells: dict[int, int] = {2: 3}
    memory = LazyMemory(4, cells)
    copy = memory.copy()
    copy[1] = 2
    assert (copy[1], memory[-2], cells) == (2, 3, {2: 3})
    assert memory[:2] == [0, 0]
    assert cells == {2: 3, 0: 0, 1: 0}
    assert (copy[1], memory.__add__([7]), Counter(memory)) == (2, [0, 0, 3, 0, 7], {0: 3, 3: 1})
    with pytest.raises(IndexError):
        memory[4]
    for change in (lambda: memory.append(1), lambda: memory.pop()):
        with pytest.raises(TypeError, match="keeps its size"):
            change()


def test_the_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "first.json").write_text(program().to_json())
    (tmp_path / "wrong.json").write_text(program(Gate.INC).to_json())
    (tmp_path / "mine.py").write_text(
        "class First:\n"
        "    def generate(self, rng, n, size):\n"
        "        return [rng.randrange(size) for _ in range(size)]\n"
        "    def solve(self, memory):\n"
        "        return {0: memory[memory[0]]}\n"
    )
    own = ["--task", str(tmp_path / "mine.py")]

    def last(*arguments: str) -> tuple[int, str]:
        status = main(["prove", *arguments])
        return status, capsys.readouterr().out.splitlines()[-1]

    right, wrong = str(tmp_path / "first.json"), str(tmp_path / "wrong.json")
    assert last(right, *own, "--bound", "3") == (0, "verdict: right on every input up to M = 3")
    assert last(right, *own) == (1, "verdict: right on every input up to M = 8")
    assert last(wrong, *own)[1].startswith(f"verdict: refuted: hardmax run {wrong} ")
    assert last(right, *own, "--bound", "0")[1] == (
        "verdict: not proved: no memory of up to 0 cells is an input"
    )
    assert last(right)[1].startswith("verdict: not proved: there is neither a specification nor")
    stopped = last(right, *own, "--bound", "3", "--time-limit", "0")
    assert stopped[1].startswith("verdict: ")
    assert stopped[0] == 1


def test_a_definition_that_looks_at_nothing_and_does_not_end_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("hardmax.verification.every_memory.SECONDS_FOR_ONE", 0.3)
    spinning = WrittenTask(First)
    spinning._definition_of.written = Spinning()
    with pytest.raises(HardmaxError, match=r"still at work after 0\.3 s on \[1, 0\]"):
        tried(spinning, program())
