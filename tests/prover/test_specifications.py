"""Specifications against the tasks they are of: the sampler, and ``solve``, both ways."""

from __future__ import annotations

import re
from itertools import product
from random import Random

import pytest
import torch

from hardmax.prover.specifications.registry import SPECIFICATIONS
from hardmax.prover.specifications.specification import Specification
from hardmax.runtime.errors import HardmaxError
from hardmax.trainer.nram.tasks import TASKS, find_task

LARGEST = 5
"""All memories up to this size."""

every_specification = pytest.mark.parametrize("task", SPECIFICATIONS)


def solved(task: str, memory: list[int]) -> dict[int, int] | None:
    """The task's own definition; None where the memory is no input."""
    try:
        return find_task(task).solve(memory)
    except HardmaxError:
        return None


def test_every_task_of_the_paper_has_one_and_all_are_of_tasks() -> None:
    assert set(SPECIFICATIONS) == {*TASKS, *(find_task(task).name for task in SPECIFICATIONS)}


@every_specification
def test_what_the_sampler_draws_is_an_input_with_the_same_answer(task: str) -> None:
    generator = torch.Generator().manual_seed(7)
    specification, definition = SPECIFICATIONS[task], find_task(task)
    for complexity in (1, 2, 3, 5):
        for extra in (0, 1, 5):
            size = definition.minimum_size(complexity) + extra
            batch = definition.sample(torch.full((6,), complexity), size, generator)
            for memory in batch.inputs.tolist():
                assert specification.answer(memory) == definition.solve(memory), memory


@every_specification
def test_what_is_drawn_is_an_input_with_the_same_answer(task: str) -> None:
    random = Random(3)
    for _ in range(60):
        memory = SPECIFICATIONS[task].draw(random)
        answer = SPECIFICATIONS[task].answer(memory)
        assert answer is not None
        assert answer == solved(task, memory), memory


@every_specification
def test_small_memories_are_inputs_of_both_or_of_neither(task: str) -> None:
    for size in range(1, LARGEST + 1):
        for memory in product(range(size), repeat=size):
            found = SPECIFICATIONS[task].answer(memory)
            assert found == solved(task, list(memory)), memory


@every_specification
def test_spoilt_inputs_are_inputs_of_both_or_of_neither(task: str) -> None:
    """Inputs with a cell changed: larger than what can be exhausted."""
    random = Random(5)
    for _ in range(150):
        memory = SPECIFICATIONS[task].draw(random)
        memory[random.randrange(len(memory))] = random.randrange(len(memory))
        assert SPECIFICATIONS[task].answer(memory) == solved(task, memory), memory


@every_specification
def test_lemmas_hold_of_what_is_drawn(task: str) -> None:
    from hardmax.prover.specifications.formulas import holds

    specification: Specification = SPECIFICATIONS[task]
    random = Random(11)
    for _ in range(20):
        memory = specification.draw(random)
        parameters = specification.parameters_of(memory)
        assert parameters is not None
        values = specification.values(parameters, memory)
        assert all(holds(specification.formula(text), values) for text in specification.lemmas)


@every_specification
def test_names_do_not_collide_with_those_of_invariants(task: str) -> None:
    specification = SPECIFICATIONS[task]
    names = [p.name for p in specification.parameters]
    names += [r.name for r in specification.recurrences]
    names += [a.name for a in specification.abbreviations]
    assert len(set(names)) == len(names)
    assert not any(re.fullmatch(r"M|j|t|i|c|m0|mem|output|r\d+", name) for name in names)
