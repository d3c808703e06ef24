"""From a trained Neural Turing Machine to the NtmProgram with the same weights."""

from __future__ import annotations

import torch

from runtime.float32 import Layer
from runtime.ntm import SHIFTS, NtmMetadata, NtmProgram
from trainer.controller import Layer as TrainedLayer
from trainer.ntm.memory import Tape
from trainer.ntm.model import NtmModel


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
