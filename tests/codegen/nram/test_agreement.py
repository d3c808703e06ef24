"""-O0 and -O3 against the interpreter on a million random (program, memory) pairs.

HARDMAX_PAIRS=1000 runs fewer; the number is rounded up to whole programs.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Iterator
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from hardmax.runtime.abi import MAX_SIZE
from hardmax.runtime.nram.interpreter import _Machine, run
from hardmax.runtime.nram.program import Program
from tests.support.native import JitProgram, largest_memory
from tests.support.strategies import pointer_loops, programs

PAIRS = int(os.environ.get("HARDMAX_PAIRS", "1000000"))
MEMORIES = 200
"""Memories for each program, whose compilation takes as long as so many runs."""

LARGE = 2**16
MAX_STEPS = 300


def size_of(random: np.random.Generator) -> int:
    """Mostly a few cells, sometimes more strips than one, hardly ever 2^16 cells."""
    limit = random.choice([4, 21, 100, LARGE], p=[0.2, 0.5, 0.295, 0.005])
    return LARGE if limit == LARGE else int(random.integers(1, limit))


def cells_of(size: int, random: np.random.Generator) -> NDArray[np.uint32]:
    """Addresses of one kind or another, and at times a few values that are none."""
    index = np.arange(size)
    kinds: list[Callable[[], NDArray[np.int64]]] = [
        lambda: random.integers(0, size, size),
        lambda: index,  # every cell points to itself
        lambda: (index + 1) % size,  # a chain through all cells
        lambda: (index + random.integers(0, size)) % size,
        lambda: (size - 1 - random.integers(0, 3, size)) % size,  # about to wrap around
        lambda: random.integers(0, min(size, 4), size),  # into the cells that hold the pointers
    ]
    cells = kinds[random.integers(6)]()
    odd = int(random.choice([0, 0, 1, 4]))
    if odd:
        cells = cells.copy()
        cells[random.integers(0, size, odd)] = random.choice([0, size, 2**32 - 1], odd)
    return cells.astype(np.uint32)


def cases(seed: int) -> Iterator[tuple[tuple[int, ...], int]]:
    """Memories with ``max_steps``."""
    random = np.random.default_rng(seed)
    for _ in range(MEMORIES):
        memory = cells_of(size_of(random), random)
        yield tuple(memory.tolist()), int(random.integers(0, MAX_STEPS))


@pytest.mark.slow
@settings(max_examples=-(-PAIRS // MEMORIES))
@given(programs(max_registers=5, max_states=3) | pointer_loops(), st.integers(0, 2**32 - 1))
def test_a_million_programs_and_memories(program: Program, seed: int) -> None:
    """Guard pages on either side of each memory: see ``tests.support.native``."""
    straight, optimized = (JitProgram(program, level) for level in (0, 3))
    for memory, max_steps in cases(seed):
        expected = run(program, memory, max_steps)
        assert straight.run(memory, max_steps) == expected
        assert optimized.run(memory, max_steps) == expected


class Sparse(dict[int, int]):
    """The cells of the largest memory that are not 0, or once were not."""

    def __len__(self) -> int:
        return MAX_SIZE

    def __missing__(self, address: int) -> int:
        return 0


def far_cells(seed: int) -> Sparse:
    """Pointers to both ends of the largest memory, and nearly to each other."""
    random = np.random.default_rng(seed)
    ends = [0, 1, 2, 30, 2**31, MAX_SIZE - 30, MAX_SIZE - 2, MAX_SIZE - 1]
    cells = {address: int(random.choice(ends)) for address in ends}
    cells[0] = int(random.choice([*ends, 40]))
    cells[2] = (cells[1] + int(random.integers(-20, 20))) % MAX_SIZE
    if random.integers(4) == 0:
        cells[int(random.choice(ends))] = MAX_SIZE
    return Sparse(cells)


@pytest.mark.slow
@settings(max_examples=max(10, PAIRS // 1000))
@given(programs(max_registers=5, max_states=3) | pointer_loops(), st.integers(0, 2**32 - 1))
def test_programs_in_the_largest_memory(program: Program, seed: int) -> None:
    compiled = [JitProgram(program, level) for level in (0, 3)]
    for case in range(4):
        start = far_cells(seed + case)
        machine = _Machine(program, [0])
        sparse = Sparse(start)
        machine.memory = cast(Any, sparse)
        while machine.steps < MAX_STEPS and machine.step():
            pass
        for native in compiled:
            cells = largest_memory()
            for address, value in start.items():
                cells[address] = value
            steps = ctypes.c_uint64()
            status = native.run_raw(cells.ctypes.data, MAX_SIZE, MAX_STEPS, ctypes.byref(steps))
            assert (status, steps.value) == (machine.status, machine.steps)
            assert {address: int(cells[address]) for address in sparse} == sparse
