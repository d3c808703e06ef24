"""Compiled Neural Turing Machines without a file, between pages that nobody may touch."""

from __future__ import annotations

import ctypes
from itertools import cycle

import numpy as np
from numpy.typing import NDArray

from hardmax.codegen.lower import lower
from hardmax.runtime.abi import Status
from hardmax.runtime.ntm.program import NtmProgram
from hardmax.runtime.sequence.abi import (
    NTM_RUN,
    NTM_START,
    NTM_STATE_SIZE,
    NTM_STEP,
)
from hardmax.runtime.sequence.result import SequenceResult
from tests.support.guarded import GuardedPages
from tests.support.native import Jit

_PAGES = 64
_UNTOUCHED = 0xDEADBEEF


class JitNtm:
    """A program as native code; the arrays it works on lie at guards, at either end by turns."""

    def __init__(self, program: NtmProgram, level: int) -> None:
        self.program = program
        self._jit = Jit(lower(program, "", level), level)
        pointer = ctypes.c_void_p
        functions = (
            (NTM_STATE_SIZE, ctypes.c_uint64, (ctypes.c_uint32,)),
            (NTM_START, ctypes.c_int32, (pointer, ctypes.c_uint32)),
            (NTM_STEP, ctypes.c_int32, 4 * (pointer,)),
            (
                NTM_RUN,
                ctypes.c_int32,
                (pointer, ctypes.c_uint64, ctypes.c_uint32, *3 * (pointer,)),
            ),
        )
        self.state_size, self.start, self.step, self.run_raw = (
            self._jit.function(name, result, *arguments) for name, result, arguments in functions
        )
        self._pages = [GuardedPages(_PAGES) for _ in range(4)]
        self._at_end = cycle((False, True))

    def run(self, inputs: NDArray[np.float32], rows: int) -> SequenceResult:
        """As ``hardmax.runtime.ntm.interpreter.run``; checks that a refused run touches nothing."""
        steps = len(inputs)
        x, state, outputs, addresses = self.arrays(steps, rows)
        x[:] = inputs
        status = Status(
            self.run_raw(
                x.ctypes.data,
                steps,
                rows,
                state.ctypes.data,
                outputs.ctypes.data,
                addresses.ctypes.data,
            )
        )
        if status < 0:
            for untouched in (state, outputs.view(np.uint32), addresses):
                assert (untouched == _UNTOUCHED).all()
            outputs, addresses, steps = outputs[:0], addresses[:0], 0
        return SequenceResult(outputs.copy(), addresses.astype(np.int64), steps, status)

    def run_by_steps(self, inputs: NDArray[np.float32], rows: int) -> SequenceResult:
        """The same, a step at a time."""
        x, state, outputs, addresses = self.arrays(1, rows)
        status = Status(self.start(state.ctypes.data, rows))
        done: list[tuple[NDArray[np.float32], NDArray[np.uint32]]] = []
        for row in inputs if status >= 0 else ():
            x[0] = row
            before = state.copy()
            status = Status(
                self.step(
                    state.ctypes.data, x.ctypes.data, outputs.ctypes.data, addresses.ctypes.data
                )
            )
            if status < 0:
                assert (state == before).all()
                break
            done.append((outputs[0].copy(), addresses[0].copy()))
        shapes = (len(done), self.program.output_width), (len(done), len(self.program.heads))
        return SequenceResult(
            np.array([one for one, _ in done], dtype=np.float32).reshape(shapes[0]),
            np.array([one for _, one in done], dtype=np.int64).reshape(shapes[1]),
            len(done),
            status,
        )

    def arrays(
        self, steps: int, rows: int
    ) -> tuple[NDArray[np.float32], NDArray[np.uint32], NDArray[np.float32], NDArray[np.uint32]]:
        """Inputs, state, outputs and addresses of so many steps and rows, all marked."""
        size = self.state_size(rows)
        assert size % 4 == 0
        shapes = (
            (steps, self.program.input_width),
            (size // 4,),
            (steps, self.program.output_width),
            (steps, len(self.program.heads)),
        )
        arrays = []
        for pages, shape, kind in zip(
            self._pages, shapes, (np.float32, np.uint32, np.float32, np.uint32), strict=True
        ):
            place = pages.at_end if next(self._at_end) else pages.at_start
            words = place(int(np.prod(shape)))
            words[:] = _UNTOUCHED
            arrays.append(words.view(kind).reshape(shape))
        inputs, state, outputs, addresses = arrays
        return inputs, state, outputs, addresses
