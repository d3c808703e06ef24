"""The integer machine against the hard soft machine, which it must equal on every input."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from hardmax.trainer.layers import ControllerConfig
from hardmax.trainer.nram.controller import Controller
from hardmax.trainer.nram.discrete import run_discrete
from hardmax.trainer.nram.machine import hard, timesteps
from hardmax.trainer.nram.wiring import Wiring


@pytest.mark.parametrize("kind", ["mlp", "lstm"])
@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_equals_the_hard_machine(kind: str, size: int) -> None:
    generator = torch.Generator().manual_seed(size)
    for _ in range(10):
        controller = Controller(Wiring(3, 2), ControllerConfig(kind, hidden=8), members=1)
        controller.initialise(0, generator)
        memory = torch.randint(size, (16, size), generator=generator)
        budget = torch.randint(1, 9, (16,), generator=generator)
        tape = torch.zeros(16, size, size)
        steps = torch.zeros(16)
        with torch.no_grad():
            for step in timesteps(controller, memory[None], budget[None], hard):
                tape += step.finish[0, :, None, None] * step.memory[0]
                steps += step.alive[0]
        run = run_discrete(controller, memory, torch.full((16,), size), budget)
        assert torch.equal(functional.one_hot(run.memory, size).float(), tape)
        assert torch.equal(run.steps, steps.long())


def test_padding_beyond_a_tape_changes_nothing() -> None:
    generator = torch.Generator().manual_seed(0)
    controller = Controller(Wiring(3, 1), ControllerConfig("mlp", hidden=8), members=1)
    controller.initialise(0, generator)
    memory = torch.randint(5, (8, 5), generator=generator)
    size, budget = torch.full((8,), 5), torch.full((8,), 6)
    plain = run_discrete(controller, memory, size, budget)
    padded = run_discrete(controller, functional.pad(memory, (0, 4), value=9), size, budget)
    assert torch.equal(padded.memory[:, :5], plain.memory)
    assert bool((padded.memory[:, 5:] == 9).all())
