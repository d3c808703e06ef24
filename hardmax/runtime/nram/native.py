"""Compiled programs that work on a memory of integers in place: one memory, or a batch of them."""

from __future__ import annotations

import ctypes
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hardmax.runtime.abi import MAX_SIZE, MAX_STEPS, Status
from hardmax.runtime.arrays import as_array, checked_integer, expect_integers, named
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.interruption import Work, is_interruptible, run_interruptibly
from hardmax.runtime.nram.abi import (
    C_TYPES,
    OPTIONAL,
    RUN,
    RUN_BATCH,
    RUN_BATCH_INTERRUPTIBLE,
    RUN_INTERRUPTIBLE,
    ending,
    timesteps_of_a_slice,
)
from hardmax.runtime.nram.programs import RamProgram
from hardmax.runtime.shared_library import Library, LoadedProgram
from hardmax.runtime.text import counted, listed


@dataclass(frozen=True, eq=False, repr=False)
class NativeResult:
    """What a run of a compiled program left, as ``hardmax.runtime.nram.interpreter.Result``.

    Attributes:
        memory: the final cells, uint32 of shape (M,), a new array.
        steps: completed timesteps.
        status: how the run ended.
    """

    memory: NDArray[np.uint32]
    steps: int
    status: Status

    @property
    def halted(self) -> bool:
        """Whether the program itself chose to stop."""
        return self.status is Status.HALTED

    def __repr__(self) -> str:
        memory = listed(self.memory.tolist())
        return f"<NativeResult: {ending(self.status, self.steps)}, memory {memory}>"


@dataclass(frozen=True, eq=False, repr=False)
class BatchResult:
    """What a run over a batch left; row i belongs to memory i.

    Attributes:
        memories: the final cells, uint32 of shape (count, M), a new array.
        steps: completed timesteps, uint64 of shape (count,).
        statuses: how each run ended, int32 of shape (count,), values of :class:`Status`.
    """

    memories: NDArray[np.uint32]
    steps: NDArray[np.uint64]
    statuses: NDArray[np.int32]

    def __repr__(self) -> str:
        count, size = self.memories.shape
        halted = int((self.statuses == Status.HALTED).sum())
        runs, cells = counted(count, "run"), counted(size, "cell")
        return f"<BatchResult: {halted} of {runs} halted, {cells} each>"


class NativeProgram(LoadedProgram):
    """A compiled program; made by :func:`hardmax.runtime.loader.load`.

    Runs release the GIL and share nothing. In the main thread Ctrl-C ends a run, however long it
    is, unless the library is of version 0.1.
    """

    program: RamProgram

    def __init__(self, library: Library) -> None:
        super().__init__(library)
        self._run, self._run_batch = (
            library.function(name, *C_TYPES[name]) for name in (RUN, RUN_BATCH)
        )
        self._slice = MAX_STEPS
        if library.defines(OPTIONAL):
            self._slice = timesteps_of_a_slice(self.program)
            self._run_interruptible, self._run_batch_interruptible = (
                library.function(name, *C_TYPES[name])
                for name in (RUN_INTERRUPTIBLE, RUN_BATCH_INTERRUPTIBLE)
            )

    def run(
        self, memory: Sequence[int] | NDArray[np.integer[Any]], max_steps: int | None = None
    ) -> NativeResult:
        """Run on a copy of ``memory``.

        Args:
            memory: M cells, 1 <= M <= MAX_SIZE, each holding 0..M-1.
            max_steps: timesteps after which the run is stopped; by default the program's own step
                budget for M cells.

        Raises:
            HardmaxError: the memory is not as above (names the first wrong cell), or ``max_steps``
                is not in 0..2^64-1.
        """
        cells = checked_memory(memory)
        status, steps = self.execute(cells, self._max_steps(len(cells), max_steps))
        return NativeResult(cells, steps, status)

    def run_batch(
        self,
        memories: Sequence[Sequence[int]] | NDArray[np.integer[Any]],
        max_steps: int | None = None,
        threads: int = 1,
    ) -> BatchResult:
        """Run on a copy of each of ``memories``.

        Args:
            memories: shape (count, M), 1 <= M <= MAX_SIZE, each cell holding 0..M-1.
            max_steps: timesteps after which each run is stopped; by default the program's own step
                budget for M cells.
            threads: how many threads share the batch, >= 1.

        Raises:
            HardmaxError: the memories are not as above (names the first wrong cell), ``threads``
                is below 1, or ``max_steps`` is not in 0..2^64-1.
        """
        cells = checked_memories(memories)
        statuses, steps = self.execute_batch(
            cells, self._max_steps(cells.shape[1], max_steps), threads
        )
        return BatchResult(cells, steps, statuses)

    def _max_steps(self, size: int, max_steps: int | None) -> int:
        if max_steps is None:
            return min(self.program.metadata.budget.steps(size), MAX_STEPS)
        return checked_integer(max_steps, "max_steps", 0, MAX_STEPS)

    def execute(self, memory: NDArray[np.uint32], max_steps: int) -> tuple[Status, int]:
        """Run in place, whatever the cells hold, and return the status and completed timesteps.

        Args:
            memory: uint32 of shape (M,), contiguous and writable, M <= MAX_SIZE.
            max_steps: 0..2^64-1.

        Raises:
            HardmaxError: an argument is not as above.
        """
        _check_executable(memory, 1, max_steps)
        steps = ctypes.c_uint64()
        arguments = memory.ctypes.data, len(memory), max_steps, ctypes.byref(steps)
        if max_steps <= self._slice or not is_interruptible():
            return Status(self._run(*arguments)), steps.value
        work = partial(self._run_interruptible, *arguments)
        (code,) = run_interruptibly([work], (memory, steps))
        return Status(code), steps.value

    def execute_batch(
        self, memories: NDArray[np.uint32], max_steps: int, threads: int = 1
    ) -> tuple[NDArray[np.int32], NDArray[np.uint64]]:
        """Run in place, whatever the cells hold, and return statuses and completed timesteps.

        Args:
            memories: uint32 of shape (count, M), contiguous and writable, M <= MAX_SIZE.
            max_steps: 0..2^64-1.
            threads: how many threads share the batch, >= 1.

        Returns:
            int32 and uint64 of shape (count,).

        Raises:
            HardmaxError: an argument is not as above.
        """
        _check_executable(memories, 2, max_steps)
        threads = checked_integer(threads, "threads", 1)
        count, size = memories.shape
        statuses = np.full(count, Status.INVALID_ARGUMENT, dtype=np.int32)
        steps = np.zeros(count, dtype=np.uint64)

        def arguments(first: int, end: int) -> tuple[int, ...]:
            return (
                memories[first:end].ctypes.data,
                size,
                end - first,
                max_steps,
                steps[first:end].ctypes.data,
                statuses[first:end].ctypes.data,
            )

        threads = max(1, min(threads, count))
        is_short = count * max_steps <= self._slice or not is_interruptible()
        if threads == 1 and is_short:
            self._run_batch(*arguments(0, count))
            return statuses, steps
        bounds = [count * i // threads for i in range(threads + 1)]
        shares = [arguments(*ends) for ends in itertools.pairwise(bounds)]
        works: list[Work]
        if self._slice < MAX_STEPS:
            works = [partial(self._run_batch_interruptible, *share) for share in shares]
        else:
            works = [_uninterruptible(self._run_batch, share) for share in shares]
        run_interruptibly(works, (memories, statuses, steps))
        return statuses, steps


def _uninterruptible(function: Any, arguments: tuple[int, ...]) -> Work:
    return lambda _: function(*arguments)


def checked_memory(memory: Sequence[int] | NDArray[np.integer[Any]]) -> NDArray[np.uint32]:
    """A copy of a memory whose every cell is an address, as uint32 of shape (M,).

    Raises:
        HardmaxError: not one dimension, no cell, more than MAX_SIZE cells, or a cell that holds
            no integer in 0..M-1; names the first such cell.
    """
    return _checked(memory, ("cell",), "a memory of integers")


def checked_memories(
    memories: Sequence[Sequence[int]] | NDArray[np.integer[Any]],
) -> NDArray[np.uint32]:
    """As :func:`checked_memory`, a batch of them of shape (count, M)."""
    return _checked(memories, ("memory", "cell"), "memories of integers, all of one size")


def _checked(memory: object, names: Sequence[str], expected: str) -> NDArray[np.uint32]:
    array = as_array(memory, expected)
    if array.dtype == object and any(isinstance(part, list | tuple) for part in array.flat):
        raise HardmaxError(f"expected {expected}, found sequences of several sizes")
    if array.ndim != len(names):
        dimensions = counted(len(names), "dimension")
        raise HardmaxError(f"expected {expected}: {dimensions}, found the shape {array.shape}")
    size = array.shape[-1]
    if not 1 <= size <= MAX_SIZE:
        raise HardmaxError(f"expected a memory of 1..{MAX_SIZE} cells, found {size}")
    expect_integers(array, names, expected)
    wrong = (array < 0) | (array >= size)
    if wrong.any():
        place = tuple(map(int, np.unravel_index(int(wrong.argmax()), wrong.shape)))
        raise HardmaxError(
            f"{named(place, names)} holds {array[place]}, "
            f"expected 0..{size - 1} in a memory of {size} cells"
        )
    return array.astype(np.uint32, order="C")


def _check_executable(memory: NDArray[np.uint32], dimensions: int, max_steps: int) -> None:
    """Refuse an array that C cannot work on in place, or a number that is no uint64."""
    shape = ("one dimension", "two dimensions")[dimensions - 1]
    expected = f"a contiguous array of uint32 with {shape}"
    if not isinstance(memory, np.ndarray):
        raise HardmaxError(f"expected {expected}, found {type(memory).__name__}")
    flags = memory.flags
    if memory.dtype != np.uint32 or memory.ndim != dimensions or not flags.c_contiguous:
        raise HardmaxError(f"expected {expected}, found {memory.dtype} with shape {memory.shape}")
    if not flags.writeable:
        raise HardmaxError("expected a writable memory, found a read-only array")
    if memory.shape[-1] > MAX_SIZE:
        raise HardmaxError(f"expected at most {MAX_SIZE} cells, found {memory.shape[-1]}")
    checked_integer(max_steps, "max_steps", 0, MAX_STEPS)
