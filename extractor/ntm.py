"""From a trained Neural Turing Machine to the NtmProgram with the same weights."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from extractor.margin import Margin
from runtime.float32 import Layer
from runtime.ntm import SHIFTS, NtmMetadata, NtmProgram
from runtime.ntm_interpreter import NtmRun
from trainer.controller import Layer as TrainedLayer
from trainer.ntm.memory import Tape
from trainer.ntm.model import NtmModel

STAGES = ("gate", "content", "shift")
"""What every head decides in a step, in the order of ``NtmStep.leads``."""

MARGIN_SAMPLES = 20
"""Random inputs of every complexity trained on, in which margins are looked for."""


@dataclass(frozen=True)
class NtmExtraction:
    """What came out of a model.

    Attributes:
        program: the discretized machine.
        margins: of each of STAGES, the smallest lead in random inputs of the task; a content margin
            is infinite where nothing was ever searched for, and 0 where two rows were alike.
    """

    program: NtmProgram
    margins: tuple[Margin, ...]


def extract_ntm(model: NtmModel) -> NtmExtraction:
    """Discretize a model, and see by how much it decides.

    Raises:
        HardmaxError: its weights are too large.
    """
    program = ntm_program(model)
    return NtmExtraction(program, _margins(model, program))


def _margins(model: NtmModel, program: NtmProgram) -> tuple[Margin, ...]:
    task = model.task
    generator = torch.Generator().manual_seed(0)
    smallest = [Margin(float("inf"), "never met") for _ in STAGES]
    for complexity in range(task.smallest_complexity, task.largest_training_complexity + 1):
        batch = task.sample(torch.full((MARGIN_SAMPLES,), complexity), generator)
        length = batch.inputs.shape[1]
        run = NtmRun(program, task.memory.rows(length), MARGIN_SAMPLES)
        for number, inputs in enumerate(batch.inputs.numpy().swapaxes(0, 1), start=1):
            leads = run.step(inputs).leads[(batch.steps >= number).numpy()]
            for stage, name in enumerate(STAGES):
                by_head = leads[:, :, stage].min(0)
                head = int(by_head.argmin())
                if by_head[head] < smallest[stage].lead:
                    where = f"{name} of {program.head_names[head]}, step {number} of {length}"
                    smallest[stage] = Margin(float(by_head[head]), where)
    return tuple(smallest)


def ntm_program(model: NtmModel) -> NtmProgram:
    """The machine with every decision discretized: what only weighs a softmax is left out.

    Raises:
        HardmaxError: its weights are too large.
    """
    ntm, tape = model.ntm, model.ntm.memory
    interface = _layer(ntm.interface)
    heads = tuple(_columns(interface, _parameters(tape, head)) for head in range(tape.heads))
    complexity = model.provenance.get("complexity", 0)
    return NtmProgram(
        recurrent=ntm.recurrent,
        controller=_layer(ntm.controller),
        write_heads=heads[: tape.config.write_heads],
        read_heads=heads[tape.config.write_heads :],
        output=_layer(ntm.output),
        initial_row=tape.initial_row.detach()[0].cpu().numpy(),
        initial_reads=tape.initial_reads.detach()[0].cpu().numpy(),
        metadata=NtmMetadata(
            task=model.task.name,
            memory=model.task.memory,
            trained_complexity=complexity if isinstance(complexity, int) else 0,
            model_hash=model.digest(),
            versions={"torch": torch.__version__},
        ),
    )


def _layer(layer: TrainedLayer) -> Layer:
    weight, bias = layer.weight.detach()[0], layer.bias.detach()[0, 0]
    return Layer(weight.cpu().numpy(), bias.cpu().numpy())


def _parameters(tape: Tape, head: int) -> list[int]:
    """Where a head's key, gate and shift, and of a writer erase and add, are in the interface."""
    width, writes = tape.config.width, head < tape.config.write_heads
    sizes = {"key": width, "gate": 1, "shift": len(SHIFTS)}
    if writes:
        sizes |= {"erase": width, "add": width}
    first, start = {}, 0
    for name, size in tape.sections.items():
        first[name] = start
        start += size
    return [first[name] + head * size + i for name, size in sizes.items() for i in range(size)]


def _columns(layer: Layer, columns: list[int]) -> Layer:
    return Layer(layer.weight[:, columns], layer.bias[columns])
