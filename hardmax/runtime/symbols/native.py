"""Compiled machines that answer symbols: whole sequences, many of them, or one step at a time."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from functools import partial
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hardmax.runtime.abi import Status
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.interruption import is_interruptible, run_interruptibly
from hardmax.runtime.shared_library import Library, LoadedProgram
from hardmax.runtime.symbols.abi import (
    STACK_C_TYPES,
    STACK_CONTINUE,
    STACK_GROW,
    STACK_RUN_BATCH,
    STACK_RUN_INTERRUPTIBLE,
    STACK_START,
    STACK_STATE_SIZE,
    STACK_STATUS_TEXT,
    STACK_STEP,
)
from hardmax.runtime.symbols.interface import (
    SymbolProgram,
    Symbols,
    checked_capacity,
    checked_symbols,
    enough_cells,
)
from hardmax.runtime.symbols.result import SymbolResult
from hardmax.runtime.text import counted, printable

State = NDArray[np.uint64]

_LONG = 1 << 16
"""Steps from which on a run is made interruptible; about a millisecond."""


class NativeStack(LoadedProgram):
    """A compiled stack machine; made by :func:`hardmax.runtime.loader.load`.

    Runs release the GIL and share nothing. In the main thread Ctrl-C ends a run.
    """

    program: SymbolProgram

    def __init__(self, library: Library) -> None:
        super().__init__(library)
        (
            self._state_size,
            self._start,
            self._step,
            self._continue,
            self._grow,
            self._run,
            self._run_batch,
        ) = (
            library.function(name, *STACK_C_TYPES[name])
            for name in (
                STACK_STATE_SIZE,
                STACK_START,
                STACK_STEP,
                STACK_CONTINUE,
                STACK_GROW,
                STACK_RUN_INTERRUPTIBLE,
                STACK_RUN_BATCH,
            )
        )

    def run(
        self, symbols: ArrayLike | Sequence[int | str], capacity: int | None = None
    ) -> SymbolResult:
        """Run a sequence from the start on.

        Args:
            symbols: (T,), T >= 0, by number or by name.
            capacity: cells of each structure, 1..MAX_SIZE; by default as many as T steps can need.

        Returns:
            The outputs of the steps before the first that could not be made, and why it could not:
            OVERFLOW, or UNREACHABLE_ROW where the table has no row for it.

        Raises:
            HardmaxError: the symbols or the capacity are not as above, or there is no room for so
                many cells.

        Examples:
            >>> import hardmax
            >>> machine = hardmax.load("libreversal.so")
            >>> machine.run(["0", "1", "1", "end", "blank", "blank", "blank"]).outputs.tolist()[-3:]
            [1, 1, 0]
        """
        checked = checked_symbols(symbols, self.program.alphabet)
        if capacity is None:
            capacity = enough_cells(self.program, len(checked))
        return self.execute(checked, checked_capacity(capacity))

    def execute(self, symbols: Symbols, capacity: int) -> SymbolResult:
        """Run a sequence whatever its symbols are.

        Args:
            symbols: integers of shape (T,), 0..2^32-1.
            capacity: 0..MAX_SIZE.

        Raises:
            HardmaxError: there is no room for so many cells.
        """
        given = np.ascontiguousarray(symbols, dtype=np.uint32)
        state = self._room(capacity)
        outputs = np.empty(len(given), dtype=np.uint32)
        done = np.zeros(1, dtype=np.uint64)
        work = partial(
            self._run,
            given.ctypes.data,
            len(given),
            capacity,
            state.ctypes.data,
            outputs.ctypes.data,
            done.ctypes.data,
        )
        if len(given) < _LONG or not is_interruptible():
            code = work(None)
        else:
            (code,) = run_interruptibly([work], (given, state, outputs, done))
        return SymbolResult(outputs[: int(done[0])].astype(np.int64), Status(code))

    def run_batch(
        self, sequences: Sequence[ArrayLike | Sequence[int | str]], capacity: int | None = None
    ) -> list[SymbolResult]:
        """Run sequences, each from the start on; their lengths may differ.

        Args:
            sequences: each as :meth:`run` takes it.
            capacity: cells of each structure; by default as many as the longest can need.

        Raises:
            HardmaxError: as for :meth:`run`.
        """
        checked = [checked_symbols(symbols, self.program.alphabet) for symbols in sequences]
        lengths = np.array([len(symbols) for symbols in checked], dtype=np.uint64)
        if capacity is None:
            capacity = enough_cells(self.program, int(lengths.max(initial=0)))
        state = self._room(checked_capacity(capacity))
        given = np.concatenate([np.zeros(0, np.int64), *checked]).astype(np.uint32)
        outputs = np.empty(len(given), dtype=np.uint32)
        done = np.zeros(len(checked), dtype=np.uint64)
        statuses = np.zeros(len(checked), dtype=np.int32)
        work = partial(
            self._run_batch,
            given.ctypes.data,
            lengths.ctypes.data,
            len(checked),
            capacity,
            state.ctypes.data,
            outputs.ctypes.data,
            done.ctypes.data,
            statuses.ctypes.data,
        )
        if len(given) < _LONG or not is_interruptible():
            work(None)
        else:
            run_interruptibly([work], (given, lengths, state, outputs, done, statuses))
        begins = np.concatenate([np.zeros(1, np.uint64), lengths.cumsum()]).tolist()
        return [
            SymbolResult(outputs[begin : begin + count].astype(np.int64), Status(status))
            for begin, count, status in zip(begins, done.tolist(), statuses.tolist(), strict=False)
        ]

    def start(self, capacity: int) -> StackStream:
        """A machine that takes its symbols a step at a time.

        Args:
            capacity: cells of each structure, 1..MAX_SIZE; :meth:`StackStream.grow` gives it more.

        Raises:
            HardmaxError: the capacity is not as above, or there is no room for so many cells.
        """
        state = self._room(checked_capacity(capacity))
        _expect_done(Status(self._start(state.ctypes.data, capacity)), 0)
        return StackStream(self, state, capacity)

    def _room(self, capacity: int) -> State:
        size = int(self._state_size(capacity))
        try:
            return np.empty((size + 7) // 8, dtype=np.uint64)
        except MemoryError:
            raise HardmaxError(
                f"expected room for structures of {capacity} cells, found less than {size} bytes"
            ) from None


class StackStream:
    """A stack machine between two steps; made by :meth:`NativeStack.start`.

    A copy, shallow or deep, goes on from here on its own; so does what was pickled.

    Attributes:
        capacity: cells of each structure.
        steps: how many steps were made.
    """

    def __init__(self, machine: NativeStack, state: State, capacity: int) -> None:
        self._machine = machine
        self._state = state
        self.capacity = capacity
        self.steps = 0

    def __copy__(self) -> Self:
        return copy.deepcopy(self)

    def __repr__(self) -> str:
        task = printable(self._machine.metadata["task"])
        return (
            f"<StackStream {task}: {counted(self.steps, 'step')}, {counted(self.capacity, 'cell')}>"
        )

    def step(self, symbol: int | str) -> int:
        """Make a step.

        Args:
            symbol: by number or by name.

        Returns:
            The output, by number.

        Raises:
            HardmaxError: it is no symbol, or the step cannot be made: the table has no row for it,
                or a structure is full; the machine is then as it was.
        """
        (number,) = checked_symbols([symbol], self._machine.program.alphabet).tolist()
        output = np.zeros(1, dtype=np.uint32)
        status = self._machine._step(self._state.ctypes.data, number, output.ctypes.data)
        _expect_done(Status(status), self.steps + 1)
        self.steps += 1
        return int(output[0])

    def run(self, symbols: ArrayLike | Sequence[int | str]) -> SymbolResult:
        """Make a step for each symbol, up to the first that cannot be made.

        Args:
            symbols: as those of :meth:`NativeStack.run`.

        Returns:
            The outputs of these steps, and why the next one could not be made. After OVERFLOW
            :meth:`grow` helps, and the rest of the symbols can be run.

        Raises:
            HardmaxError: something is no symbol; nothing was done.
        """
        given = checked_symbols(symbols, self._machine.program.alphabet).astype(np.uint32)
        outputs = np.empty(len(given), dtype=np.uint32)
        done = np.zeros(1, dtype=np.uint64)
        status = self._machine._continue(
            self._state.ctypes.data,
            given.ctypes.data,
            len(given),
            outputs.ctypes.data,
            done.ctypes.data,
        )
        made = int(done[0])
        self.steps += made
        return SymbolResult(outputs[:made].astype(np.int64), Status(status))

    def grow(self, capacity: int) -> None:
        """Give every structure room for so many cells; what they hold stays.

        Args:
            capacity: at least as many as before.

        Raises:
            HardmaxError: it is less, or there is no room for so many cells.
        """
        if checked_capacity(capacity) < self.capacity:
            raise HardmaxError(f"expected a capacity of at least {self.capacity}, found {capacity}")
        larger = self._machine._room(capacity)
        status = self._machine._grow(self._state.ctypes.data, larger.ctypes.data, capacity)
        _expect_done(Status(status), self.steps)
        self._state, self.capacity = larger, capacity


def _expect_done(status: Status, step: int) -> None:
    if status is not Status.HALTED:
        raise HardmaxError(f"step {step}: {STACK_STATUS_TEXT[status]}")
