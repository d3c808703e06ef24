"""The same machine in all its forms, run in one way: what verification compares.

The oracle of this project is here: a compiled program does what the soft model does when each
softmax is replaced by a hardmax.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

import numpy as np
import torch
from torch import Tensor

from hardmax.codegen.driver import write_program
from hardmax.extractor.nram.extract import Extraction
from hardmax.extractor.nram.lstm import recurrent_program
from hardmax.runtime.abi import Status
from hardmax.runtime.kinds import AnyNative
from hardmax.runtime.loader import load
from hardmax.runtime.nram import interpreter
from hardmax.runtime.nram.interpreter import Result
from hardmax.runtime.nram.lstm import RecurrentProgram
from hardmax.runtime.nram.native import NativeProgram
from hardmax.runtime.nram.programs import RamProgram
from hardmax.runtime.ntm.program import NtmProgram
from hardmax.runtime.sequence.native import NativeNtm
from hardmax.trainer.nram.machine import Decide, hard, timesteps
from hardmax.trainer.nram.model import Model


@dataclass(frozen=True, eq=False)
class Machines:
    """A model, a program extracted from it, and native code that claims to be the same.

    The memories that they run on are never changed.
    """

    model: Model
    program: RamProgram
    native_program: NativeProgram

    def native(self, memory: Sequence[int], max_steps: int) -> Result:
        """Run the native code, whatever the cells hold."""
        cells = np.array(memory, dtype=np.uint32)
        status, steps = self.native_program.execute(cells, max_steps)
        return Result(tuple(cells.tolist()), steps, status)

    def interpreted(self, memory: Sequence[int], max_steps: int) -> Result:
        """Run the program in the reference interpreter, whatever the cells hold."""
        return interpreter.run(self.program, memory, max_steps)

    @torch.no_grad()
    def discretized(self, memory: Sequence[int], max_steps: int) -> Result:
        """Run the model with every softmax replaced by a hardmax.

        Args:
            memory: M cells, each 0..M-1.
            max_steps: at least 1.
        """
        tape = torch.tensor([[memory]])
        run = timesteps(self.model.controller, tape, torch.tensor([[max_steps]]), hard)
        for number, step in enumerate(run, start=1):
            if step.finish.item() == 1:
                cells = step.memory[0, 0].argmax(-1)
                status = Status.HALTED if step.halting.item() == 1 else Status.STEP_LIMIT
                return Result(tuple(cells.tolist()), number, status)
        raise AssertionError("a discretized run finishes in one timestep or another")


def reference_program(model: Model, extraction: Extraction, native: NativeProgram) -> RamProgram:
    """The program, made from the model itself, that compiled code must agree with.

    An LSTM can be compiled as a Mealy machine or as itself. The two agree on memories of addresses
    only, because the LSTM also reads cells whose value nobody uses.
    """
    if model.controller.recurrent and isinstance(native.program, RecurrentProgram):
        return recurrent_program(model.controller, extraction.program.metadata)
    return extraction.program


@overload
def compiled(program: RamProgram) -> NativeProgram: ...
@overload
def compiled(program: NtmProgram) -> NativeNtm: ...
def compiled(program: Any) -> AnyNative:
    """A program as native code in this process; no file is left.

    Raises:
        HardmaxError: it could not be linked.
    """
    with tempfile.TemporaryDirectory(prefix="hardmax-") as folder:
        path = Path(folder, "program.so")
        write_program(program, path)
        return load(path)


@torch.no_grad()
def read_out(model: Model, memory: Tensor, max_steps: int, decide: Decide) -> Tensor:
    """Run a model and take the most probable value of every cell in the expected final memory.

    That is the argmax over v of the sum over t of p_t M(t)[cell, v] (section 3.3 of the paper).

    Args:
        memory: int64 [N, M], values 0..M-1, M >= 2.
        max_steps: T, the timestep at which the output is forced.

    Returns:
        int64 [N, M].
    """
    tape = memory.unsqueeze(0)
    budget = torch.full(tape.shape[:2], max_steps)
    expected = torch.zeros(())
    for step in timesteps(model.controller, tape, budget, decide):
        expected = expected + step.finish[..., None, None] * step.memory
        left = step.alive - step.finish
        if bool((left < 0.5).all()):
            best, second = expected.topk(2).values.unbind(-1)
            if bool((best - second > left.unsqueeze(-1)).all()):
                break  # what the rest of the run adds can change no maximum
    return expected.argmax(-1).squeeze(0)
