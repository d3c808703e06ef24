"""One GPU thread a problem: each does what the interpreter does."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hardmax.codegen.driver import Kind, emit
from hardmax.runtime.nram.interpreter import Result, run
from hardmax.runtime.nram.program import Program
from hardmax.runtime.nram.programs import RamProgram
from tests.support.cases import LEVELS
from tests.support.gpu import Gpu
from tests.support.paper_programs import copy_program
from tests.support.recurrent_programs import random_program
from tests.support.strategies import programs

COUNT = 150
"""Problems in a batch: more than two blocks of threads, and not a whole number of them."""


@pytest.fixture(scope="module")
def gpu() -> Gpu:
    return Gpu()


def agree(gpu: Gpu, program: RamProgram, level: int, memories: np.ndarray, max_steps: int) -> None:
    answers = gpu.run(emit(program, Kind.PTX, level), memories, max_steps)
    found = [
        Result(tuple(cells), steps, status)
        for cells, steps, status in zip(
            answers.memories.tolist(),
            answers.steps.tolist(),
            answers.statuses.tolist(),
            strict=True,
        )
    ]
    assert found == [run(program, memory, max_steps) for memory in memories.tolist()]


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    program=programs(),
    level=st.sampled_from(LEVELS),
    size=st.integers(1, 8),
    seed=st.integers(0, 2**32 - 1),
    max_steps=st.integers(0, 40),
)
def test_the_kernel_equals_the_interpreter(
    gpu: Gpu, program: Program, level: int, size: int, seed: int, max_steps: int
) -> None:
    """Cells run to M, which is no address."""
    random = np.random.default_rng(seed)
    memories = random.integers(0, size + 1, (COUNT, size), dtype=np.uint32)
    agree(gpu, program, level, memories, max_steps)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("program", [copy_program(), random_program(1)])
def test_the_kernel_runs_both_kinds_of_program(gpu: Gpu, program: RamProgram, level: int) -> None:
    random = np.random.default_rng(level)
    memories = random.integers(0, 12, (COUNT, 12), dtype=np.uint32)
    agree(gpu, program, level, memories, 30)


def test_steps_and_statuses_may_be_null(gpu: Gpu) -> None:
    memories = np.tile(np.array([6, 2, 10, 6, 8, 9, *6 * (0,)], dtype=np.uint32), (COUNT, 1))
    answers = gpu.run(emit(copy_program(), Kind.PTX), memories, 11, with_answers=False)
    assert (answers.memories == [6, 2, 10, 6, 8, 9, 2, 10, 6, 8, 9, 0]).all()
    assert (answers.steps == 7).all()
    assert (answers.statuses == 7).all()
