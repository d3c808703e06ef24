"""The same Neural Turing Machine in all its forms, run in one way: what is compared and drawn."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.float32 import Floats
from hardmax.runtime.ntm.interpreter import NtmInterpreter
from hardmax.runtime.ntm.program import NtmProgram
from hardmax.runtime.sequence.native import NativeNtm
from hardmax.trainer.decisions import Decisions
from hardmax.trainer.ntm.tape import Tape, TapeChoices
from hardmax.trainer.sequence.machine import SequenceMachine
from hardmax.trainer.sequence.model import SequenceModel
from hardmax.trainer.sequence.tasks.registry import SEQUENCE_TASKS
from hardmax.trainer.sequence.tasks.task import SequenceBatch, SequenceTask

Addresses = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class NtmMachines:
    """A trained machine, the program extracted from it, and code that claims to be the same."""

    model: SequenceModel
    program: NtmProgram
    native: NativeNtm


@dataclass(frozen=True, eq=False)
class Trace:
    """A run, step by step.

    Attributes:
        inputs: (T, V).
        outputs: (T, V'), probabilities.
        weightings: (T, heads, N), where every head stood, writers first; one-hot where it is hard.
        added: (T, write heads, W), what every writer added.
    """

    inputs: Floats
    outputs: Floats
    weightings: Floats
    added: Floats

    @property
    def addresses(self) -> Addresses:
        """(T, heads): the row at which each head mostly stood."""
        addresses: Addresses = self.weightings.argmax(-1)
        return addresses


def interpreted(program: NtmProgram, inputs: Floats, rows: int) -> Trace:
    """Run a program in the reference interpreter.

    Args:
        inputs: (T, V), usable.
        rows: N, at least what the program's rule says.
    """
    machine = NtmInterpreter(program, rows)
    steps = [machine.step(x[None]) for x in inputs]
    addresses = np.concatenate([step.addresses for step in steps])
    return Trace(
        inputs,
        np.concatenate([step.outputs for step in steps]),
        _one_hot(addresses, rows),
        np.concatenate([step.added for step in steps]),
    )


def compiled_trace(native: NativeNtm, reference: Trace) -> Trace:
    """Run compiled code on the sequence of another trace, and take from it what code stores."""
    rows = reference.weightings.shape[-1]
    result = native.execute(reference.inputs, rows)
    return replace(reference, outputs=result.outputs, weightings=_one_hot(result.addresses, rows))


@torch.no_grad()
def run_model(machine: SequenceMachine, inputs: Floats, rows: int, decisions: Decisions) -> Trace:
    """Run a trained machine, a population of one, softly or discretized."""
    hidden = machine.config.controller.hidden
    steps = list(machine.steps(torch.from_numpy(inputs)[None, None], rows, decisions))
    visible = torch.stack([step.visible for step in steps], 2)
    interface = machine.interface(visible[..., :hidden].flatten(1, 2))
    tape = machine.memory
    assert isinstance(tape, Tape)
    choices = [step.choices for step in steps if isinstance(step.choices, TapeChoices)]
    added = tape.parts(interface)["add"].tanh()
    return Trace(
        inputs,
        machine.logits(visible).sigmoid()[0, 0].numpy(),
        torch.stack([made.weightings[0, 0] for made in choices]).numpy(),
        added.view(len(inputs), tape.config.write_heads, tape.config.width).numpy(),
    )


def model_outputs(
    machines: NtmMachines, batch: SequenceBatch, rows: int, decisions: Decisions
) -> Tensor:
    """[K, T, V']: probabilities of the trained machine."""
    return machines.model.outputs(batch.inputs, rows, decisions)


def native_outputs(machines: NtmMachines, batch: SequenceBatch, rows: int) -> Tensor:
    """[K, T, V']: probabilities of native code."""
    sequences = batch.inputs.numpy()
    results = [machines.native.execute(inputs, rows) for inputs in sequences]
    return torch.from_numpy(np.stack([result.outputs for result in results]))


def _one_hot(addresses: Addresses, rows: int) -> Floats:
    """(..., N): 1 where a head stands."""
    places: Floats = (addresses[..., None] == np.arange(rows)).astype(np.float32)
    return places


def task_of(program: NtmProgram) -> SequenceTask:
    """The task that a program was trained for, at the size that goes with its channels.

    Raises:
        HardmaxError: there is no such task.
    """
    presets = SEQUENCE_TASKS.get(program.metadata.task, {})
    for task in presets.values():
        if (task.inputs, task.outputs) == (program.input_width, program.output_width):
            return task
    raise HardmaxError(
        f"no task {program.metadata.task!r} with {program.input_width} inputs and "
        f"{program.output_width} outputs"
    )
