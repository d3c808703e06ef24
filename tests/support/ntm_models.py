"""Soft Neural Turing Machines with fresh weights, trained for nothing."""

from __future__ import annotations

import torch

from hardmax.trainer.layers import ControllerConfig
from hardmax.trainer.ntm.tape import TapeConfig
from hardmax.trainer.sequence.machine import SequenceConfig, SequenceMachine
from hardmax.trainer.sequence.model import SequenceModel
from hardmax.trainer.sequence.tasks.registry import find_sequence_task


def random_model(
    seed: int,
    task: str = "ntm-copy",
    kind: str = "mlp",
    hidden: int = 12,
    tape: TapeConfig = TapeConfig(5, learned_start=True),  # noqa: B008 (it is frozen)
) -> SequenceModel:
    """A model of the small preset, as training starts with it."""
    found = find_sequence_task(task, "small")
    config = SequenceConfig(found.inputs, found.outputs, ControllerConfig(kind, hidden), tape)
    ntm = SequenceMachine(config, members=1)
    ntm.initialise(0, torch.Generator().manual_seed(seed))
    return SequenceModel(found, "small", ntm, {"seed": seed})
