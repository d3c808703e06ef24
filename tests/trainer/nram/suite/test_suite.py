"""The tasks of the suite: generators against definitions, and examples worked by hand."""

from __future__ import annotations

import bisect
import random
import subprocess
import sys
from typing import Any

import pytest

from hardmax.trainer.nram.suite.registry import GROUPS, group, suite
from tests.trainer.nram.suite.by_hand import BY_HAND

SUITE: dict[str, Any] = {**suite()}
LARGE = 1_000


def smallest_size(task: Any, n: int) -> int:
    """The fewest cells into which an input of complexity n fits."""

    def fits(size: int) -> bool:
        try:
            task.generate(random.Random(0), n, size)
        except ValueError:
            return False
        return True

    return 1 + bisect.bisect_left(range(1, 5 * n + 50), True, key=fits)


def test_there_are_a_hundred_tasks_and_those_of_mips() -> None:
    assert len(group("mips")) == 62
    assert len(SUITE) >= 100 + 62
    assert sum(len(group(name)) for name in GROUPS) == len(SUITE)


def test_every_task_says_in_a_line_what_it_is_and_how_the_memory_is_laid_out() -> None:
    for name, task in SUITE.items():
        lines = (task.__doc__ or "").splitlines()
        assert len(lines) == 1, name
        assert ": " in lines[0], name


def test_an_example_of_every_task_is_worked_by_hand() -> None:
    assert list(BY_HAND) == list(SUITE)


@pytest.mark.parametrize("name", SUITE)
def test_the_definition_solves_the_example_worked_by_hand(name: str) -> None:
    memory, answer = BY_HAND[name]
    assert max(memory) < len(memory)
    assert SUITE[name]().solve(list(memory)) == answer


@pytest.mark.parametrize("name", SUITE)
def test_what_is_generated_is_an_input_of_the_size_and_has_an_answer(name: str) -> None:
    task = SUITE[name]()
    rng = random.Random(name)
    for n in [2, 3, 5, 13, 50, LARGE]:
        fewest = smallest_size(task, n)
        for size in {fewest, fewest + 1, 3 * fewest} if n < LARGE else {fewest}:
            memory = task.generate(rng, n, size)
            assert len(memory) == size
            assert all(0 <= value < size for value in memory)
            answer = task.solve(list(memory))
            assert answer
            assert all(0 <= cell < size and 0 <= answer[cell] < size for cell in answer)


@pytest.mark.parametrize("name", SUITE)
def test_where_an_input_fits_every_one_does(name: str) -> None:
    task = SUITE[name]()
    for n in range(getattr(task, "smallest_complexity", 1), 6):
        fewest = smallest_size(task, n)
        for seed in range(20):
            task.generate(random.Random(seed), n, fewest)


@pytest.mark.parametrize("name", SUITE)
def test_the_answer_is_not_always_the_same(name: str) -> None:
    task = SUITE[name]()
    rng = random.Random(name)
    size = smallest_size(task, 8) + 8
    answers = {tuple(task.solve(task.generate(rng, n, size)).items()) for n in [4, 5, 6, 7, 8] * 8}
    assert len(answers) > 1


@pytest.mark.parametrize("name", SUITE)
def test_natural_timesteps_grow_with_the_complexity(name: str) -> None:
    task = SUITE[name]()
    assert 1 <= task.steps(1) <= task.steps(50)


def test_the_command_line_does_not_import_the_suite_to_print_its_help() -> None:
    code = "import sys, hardmax.cli.main; sys.exit(any('suite' in m for m in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
