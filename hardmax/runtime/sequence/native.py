"""Compiled Neural Turing Machines: whole sequences, or one step at a time."""

from __future__ import annotations

import copy
from functools import partial
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hardmax.runtime.abi import Status
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.float32 import Floats
from hardmax.runtime.interruption import is_interruptible, run_interruptibly
from hardmax.runtime.sequence.abi import (
    NTM_C_TYPES,
    NTM_OPTIONAL,
    NTM_RUN,
    NTM_RUN_INTERRUPTIBLE,
    NTM_START,
    NTM_STATE_SIZE,
    NTM_STATUS_TEXT,
    NTM_STEP,
)
from hardmax.runtime.sequence.interface import SequenceProgram, checked_inputs, checked_rows
from hardmax.runtime.sequence.result import SequenceResult
from hardmax.runtime.shared_library import Library, LoadedProgram
from hardmax.runtime.text import counted, printable

_LONG = 1 << 16
"""Steps times words of the state from which on a run is made interruptible; about a millisecond."""


class NativeNtm(LoadedProgram):
    """A compiled Neural Turing Machine; made by :func:`hardmax.runtime.loader.load`.

    Runs release the GIL and share nothing. In the main thread Ctrl-C ends a run after the step that
    is being made, unless the library is of version 0.1.

    Attributes:
        heads: how many addresses a step has.
    """

    program: SequenceProgram

    def __init__(self, library: Library) -> None:
        super().__init__(library)
        self.heads = len(self.program.heads)
        self._state_size, self._start, self._step, self._run = (
            library.function(name, *NTM_C_TYPES[name])
            for name in (NTM_STATE_SIZE, NTM_START, NTM_STEP, NTM_RUN)
        )
        self._run_interruptible: Any = None
        if library.defines(NTM_OPTIONAL):
            self._run_interruptible = library.function(
                NTM_RUN_INTERRUPTIBLE, *NTM_C_TYPES[NTM_RUN_INTERRUPTIBLE]
            )

    def run(self, inputs: ArrayLike, memory_size: int | None = None) -> SequenceResult:
        """Run a sequence from the start on.

        Args:
            inputs: numbers of shape (T, input_width), none larger than 2^24.
            memory_size: N, 1..MAX_SIZE; by default what the machine's rule says that T steps need.

        Returns:
            The outputs; none, and the status TOO_FEW_ROWS, where N is less than the rule says.

        Raises:
            HardmaxError: the inputs or N are not as above; names the first wrong number.
        """
        checked = checked_inputs(inputs, self.program.input_width)
        if checked.ndim != 2:
            raise HardmaxError(
                f"expected inputs of shape (steps, {self.program.input_width}), "
                f"found {checked.shape}"
            )
        if memory_size is None:
            memory_size = self.program.metadata.memory.rows(len(checked))
        return self.execute(checked, checked_rows(memory_size))

    def execute(self, inputs: Floats, rows: int) -> SequenceResult:
        """Run a sequence whatever its numbers are, as :func:`hardmax.runtime.ntm.interpreter.run`.

        Args:
            inputs: float32 of shape (T, input_width).
            rows: N, 0..MAX_SIZE.

        Raises:
            HardmaxError: the inputs are not as above, or there is no room for the memory.
        """
        if (
            inputs.dtype != np.float32
            or inputs.ndim != 2
            or inputs.shape[1] != self.program.input_width
        ):
            raise HardmaxError(
                f"expected float32 inputs of shape (steps, {self.program.input_width}), "
                f"found {inputs.dtype} with shape {inputs.shape}"
            )
        inputs = np.ascontiguousarray(inputs)
        steps = len(inputs)
        state = self._state(rows)
        outputs = np.empty((steps, self.program.output_width), dtype=np.float32)
        addresses = np.empty((steps, self.heads), dtype=np.uint32)
        arguments = (
            inputs.ctypes.data,
            steps,
            rows,
            state.ctypes.data,
            outputs.ctypes.data,
            addresses.ctypes.data,
        )
        interruptible = self._run_interruptible
        # A step takes about as long as it has words to look at: those of its state.
        if interruptible is None or steps * state.size < _LONG or not is_interruptible():
            status = Status(self._run(*arguments))
        else:
            work = partial(interruptible, *arguments)
            (code,) = run_interruptibly([work], (inputs, state, outputs, addresses))
            status = Status(code)
        done = steps if status is Status.HALTED else 0
        return SequenceResult(outputs[:done], addresses[:done].astype(np.int64), done, status)

    def start(self, memory_size: int) -> NtmStream:
        """A machine that takes its inputs a step at a time.

        Args:
            memory_size: N, 1..MAX_SIZE.

        Raises:
            HardmaxError: N is not as above, less than any sequence needs, or too large for this
                computer.
        """
        rows = checked_rows(memory_size)
        state = self._state(rows)
        _expect_done(Status(self._start(state.ctypes.data, rows)), rows, 0)
        return NtmStream(self, state, rows)

    def _state(self, rows: int) -> NDArray[np.uint32]:
        size = int(self._state_size(rows))
        try:
            return np.empty(size // 4, dtype=np.uint32)
        except MemoryError:
            raise HardmaxError(
                f"expected room for a memory of {rows} rows, found less than {size} bytes"
            ) from None


class NtmStream:
    """A Neural Turing Machine between two steps; made by :meth:`NativeNtm.start`.

    A copy, shallow or deep, goes on from here on its own; so does what was pickled.

    Attributes:
        rows: N.
        steps: how many steps were made.
        addresses: int64 of shape (heads,): where every head, writers first, stood in the last step.
    """

    def __init__(self, machine: NativeNtm, state: NDArray[np.uint32], rows: int) -> None:
        self._machine = machine
        self._state = state
        self.rows = rows
        self.steps = 0
        self.addresses = np.zeros(machine.heads, dtype=np.int64)

    def __copy__(self) -> Self:
        return copy.deepcopy(self)

    def __repr__(self) -> str:
        task = printable(self._machine.metadata["task"])
        return f"<NtmStream {task}: {counted(self.steps, 'step')}, {counted(self.rows, 'row')}>"

    def step(self, inputs: ArrayLike) -> Floats:
        """Make a step.

        Args:
            inputs: numbers of shape (input_width,), none larger than 2^24.

        Returns:
            Probabilities, float32 of shape (output_width,), a new array.

        Raises:
            HardmaxError: the inputs are not as above, or the memory has fewer rows than so many
                steps need; the machine is then as it was.
        """
        machine = self._machine
        checked = checked_inputs(inputs, machine.program.input_width)
        if checked.ndim != 1:
            raise HardmaxError(f"expected the inputs of one step, found {checked.shape}")
        outputs = np.empty(machine.program.output_width, dtype=np.float32)
        addresses = np.empty(machine.heads, dtype=np.uint32)
        status = machine._step(
            self._state.ctypes.data,
            checked.ctypes.data,
            outputs.ctypes.data,
            addresses.ctypes.data,
        )
        _expect_done(Status(status), self.rows, self.steps + 1)
        self.steps += 1
        self.addresses = addresses.astype(np.int64)
        return outputs


def _expect_done(status: Status, rows: int, steps: int) -> None:
    if status is not Status.HALTED:
        raise HardmaxError(f"step {steps} with {rows} rows: {NTM_STATUS_TEXT[status]}")
