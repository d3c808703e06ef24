"""Compiled stack machines without a file, between pages that nobody may touch."""

from __future__ import annotations

from itertools import cycle
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hardmax.codegen.lower import lower
from hardmax.runtime.abi import Status
from hardmax.runtime.stack.program import StackProgram
from hardmax.runtime.symbols.abi import (
    STACK_C_TYPES,
    STACK_CONTINUE,
    STACK_GROW,
    STACK_RUN,
    STACK_RUN_BATCH,
    STACK_START,
    STACK_STATE_SIZE,
    STACK_STEP,
)
from hardmax.runtime.symbols.result import SymbolResult
from tests.support.guarded import GuardedPages
from tests.support.native import Jit

_PAGES = 64
_UNTOUCHED = 0xDEADBEEF

Words = NDArray[np.uint32]


class JitStack:
    """A program as native code; the arrays it works on lie at guards, at either end by turns."""

    def __init__(self, program: StackProgram, level: int) -> None:
        self.program = program
        self._jit = Jit(lower(program, "", level), level)
        self._pages = [GuardedPages(_PAGES) for _ in range(5)]
        self._at_end = cycle((False, True))

    def call(self, name: str, *arguments: Any) -> int:
        """One of the C functions; arrays are given as their addresses."""
        function = self._jit.function(name, *STACK_C_TYPES[name])
        return int(
            function(*(a.ctypes.data if isinstance(a, np.ndarray) else a for a in arguments))
        )

    def array(self, number: int, words: int) -> Words:
        """One of five arrays, marked."""
        pages = self._pages[number]
        array = (pages.at_end if next(self._at_end) else pages.at_start)(words)
        array[:] = _UNTOUCHED
        return array

    def state(self, capacity: int, number: int = 0) -> Words:
        """Room for a state."""
        size = self.call(STACK_STATE_SIZE, capacity)
        assert size % 8 == 0
        return self.array(number, size // 4)

    def run(self, symbols: list[int], capacity: int) -> SymbolResult:
        """As ``hardmax.runtime.stack.interpreter.run``; sees that nothing is stored too far."""
        state, given = self.state(capacity), self.array(1, len(symbols))
        outputs, done = self.array(2, len(symbols)), self.array(3, 2)
        given[:] = symbols
        code = self.call(STACK_RUN, given, len(given), capacity, state, outputs, done)
        status = Status(code)
        if status is Status.INVALID_ARGUMENT:
            assert all((array == _UNTOUCHED).all() for array in (state, outputs, done))
            return SymbolResult(np.zeros(0, np.int64), status)
        made = int(done.view(np.uint64)[0])
        assert (outputs[made:] == _UNTOUCHED).all()
        return SymbolResult(outputs[:made].astype(np.int64), status)

    def run_by_steps(self, symbols: list[int], capacity: int) -> SymbolResult:
        """The same, a step at a time."""
        state, output = self.state(capacity), self.array(1, 1)
        status = Status(self.call(STACK_START, state, capacity))
        done: list[int] = []
        for symbol in symbols if status is Status.HALTED else ():
            before, output[0] = state.copy(), _UNTOUCHED
            status = Status(self.call(STACK_STEP, state, symbol, output))
            if status < 0:
                assert (state == before).all()
                assert output[0] == _UNTOUCHED
                break
            done.append(int(output[0]))
        return SymbolResult(np.array(done, np.int64), status)

    def run_growing(self, symbols: list[int]) -> SymbolResult:
        """From a capacity of 1 on, with one cell more whenever a structure is full."""
        capacity, begin = 1, 0
        given, outputs, done = (self.array(i, n) for i, n in ((2, len(symbols)), (3, 1000), (4, 2)))
        given[:] = symbols
        state = self.state(capacity)
        assert self.call(STACK_START, state, capacity) == Status.HALTED
        while True:
            status = Status(
                self.call(
                    STACK_CONTINUE,
                    state,
                    given.ctypes.data + 4 * begin,
                    len(given) - begin,
                    outputs.ctypes.data + 4 * begin,
                    done,
                )
            )
            begin += int(done.view(np.uint64)[0])
            if status is not Status.OVERFLOW:
                return SymbolResult(outputs[:begin].astype(np.int64), status)
            capacity += 1
            larger = self.state(capacity, capacity % 2)
            assert self.call(STACK_GROW, state, larger, capacity) == Status.HALTED
            state = larger

    def run_batch(self, sequences: list[list[int]], capacity: int) -> tuple[Status, list[Any]]:
        """The batch function: its status, and (outputs, status) of every sequence."""
        total, count = sum(map(len, sequences)), len(sequences)
        state = self.state(capacity)
        given, outputs, numbers = (
            self.array(i, n) for i, n in ((1, total), (2, total), (3, 4 * count))
        )
        statuses = self.array(4, count)
        given[:] = [symbol for symbols in sequences for symbol in symbols]
        lengths, done = numbers.view(np.uint64)[:count], numbers.view(np.uint64)[count:]
        lengths[:] = [len(symbols) for symbols in sequences]
        status = self.call(
            STACK_RUN_BATCH, given, lengths, count, capacity, state, outputs, done, statuses, None
        )
        begins = np.cumsum([0, *map(len, sequences)])
        return Status(status), [
            (outputs[begin : begin + int(made)].tolist(), Status(int(code)))
            for begin, made, code in zip(begins, done, statuses.view(np.int32), strict=False)
        ]
