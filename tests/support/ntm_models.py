"""Soft Neural Turing Machines with fresh weights, trained for nothing."""

from __future__ import annotations

import torch

from hardmax.trainer.nram.controller import ControllerConfig
from hardmax.trainer.ntm.tape import TapeConfig
from hardmax.trainer.sequence.machine import Ntm, NtmConfig
from hardmax.trainer.sequence.model import NtmModel
from hardmax.trainer.sequence.tasks.registry import find_ntm_task


def random_model(
    seed: int,
    task: str = "ntm-copy",
    kind: str = "mlp",
    hidden: int = 12,
    tape: TapeConfig = TapeConfig(5, learned_start=True),  # noqa: B008 (it is frozen)
) -> NtmModel:
    """A model of the small preset, as training starts with it."""
    found = find_ntm_task(task, "small")
    config = NtmConfig(found.inputs, found.outputs, ControllerConfig(kind, hidden), tape)
    ntm = Ntm(config, members=1)
    ntm.initialise(0, torch.Generator().manual_seed(seed))
    return NtmModel(found, "small", ntm, {"seed": seed})
