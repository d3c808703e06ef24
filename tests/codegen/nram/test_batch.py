"""A batch is what its problems are one by one, whoever shares the work."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardmax.codegen.driver import write_program
from hardmax.runtime.abi import Status
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.loader import load_ram
from hardmax.runtime.nram.interpreter import Result, run
from hardmax.runtime.nram.native import NativeProgram
from hardmax.runtime.nram.program import Program
from tests.support.cases import LEVELS
from tests.support.guarded import placements
from tests.support.native import JitProgram
from tests.support.samples import increment
from tests.support.strategies import programs


@pytest.fixture(scope="module")
def incremented(tmp_path_factory: pytest.TempPathFactory) -> NativeProgram:
    path = tmp_path_factory.mktemp("batch") / "increment.so"
    write_program(increment(), path)
    return load_ram(path)


@st.composite
def batches(draw: st.DrawFn, max_size: int = 6, max_count: int = 5) -> list[tuple[int, ...]]:
    """Memories of one size; cells are addresses, M, which is none, or any uint32."""
    size = draw(st.integers(1, max_size))
    cell = st.integers(0, size) | st.integers(0, 2**32 - 1)
    return draw(st.lists(st.tuples(*(cell for _ in range(size))), max_size=max_count))


def first_not_halted(results: Sequence[Result]) -> Status:
    return next((r.status for r in results if not r.halted), Status.HALTED)


@given(programs(), st.sampled_from(LEVELS), batches(), st.integers(0, 40))
def test_a_batch_is_its_problems_one_by_one(
    program: Program, level: int, memories: list[tuple[int, ...]], max_steps: int
) -> None:
    expected = [run(program, memory, max_steps) for memory in memories]
    size = len(memories[0]) if memories else 1
    count = len(memories)
    compiled = JitProgram(program, level)
    for cells in placements(count * size):
        cells[:] = [value for memory in memories for value in memory]
        steps = (ctypes.c_uint64 * (count + 1))(*(count + 1) * [7])
        statuses = (ctypes.c_int32 * (count + 1))(*(count + 1) * [7])
        outcome = compiled.run_batch_raw(cells.ctypes.data, size, count, max_steps, steps, statuses)
        found = [
            Result(tuple(cells[i * size : (i + 1) * size].tolist()), steps[i], Status(statuses[i]))
            for i in range(count)
        ]
        assert found == expected
        assert outcome is first_not_halted(expected)
        assert steps[count] == statuses[count] == 7


@pytest.mark.parametrize("with_steps", [False, True])
@pytest.mark.parametrize("with_statuses", [False, True])
def test_steps_and_statuses_may_be_null(with_steps: bool, with_statuses: bool) -> None:
    cells = (ctypes.c_uint32 * 4)(1, 0, 1, 9)
    steps = (ctypes.c_uint64 * 2)() if with_steps else None
    statuses = (ctypes.c_int32 * 2)() if with_statuses else None
    outcome = JitProgram(increment(), 2).run_batch_raw(cells, 2, 2, 99, steps, statuses)
    assert outcome is Status.VALUE_OUT_OF_RANGE
    assert list(cells) == [0, 0, 0, 9]
    if steps is not None:
        assert list(steps) == [4, 2]
    if statuses is not None:
        assert list(statuses) == [Status.HALTED, Status.VALUE_OUT_OF_RANGE]


def test_a_batch_without_memory_is_refused_and_nothing_stored() -> None:
    compiled = JitProgram(increment(), 2)
    steps, statuses = (ctypes.c_uint64 * 1)(7), (ctypes.c_int32 * 1)(7)
    cells = (ctypes.c_uint32 * 1)(0)
    for memories, size in ((None, 1), (cells, 0)):
        outcome = compiled.run_batch_raw(memories, size, 1, 9, steps, statuses)
        assert outcome is Status.INVALID_ARGUMENT
    assert (steps[0], statuses[0]) == (7, 7)
    assert compiled.run_batch_raw(cells, 1, 0, 9, steps, statuses) is Status.HALTED
    assert (steps[0], statuses[0]) == (7, 7)


@pytest.mark.parametrize("threads", [1, 2, 3, 8])
@pytest.mark.parametrize("count", [0, 1, 5, 64])
def test_threads_share_a_batch_without_changing_it(
    incremented: NativeProgram, threads: int, count: int
) -> None:
    memories = np.random.default_rng(count).integers(0, 5, size=(count, 5))
    before = memories.copy()
    result = incremented.run_batch(memories, threads=threads)
    single = [incremented.run(memory) for memory in memories]
    assert result.memories.tolist() == [one.memory.tolist() for one in single]
    assert result.steps.tolist() == [one.steps for one in single]
    assert result.statuses.tolist() == [one.status for one in single]
    assert result.memories.shape == (count, 5)
    found = (result.memories.dtype, result.steps.dtype, result.statuses.dtype)
    assert found == (np.dtype(np.uint32), np.dtype(np.uint64), np.dtype(np.int32))
    assert (memories == before).all()


def test_a_step_limit_holds_for_every_problem(incremented: NativeProgram) -> None:
    result = incremented.run_batch([[1, 1, 0], [0, 1, 1]], max_steps=2)
    assert result.memories.tolist() == [[2, 1, 0], [0, 1, 1]]
    assert result.statuses.tolist() == [Status.STEP_LIMIT, Status.HALTED]


def test_memories_are_taken_in_any_layout(incremented: NativeProgram) -> None:
    memories = np.array([[1, 2], [1, 0], [0, 0]], dtype=np.uint8)
    assert incremented.run_batch(memories.T).memories.tolist() == [[2, 2, 0], [0, 0, 0]]


@pytest.mark.parametrize(
    ("memories", "message"),
    [
        (
            [0, 1],
            "expected memories of integers, all of one size: 2 dimensions, found the shape (2,)",
        ),
        (
            [[0, 1], [0]],
            "expected memories of integers, all of one size, found sequences of several sizes",
        ),
        ([[0, 0.5]], "memory 0, cell 1 holds a float, expected an integer"),
        ([[2**64]], f"memory 0, cell 0 holds {2**64}, expected 0..0 in a memory of 1 cells"),
        (np.zeros((3, 0), dtype=np.uint32), "expected a memory of 1..4294967295 cells, found 0"),
        ([[0, 1], [0, 2]], "memory 1, cell 1 holds 2, expected 0..1 in a memory of 2 cells"),
        ([[0, 1], [-1, 2]], "memory 1, cell 0 holds -1, expected 0..1 in a memory of 2 cells"),
    ],
)
def test_bad_memories_are_refused_by_cell(
    incremented: NativeProgram, memories: Any, message: str
) -> None:
    with pytest.raises(HardmaxError) as error:
        incremented.run_batch(memories)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("memories", "message"),
    [
        (np.zeros(2, dtype=np.uint32), "two dimensions, found uint32 with shape (2,)"),
        (np.zeros((2, 4), dtype=np.uint32)[:, ::2], "expected a contiguous array"),
        (np.zeros((2, 2), dtype=np.int32), "two dimensions, found int32 with shape (2, 2)"),
    ],
)
def test_only_an_array_that_c_can_work_on_is_executed(
    incremented: NativeProgram, memories: Any, message: str
) -> None:
    with pytest.raises(HardmaxError, match=re.escape(message)):
        incremented.execute_batch(memories, 1)


def test_threads_and_max_steps_are_checked(incremented: NativeProgram) -> None:
    with pytest.raises(HardmaxError, match=r"^expected threads at least 1, found 0$"):
        incremented.run_batch([[0]], threads=0)
    with pytest.raises(
        HardmaxError, match=r"expected max_steps in 0..18446744073709551615, found -1"
    ):
        incremented.run_batch([[0]], max_steps=-1)


def test_memories_of_no_cell_are_an_invalid_argument(incremented: NativeProgram) -> None:
    statuses, steps = incremented.execute_batch(np.zeros((2, 0), dtype=np.uint32), 9)
    assert statuses.tolist() == 2 * [Status.INVALID_ARGUMENT]
    assert steps.tolist() == [0, 0]


def test_a_batch_is_written_where_it_was_asked_for(
    incremented: NativeProgram, tmp_path: Path
) -> None:
    """In place, also in a file that is mapped."""
    cells = np.lib.format.open_memmap(tmp_path / "cells.npy", "w+", np.uint32, (2, 3))
    cells[:] = [[1, 1, 0], [2, 0, 0]]
    incremented.execute_batch(np.asarray(cells), 9, threads=2)
    assert cells.tolist() == [[2, 2, 0], [0, 0, 0]]
