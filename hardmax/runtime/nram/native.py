"""Compiled programs that work on a memory of integers in place: one memory, or a batch of them."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hardmax.runtime.abi import MAX_SIZE, MAX_STEPS, Status
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.nram.abi import C_TYPES, RUN, RUN_BATCH, ending
from hardmax.runtime.nram.programs import RamProgram
from hardmax.runtime.shared_library import Library
from hardmax.runtime.text import counted, listed, printable


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


class NativeProgram:
    """A compiled program; made by :func:`hardmax.runtime.loader.load`.

    Runs release the GIL and share nothing.

    Attributes:
        path: the file that it was loaded from.
        abi_version: the version of the native interface it was compiled for.
        metadata: the document of ``hardmax.runtime.metadata``.
        program: the program that it was compiled from.
    """

    def __init__(self, library: Library) -> None:
        self.path = library.path
        self.abi_version = library.abi_version
        self.metadata = library.metadata
        self.program: RamProgram = library.program
        self._run = library.function(RUN, *C_TYPES[RUN])
        self._run_batch = library.function(RUN_BATCH, *C_TYPES[RUN_BATCH])

    def __repr__(self) -> str:
        return f"<NativeProgram {printable(self.metadata['task'])}: {printable(self.path)}>"

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
        cells = _checked_memories(memories)
        statuses, steps = self.execute_batch(
            cells, self._max_steps(cells.shape[1], max_steps), threads
        )
        return BatchResult(cells, steps, statuses)

    def _max_steps(self, size: int, max_steps: int | None) -> int:
        return (
            min(self.program.metadata.budget.steps(size), MAX_STEPS)
            if max_steps is None
            else max_steps
        )

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
        code = self._run(memory.ctypes.data, len(memory), max_steps, ctypes.byref(steps))
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
        if threads < 1:
            raise HardmaxError(f"expected at least 1 thread, found {threads}")
        count, size = memories.shape
        statuses = np.full(count, Status.INVALID_ARGUMENT, dtype=np.int32)
        steps = np.zeros(count, dtype=np.uint64)

        def run_slice(first: int, end: int) -> None:
            self._run_batch(
                memories[first:end].ctypes.data,
                size,
                end - first,
                max_steps,
                steps[first:end].ctypes.data,
                statuses[first:end].ctypes.data,
            )

        threads = max(1, min(threads, count))
        bounds = [count * i // threads for i in range(threads + 1)]
        if threads == 1:
            run_slice(0, count)
        else:
            with ThreadPoolExecutor(threads) as pool:
                list(pool.map(run_slice, bounds[:-1], bounds[1:]))
        return statuses, steps


def checked_memory(
    memory: Sequence[int] | NDArray[np.integer[Any]],
) -> NDArray[np.uint32]:
    """A copy of a memory whose every cell is an address, as uint32 of shape (M,).

    Raises:
        HardmaxError: not one dimension, no cell, more than MAX_SIZE cells, or a cell that holds
            no integer in 0..M-1; names the first such cell.
    """
    if not isinstance(memory, np.ndarray):
        for i, value in enumerate(memory):
            if isinstance(value, bool) or not isinstance(value, int | np.integer):
                raise HardmaxError(f"cell {i} holds a {type(value).__name__}, expected an integer")
        memory = np.array(memory, dtype=object)
    elif memory.dtype.kind not in "iu":
        raise HardmaxError(f"expected a memory of integers, found {memory.dtype}")
    if memory.ndim != 1:
        raise HardmaxError(f"expected a memory of one dimension, found {memory.shape}")
    _check_size(len(memory))
    wrong = np.flatnonzero((memory < 0) | (memory >= len(memory)))
    if wrong.size > 0:
        raise _no_address(f"cell {wrong[0]}", memory[wrong[0]], len(memory))
    return memory.astype(np.uint32)


def _checked_memories(
    memories: Sequence[Sequence[int]] | NDArray[np.integer[Any]],
) -> NDArray[np.uint32]:
    """A copy of memories whose every cell is an address, as uint32 of shape (count, M)."""
    try:
        memories = np.asarray(memories)
    except (ValueError, OverflowError):
        raise HardmaxError("expected memories of one length, each a sequence of integers") from None
    if memories.ndim != 2:
        raise HardmaxError(f"expected memories of shape (count, size), found {memories.shape}")
    if memories.dtype.kind not in "iu":
        raise HardmaxError(f"expected memories of integers, found {memories.dtype}")
    size = memories.shape[1]
    _check_size(size)
    wrong = (memories < 0) | (memories >= size)
    if wrong.any():
        i, cell = np.unravel_index(wrong.argmax(), wrong.shape)
        raise _no_address(f"memory {i}, cell {cell}", memories[i, cell], size)
    return memories.astype(np.uint32, order="C")


def _check_size(size: int) -> None:
    if not 1 <= size <= MAX_SIZE:
        raise HardmaxError(f"expected a memory of 1..{MAX_SIZE} cells, found {size}")


def _no_address(where: str, value: object, size: int) -> HardmaxError:
    return HardmaxError(
        f"{where} holds {printable(value, 40)}, expected 0..{size - 1} in a memory of {size} cells"
    )


def _check_executable(memory: NDArray[np.uint32], dimensions: int, max_steps: int) -> None:
    """Refuse an array that C cannot work on in place, or a number that is no uint64."""
    flags = memory.flags
    if memory.dtype != np.uint32 or memory.ndim != dimensions or not flags.c_contiguous:
        shape = ("one dimension", "two dimensions")[dimensions - 1]
        raise HardmaxError(
            f"expected a contiguous array of uint32 with {shape}, "
            f"found {memory.dtype} with shape {memory.shape}"
        )
    if not flags.writeable:
        raise HardmaxError("expected a writable memory, found a read-only array")
    if memory.shape[-1] > MAX_SIZE:
        raise HardmaxError(f"expected at most {MAX_SIZE} cells, found {memory.shape[-1]}")
    if not 0 <= max_steps <= MAX_STEPS:
        raise HardmaxError(f"expected max_steps in 0..2^64-1, found {max_steps}")
