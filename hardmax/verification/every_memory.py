"""Bounded proof: native code against a task's definition, in every memory of up to some cells.

The definition is plain Python and decides which memories are inputs. It gets a memory whose cells
take a value only when they are looked at (Boyapati, Khurshid and Marinov, Korat, 2002): what it
never looks at, its answer does not depend on, so that one call stands for all contents of those
cells. Native code then runs on each of them.
"""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator, MutableSequence
from dataclasses import dataclass
from types import FrameType
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from hardmax.runtime.abi import MAX_STEPS, Status
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.memory.held_against import OVERTIME
from hardmax.runtime.nram.abi import STATUS_TEXT
from hardmax.runtime.nram.native import NativeProgram
from hardmax.trainer.nram.tasks.task import NotAnInputError, Task

MEMORIES_AT_ONCE = 1 << 16
"""Memories that native code is given together."""

SECONDS_BETWEEN_REPORTS = 5.0

SECONDS_FOR_ONE = 10.0
"""What a definition may take for one memory."""

MOST_LOOKS = 10_000
"""Looks at cells after which a definition counts as one that does not end."""

Answer = dict[int, int]
Cells = dict[int, int]
"""What was looked at, by address, in the order in which it was."""


@dataclass(frozen=True)
class Mistake:
    """An input on which the program is wrong, and what is."""

    memory: tuple[int, ...]
    reason: str


@dataclass(frozen=True)
class Bounded:
    """What came of trying every memory.

    Attributes:
        largest: up to how many cells every input was tried.
        inputs: how many inputs there were.
        memories: how many memories there are of up to so many cells.
        endless: on how many of those looked at the definition did not end: they are no inputs.
        mistake: None where the program was right on all of them.
        stopped: whether there was no time for more cells.
    """

    largest: int
    inputs: int
    memories: int
    endless: int
    mistake: Mistake | None
    stopped: bool = False


class _OutOfTimeError(Exception):
    pass


class _EndlessError(IndexError):
    """To a task, the definition's way of saying that this is no input."""


class _LateError(BaseException):
    """A definition has had its time; its author's ``except Exception`` is not to catch this."""


@contextlib.contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    """Interrupt Python code after so long; only the main thread, which hears of signals, can be."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def late(number: int, frame: FrameType | None) -> None:
        raise _LateError

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def every_memory(
    task: Task,
    native: NativeProgram,
    largest: int,
    time_limit: float,
    report: Callable[[str], None],
) -> Bounded:
    """Try every memory of 1 to ``largest`` cells that is an input of the task.

    A program is right on an input if its output cells hold the answer when it has halted within its
    budget; or else when it is stopped there, and also when it may run several times as long.

    Args:
        time_limit: seconds after which the sizes that are done have to do.
        report: told how it stands.

    Raises:
        HardmaxError: the definition fails in another way than by saying that this is no input, or
            works for long without looking at a cell.
    """
    deadline = time.monotonic() + time_limit
    inputs = memories = endless = 0
    for size in range(1, largest + 1):
        told = time.monotonic()
        found = 0
        tried = _Inputs(task, size)
        try:
            for batch, expected in _batches(iter(tried), size):
                mistake = _mistake(native, batch, expected)
                if mistake is not None:
                    return Bounded(size, inputs, memories, endless + tried.endless, mistake)
                found += len(batch)
                now = time.monotonic()
                if now > deadline:
                    raise _OutOfTimeError
                if now > told + SECONDS_BETWEEN_REPORTS:
                    report(f"M = {size}: {found} inputs so far")
                    told = now
        except _OutOfTimeError:
            return Bounded(size - 1, inputs, memories, endless, None, stopped=True)
        inputs += found
        endless += tried.endless
        memories += size**size
        report(f"M = {size}: {found} of {size**size} memories are inputs")
    return Bounded(largest, inputs, memories, endless, None)


class _Inputs:
    """What has to be in a memory for it to be an input, with the answer then."""

    def __init__(self, task: Task, size: int) -> None:
        self.task = task
        self.size = size
        self.endless = 0

    def __iter__(self) -> Iterator[tuple[Cells, Answer]]:
        cells: Cells = {}
        while True:
            answer = self._answer(LazyMemory(self.size, cells))
            if answer is not None:
                yield cells, answer
            # The next in the order of what is looked at: the last cell counts up first.
            following = list(cells.items())
            while following and following[-1][1] == self.size - 1:
                following.pop()
            if not following:
                return
            address, value = following.pop()
            cells = {**dict(following), address: value + 1}

    def _answer(self, memory: LazyMemory) -> Answer | None:
        try:
            with _at_most(SECONDS_FOR_ONE):
                return self._solved(memory)
        except _LateError:
            raise HardmaxError(
                f"task {self.task.name}: solve was still at work after {SECONDS_FOR_ONE:g} s on "
                f"{list(memory)}: expected an answer, or ValueError where the memory is no input"
            ) from None

    def _solved(self, memory: LazyMemory) -> Answer | None:
        try:
            return self.task.answer(memory)
        except NotAnInputError:
            self.endless += memory.looks > MOST_LOOKS
            return None
        except HardmaxError:  # perhaps of a definition that can only work on a list
            pass
        try:
            return self.task.answer(list(memory))
        except NotAnInputError:
            return None


def _batches(
    inputs: Iterator[tuple[Cells, Answer]], size: int
) -> Iterator[tuple[NDArray[np.uint32], NDArray[np.int64]]]:
    """Memories [N, M] with what their cells have to hold at the end, [N, M]; -1 is anything."""
    rows: list[NDArray[np.uint32]] = []
    answers: list[NDArray[np.int64]] = []
    waiting = 0
    for cells, answer in inputs:
        expected = np.full(size, -1, dtype=np.int64)
        expected[list(answer)] = list(answer.values())
        free = [address for address in range(size) if address not in cells]
        contents = size ** len(free)
        for first in range(0, contents, MEMORIES_AT_ONCE):
            number = np.arange(first, min(first + MEMORIES_AT_ONCE, contents))
            batch = np.zeros((len(number), size), dtype=np.uint32)
            batch[:, list(cells)] = list(cells.values())
            for place, address in enumerate(free):
                batch[:, address] = number // size**place % size
            rows.append(batch)
            answers.append(np.broadcast_to(expected, batch.shape))
            waiting += len(batch)
            if waiting >= MEMORIES_AT_ONCE or len(rows) >= MEMORIES_AT_ONCE:
                yield np.concatenate(rows), np.concatenate(answers)
                rows, answers, waiting = [], [], 0
    if rows:
        yield np.concatenate(rows), np.concatenate(answers)


def _mistake(
    native: NativeProgram, memories: NDArray[np.uint32], expected: NDArray[np.int64]
) -> Mistake | None:
    """The first memory on which native code is wrong."""
    budget = min(native.program.metadata.budget.steps(memories.shape[1]), MAX_STEPS)
    left = memories.copy()
    statuses, _ = native.execute_batch(left, budget)
    for steps in (budget, min(OVERTIME * budget, MAX_STEPS)):
        wrong = (expected >= 0) & (left != expected)
        failed = (statuses < 0) | wrong.any(axis=1)
        if failed.any():
            first = int(failed.argmax())
            return Mistake(
                tuple(memories[first].tolist()),
                _reason(int(statuses[first]), left[first], expected[first], steps),
            )
        goes_on = statuses == Status.STEP_LIMIT
        if not goes_on.any():
            return None
        memories, expected = memories[goes_on], expected[goes_on]
        left = memories.copy()
        statuses, _ = native.execute_batch(left, min(OVERTIME * budget, MAX_STEPS))
    return None


def _reason(status: int, left: NDArray[np.uint32], expected: NDArray[np.int64], steps: int) -> str:
    if status < 0:
        return STATUS_TEXT[Status(status)]
    cell = int(((expected >= 0) & (left != expected)).argmax())
    return f"cell {cell} is {left[cell]}, expected {expected[cell]}, with {steps} timesteps allowed"


class LazyMemory(MutableSequence[int]):
    """M cells, each of which gets a value when it is looked at: 0, or what it is to have.

    It can do what a list of fixed length can, and stands in for one where a task is defined.
    """

    def __init__(self, size: int, cells: Cells) -> None:
        """
        Args:
            cells: what cells hold that have a value already; those looked at are added.
        """
        self._size = size
        self._cells = cells
        self._written: Cells = {}
        self._looks = [0]  # shared with copies

    @property
    def looks(self) -> int:
        """How often a cell of this memory, or of a copy, was looked at."""
        return self._looks[0]

    def __len__(self) -> int:
        return self._size

    @overload
    def __getitem__(self, address: int) -> int: ...
    @overload
    def __getitem__(self, address: slice) -> list[int]: ...
    def __getitem__(self, address: int | slice) -> int | list[int]:
        """A cell, or a list of cells."""
        if isinstance(address, slice):
            return [self[i] for i in range(*address.indices(self._size))]
        address = self._address(address)
        self._looks[0] += 1
        if self.looks > MOST_LOOKS:
            raise _EndlessError(address)
        if address in self._written:
            return self._written[address]
        return self._cells.setdefault(address, 0)

    @overload
    def __setitem__(self, address: int, value: int) -> None: ...
    @overload
    def __setitem__(self, address: slice, value: Any) -> None: ...
    def __setitem__(self, address: int | slice, value: Any) -> None:
        """Overwrite a cell, or as many as there are values."""
        if isinstance(address, slice):
            addresses, values = range(*address.indices(self._size)), list(value)
            if len(addresses) != len(values):
                raise TypeError("a memory keeps its size")
            self._written.update(zip(addresses, values, strict=True))
        else:
            self._written[self._address(address)] = value

    def __delitem__(self, address: int | slice) -> None:
        raise TypeError("a memory keeps its size")

    def insert(self, index: int, value: int) -> None:
        """Refuse, as a memory keeps its size."""
        raise TypeError("a memory keeps its size")

    def copy(self) -> LazyMemory:
        """Cells that can be overwritten without changing these."""
        twin = LazyMemory(self._size, self._cells)
        twin._written = dict(self._written)
        twin._looks = self._looks
        return twin

    def __add__(self, other: list[int]) -> list[int]:
        return list(self) + other

    def __eq__(self, other: object) -> bool:
        return list(self) == other

    __hash__ = None  # type: ignore[assignment]

    def _address(self, address: int) -> int:
        if not -self._size <= address < self._size:
            raise IndexError(address)
        return address % self._size
