"""Tasks given by examples: the split, the levels, what search and gradient training draw."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.memory.examples import Example, ExampleFile
from hardmax.runtime.nram.program import StepBudget
from hardmax.runtime.task_description import Evidence
from hardmax.trainer.nram.own_tasks.example_task import ExampleTask
from hardmax.trainer.nram.own_tasks.step_guesses import GUESSES, observed_budget


def example(size: int, value: int, steps: int | None = None, group: str = "") -> Example:
    """Cell 0 becomes what the last cell holds; nothing else matters."""
    before = (0, *([1] * (size - 2)), value)
    return Example(before, (value, *([None] * (size - 1))), "here", steps, group)


def task(count: int = 50, **fields: Any) -> ExampleTask:
    examples = tuple(
        example(size, value, **fields) for size in range(3, 40) for value in range(1, size)
    )
    return ExampleTask(ExampleFile(examples[:count], "last"), "mine.jsonl")


def test_a_fifth_is_held_out_of_every_difficulty() -> None:
    made = task()
    assert (len(made.training), len(made.held_out)) == (40, 10)
    assert not set(made.training) & set(made.held_out)
    assert made.held_out == task().held_out
    assert {example.size for example in made.held_out} > {5, 7, 9}
    description = made.description
    assert (description.evidence, description.sizes) == (Evidence.EXAMPLES, (3, 11))
    assert (description.examples, description.held_out) == (40, 10)


def test_examples_of_a_group_stay_together() -> None:
    examples = tuple(example(9, 1 + i % 8, group=f"{i % 8}") for i in range(8)) + tuple(
        example(10, 1 + i, group=f"{i}") for i in range(8)
    )
    made = ExampleTask(ExampleFile(examples, "last"), "mine.jsonl")
    assert made.held_out
    assert not {e.group for e in made.training} & {e.group for e in made.held_out}


@pytest.mark.parametrize(("count", "group"), [(9, ""), (30, "one")])
def test_too_few_to_hold_some_out_are_refused(count: int, group: str) -> None:
    with pytest.raises(HardmaxError, match=r"mine.jsonl: expected at least 10 .*one in 5 is held"):
        task(count, group=group)


@pytest.mark.parametrize("count", [10, 50, 400])
def test_levels_go_from_easy_to_difficult(count: int) -> None:
    made = task(count)
    levels = range(1, made.largest_training_complexity + 1)
    generator = torch.Generator().manual_seed(0)
    drawn = [made.batches(level, level, 60, generator) for level in levels]
    smallest = [min(batch.inputs.shape[1] for batch in batches) for batches in drawn]
    largest = [max(batch.inputs.shape[1] for batch in batches) for batches in drawn]
    assert 2 <= len(levels) <= 6
    assert smallest == sorted(smallest)
    assert all(a <= b for a, b in zip(largest, smallest[1:], strict=False))
    everything = made.batches(1, 2 * levels[-1], 1000, generator)
    rows = [row for batch in everything for row in batch.inputs.tolist()]
    assert len(rows) == 1000
    assert {tuple(row) for row in rows} == {example.before for example in made.training}


def test_only_acceptance_sees_what_is_held_out() -> None:
    made = task()
    batches = made.acceptance_batches(7, torch.Generator())
    rows = [tuple(row) for batch in batches for row in batch.inputs.tolist()]
    assert sorted(rows) == sorted(e.before for e in (*made.training, *made.held_out))
    for batch in batches:
        for inputs, expected, output in zip(
            batch.inputs.tolist(), batch.expected.tolist(), batch.output.tolist(), strict=True
        ):
            assert made.solve(inputs) == {c: expected[c] for c, there in enumerate(output) if there}
    with pytest.raises(HardmaxError, match="no example begins with this memory"):
        made.solve([1, 1, 1])


def test_what_gradient_training_draws_has_the_size_that_it_has() -> None:
    made = task()
    size = made.minimum_size(3)
    complexities = torch.tensor([1, 2, 3, 3, 9])
    sizes = set()
    for seed in range(30):
        batch = made.sample(
            complexities, made.minimum_size(9) + 2, torch.Generator().manual_seed(seed)
        )
        assert torch.equal(batch.expected[:, 0], batch.inputs[:, -1])
        assert batch.output.sum() == 5
        sizes.add(batch.inputs.shape[1])
    assert len(sizes) > 3
    assert size < made.minimum_size(6)


def test_timesteps_are_guessed_where_the_examples_do_not_say() -> None:
    made = task()
    assert len(made.guesses()) == len(GUESSES)
    for guess, twin in zip(GUESSES, made.guesses(), strict=True):
        batch = twin.batches(1, 1, 1, torch.Generator())[0]
        assert int(batch.timesteps) == guess.steps(batch.inputs.shape[1])
        assert twin.budget == guess.budget
    declared = task(steps=5)
    assert declared.guesses() == (declared,)
    assert declared.budget == StepBudget(1, 16)
    assert int(declared.batches(1, 1, 1, torch.Generator())[0].timesteps) == 5


@pytest.mark.parametrize(
    ("steps", "most"),
    [
        (lambda n: n + 1, lambda n: 2 * n + 16),
        (lambda n: 5 * n + 3, lambda n: 12 * n + 16),
        (lambda n: (n + 1) ** 2, lambda n: 8 * n * n + 2 * n + 16),
    ],
)
def test_a_step_budget_grows_as_the_runs_that_were_seen(
    steps: Callable[[int], int], most: Callable[[int], int]
) -> None:
    runs = [(n, steps(n)) for n in range(1, 8)] + [(5, 1)]
    budget = observed_budget(GUESSES[0].budget, runs)
    for n in (1, 10, 1_000):
        assert steps(n) <= budget.steps(n) <= most(n)


def test_a_step_budget_is_never_less_than_that_of_the_guess() -> None:
    for guess in GUESSES:
        for runs in ([(3, 1)], [(0, 1), (1, 1), (2, 1)], [(2, 9), (2, 4)]):
            budget = observed_budget(guess.budget, runs)
            assert budget.per_cell >= guess.budget.per_cell
            assert budget.per_square >= guess.budget.per_square
