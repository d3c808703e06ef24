"""Runs in slices do what runs in one piece do, and end between two slices when they are told to."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardmax.codegen.nram import jump_threaded
from hardmax.codegen.nram import lower as straight
from hardmax.codegen.nram import lstm as lstm_code
from hardmax.runtime.abi import Status
from hardmax.runtime.nram.abi import (
    RUN_BATCH_INTERRUPTIBLE,
    RUN_INTERRUPTIBLE,
    timesteps_of_a_slice,
)
from hardmax.runtime.nram.interpreter import Result, run
from hardmax.runtime.nram.program import Program
from hardmax.runtime.nram.programs import RamProgram
from tests.support.cases import LEVELS
from tests.support.native import JitProgram
from tests.support.recurrent_programs import random_program
from tests.support.samples import access, increment
from tests.support.strategies import arbitrary_memories, programs


class Sliced:
    """A program as native code with slices of so many timesteps."""

    def __init__(self, program: RamProgram, level: int, slice_steps: int) -> None:
        names = RUN_INTERRUPTIBLE, RUN_BATCH_INTERRUPTIBLE
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(jump_threaded, "SLICE", slice_steps)
            patch.setattr(straight, "SLICE", slice_steps)
            patch.setattr(lstm_code, "timesteps_of_a_slice", lambda _: slice_steps)
            self._program = JitProgram(program, level, names)
        self._run, self._run_batch = map(self._program.function, names)

    def run(self, memory: tuple[int, ...], max_steps: int, stop: int = 0) -> Result:
        cells, steps = np.array(memory, dtype=np.uint32), ctypes.c_uint64()
        flag = ctypes.byref(ctypes.c_int32(stop))
        status = self._run(cells.ctypes.data, len(cells), max_steps, ctypes.byref(steps), flag)
        return Result(tuple(cells.tolist()), steps.value, Status(status))

    def run_batch(self, stop: int) -> tuple[int, list[int], list[int]]:
        cells = np.array([[1, 1, 0]] * 4, dtype=np.uint32)
        statuses, steps = np.full(4, 99, np.int32), np.zeros(4, np.uint64)
        flag = ctypes.byref(ctypes.c_int32(stop))
        outcome = self._run_batch(
            cells.ctypes.data, 3, 4, 99, steps.ctypes.data, statuses.ctypes.data, flag
        )
        return outcome, statuses.tolist(), steps.tolist()


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("slice_steps", [1, 5])
@pytest.mark.parametrize(
    "program",
    [increment(), access(), random_program(3, registers=2)],
    ids=["inc", "access", "lstm"],
)
def test_slices_change_nothing(program: RamProgram, slice_steps: int, level: int) -> None:
    compiled = Sliced(program, level, slice_steps)
    for memory in ((0,), (1, 0), (1, 1, 0), (2, 3, 1, 0, 4, 5, 5), (9, 9, 9), tuple(range(1, 20))):
        for max_steps in (*range(12), 40):
            assert compiled.run(memory, max_steps) == run(program, memory, max_steps)


@settings(max_examples=20)
@given(program=programs(), memory=arbitrary_memories(12), data=st.data())
def test_slices_of_any_program_change_nothing(
    program: Program, memory: tuple[int, ...], data: st.DataObject
) -> None:
    level, slice_steps = data.draw(st.sampled_from(LEVELS)), data.draw(st.integers(1, 9))
    compiled = Sliced(program, level, slice_steps)
    for max_steps in (0, 1, 7, 30):
        assert compiled.run(memory, max_steps) == run(program, memory, max_steps)


@pytest.mark.parametrize("level", LEVELS)
def test_a_run_ends_with_the_slice_in_which_it_is_told_to(level: int) -> None:
    memory = (*range(1, 40), 0)
    for program, slice_steps in ((increment(), 6), (random_program(3, registers=2), 1)):
        result = Sliced(program, level, slice_steps).run(memory, 50, stop=-1)
        assert result == run(program, memory, slice_steps)
        assert result.status is Status.STEP_LIMIT


@pytest.mark.parametrize("level", LEVELS)
def test_a_batch_ends_between_two_problems(level: int) -> None:
    compiled = Sliced(increment(), level, 99)
    steps = run(increment(), (1, 1, 0), 99).steps
    assert compiled.run_batch(0) == (Status.HALTED, 4 * [Status.HALTED], 4 * [steps])
    assert compiled.run_batch(1) == (Status.HALTED, 4 * [99], 4 * [0])


def test_a_slice_of_a_large_network_has_fewer_timesteps() -> None:
    small, large = (random_program(0, registers=2, hidden=hidden) for hidden in (4, 64))
    assert 1 <= timesteps_of_a_slice(large) < timesteps_of_a_slice(small)
