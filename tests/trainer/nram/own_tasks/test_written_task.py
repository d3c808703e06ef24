"""Tasks in plain Python: what is found by trying, samples against definition, and refusals."""

from __future__ import annotations

import random
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.nram.program import StepBudget
from hardmax.trainer.nram.own_tasks.step_guesses import GUESSES
from hardmax.trainer.nram.own_tasks.written_task import WrittenTask


class RotateRight:
    """Rotate a null-terminated array
    by one.

    More about it.
    """

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        """Too long a list where the array and its 0 do not fit."""
        return [rng.randrange(1, size) for _ in range(n)] + [0] * max(size - n, 1)

    def solve(self, memory: list[int]) -> dict[int, int]:
        """Only the array matters."""
        n = memory.index(0)
        return {i: memory[(i - 1) % n] for i in range(n)}


class Transpose:
    """Transpose a square."""

    name = "transpose"
    largest_training_complexity = 3
    smallest_complexity = 2

    def generate(self, rng: random.Random, n: int, size: int) -> list[int] | None:
        """The side, then the square."""
        if size < n * n + 1:
            return None
        return [n, *(rng.randrange(size) for _ in range(n * n)), *([0] * (size - n * n - 1))]

    def solve(self, memory: list[int]) -> list[int | None]:
        """The whole memory; the side and what is behind the square do not matter."""
        n, square = memory[0], memory[1 : memory[0] ** 2 + 1]
        after = [square[n * (i % n) + i // n] for i in range(n * n)]
        return [None, *after, *([None] * (len(memory) - n * n - 1))]

    def steps(self, n: int) -> int:
        """Linear in the memory."""
        return 3 * n * n + 2


class Bubble(RotateRight):
    """Quadratic on a linear memory."""

    def steps(self, n: int) -> int:
        """Every element with every other."""
        return n * n


@given(
    complexity=st.lists(st.integers(1, 9), min_size=1, max_size=5),
    room=st.integers(0, 9),
    seed=st.integers(0, 99),
)
@pytest.mark.parametrize(
    "task", [WrittenTask(RotateRight), WrittenTask(Transpose())], ids=lambda task: task.name
)
def test_samples_are_what_the_definition_says(
    task: WrittenTask, complexity: list[int], room: int, seed: int
) -> None:
    size = task.minimum_size(max(complexity)) + room
    generator = torch.Generator().manual_seed(seed)
    batch = task.sample(torch.tensor(complexity), size, generator)
    for inputs, expected, output in zip(batch.inputs, batch.expected, batch.output, strict=True):
        marked = {cell: int(expected[cell]) for cell in output.nonzero().flatten().tolist()}
        assert marked == task.solve(inputs.tolist())
        assert torch.equal(expected[~output], inputs[~output])
    again = task.sample(torch.tensor(complexity), size, torch.Generator().manual_seed(seed))
    assert torch.equal(again.inputs, batch.inputs)


def test_what_the_author_does_not_say_is_found_by_trying() -> None:
    task = WrittenTask(RotateRight)
    assert task.name == "rotate-right"
    assert task.summary == "Rotate a null-terminated array by one"
    assert task.smallest_complexity == 1
    assert [task.minimum_size(n) for n in (1, 2, 50, 1_000, 100_000)] == [2, 3, 51, 1_001, 100_001]
    assert [guess.budget for guess in task.guesses()] == [
        StepBudget(2, 16),
        StepBudget(4, 16),
        StepBudget(8, 16),
        StepBudget(2, 16, per_square=2),
    ]
    timesteps = [guess.sample(torch.tensor([5]), 9, torch.Generator()) for guess in task.guesses()]
    assert [int(batch.timesteps) for batch in timesteps] == [guess.steps(5) for guess in GUESSES]


def test_what_the_author_says_is_taken() -> None:
    task = WrittenTask(Transpose)
    assert task.guesses() == (task,)
    assert (task.name, task.smallest_complexity, task.largest_training_complexity) == (
        *("transpose", 2, 3),
    )
    assert [task.minimum_size(n) for n in (1, 2, 3, 30)] == [5, 5, 10, 901]
    assert task.budget.per_square == 0
    assert WrittenTask(Bubble).budget.per_square > 0


def changed(**attributes: Any) -> type:
    """RotateRight with something else in its place."""
    return type("Changed", (RotateRight,), attributes)


def steps_of_zero(self: object, n: int) -> int:
    return 0


def broken(self: object, *given: object) -> list[int]:
    raise KeyError("a key")


def floats(self: object, rng: object, n: int, size: int) -> list[float]:
    return [0.5] * size


def too_large(self: object, rng: object, n: int, size: int) -> list[int]:
    return [size] * size


def nothing(self: object, memory: list[int]) -> dict[int, int]:
    return {}


def outside(self: object, memory: list[int]) -> dict[int, int]:
    return {len(memory): 1}


def too_short(self: object, memory: list[int]) -> list[int]:
    return memory[1:]


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (object(), "expected a task, a class with generate"),
        (changed(generate=broken), r"generate\(rng, 1, 2\) raised KeyError"),
        (changed(solve=broken), r"solve\(\[1, 0\]\) raised KeyError"),
        (changed(generate=floats), "expected integers from generate.*found 0.5"),
        (changed(generate=too_large), "no input of complexity 4 .* holds .*, expected 0.."),
        (changed(solve=nothing), "no cell matters"),
        (changed(solve=outside), "solve puts 1 in cell"),
        (changed(solve=too_short), "or 2 cells, found 1 cells"),
        (changed(steps=steps_of_zero), r"expected steps\(1\) >= 1, found 0"),
        (changed(smallest_complexity=0), "expected smallest_complexity to be an integer of at"),
        (changed(name="a b"), "expected a name of letters"),
        (changed(__init__=broken), r"Changed\(\) raised KeyError"),
    ],
)
def test_what_is_no_task_is_refused(written: Any, message: str) -> None:
    with pytest.raises(HardmaxError, match=message):
        WrittenTask(written)


def test_what_is_no_input_is_refused() -> None:
    task = WrittenTask(RotateRight)
    for memory in ([1, 2, 3, 1], [0, 1]):
        with pytest.raises(HardmaxError, match="not an input of task rotate-right"):
            task.solve(memory)
