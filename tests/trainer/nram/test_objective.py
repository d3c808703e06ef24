"""Losses, errors and entropies of runs whose outcome is plain to see."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from hardmax.runtime.nram.gates import Gate
from hardmax.trainer.gradient_clipping import LOG_FLOOR
from hardmax.trainer.layers import ControllerConfig
from hardmax.trainer.nram.controller import Controller
from hardmax.trainer.nram.machine import Decide, hard, soft
from hardmax.trainer.nram.objective import UNCHANGED_WEIGHT, run_batch
from hardmax.trainer.nram.tasks import Batch
from hardmax.trainer.nram.wiring import Wiring
from tests.support.controllers import random_controller

SURPRISE = -math.log(LOG_FLOOR)
"""What a cell costs that surely holds a wrong value."""


def idle_controller(halting: float) -> Controller:
    """One register that stays 0; every timestep writes cell 0's own value back to it."""
    wiring = Wiring(1, 1)
    controller = Controller(wiring, ControllerConfig("mlp", 1), members=1)
    bias = controller.decisions.bias.detach().view(wiring.decisions, wiring.values)
    bias[:, 0] = 50.0
    value = wiring.operands[wiring.modules.index(Gate.WRITE)][1]
    bias[value] = 0
    bias[value, 1 + wiring.modules.index(Gate.READ)] = 50.0
    controller.halting.bias.detach().fill_(halting)
    return controller


def batch_of(inputs: list[int], expected: list[int], output: list[int]) -> Batch:
    cells = torch.zeros(len(inputs), dtype=torch.bool)
    cells[output] = True
    return Batch(torch.tensor([inputs]), torch.tensor([expected]), cells[None], torch.tensor([4]))


BUDGET = torch.tensor([[4]])


@pytest.mark.parametrize("decide", [soft, hard])
@pytest.mark.parametrize("halting", [-50.0, 50.0])
def test_a_run_that_changes_nothing(halting: float, decide: Decide) -> None:
    """One output cell is to stay, one to change; what the others should hold does not matter."""
    batch = batch_of([3, 1, 2, 0], expected=[0, 1, 3, 2], output=[1, 2])
    with torch.no_grad():
        outcome = run_batch(idle_controller(halting), batch, BUDGET, decide)
    assert outcome.loss.item() == pytest.approx(SURPRISE / (1 + UNCHANGED_WEIGHT))
    assert outcome.error.item() == 0.5
    assert outcome.overrun.item() == pytest.approx(1.0 if halting < 0 else 0.0)
    assert outcome.entropy.item() == pytest.approx(0, abs=1e-6)


@torch.no_grad()
def test_a_run_that_is_right_costs_nothing() -> None:
    batch = batch_of([3, 1, 2, 0], expected=[3, 1, 0, 0], output=[0, 1, 3])
    outcome = run_batch(idle_controller(50.0), batch, BUDGET)
    assert outcome.loss.item() == pytest.approx(0, abs=1e-6)
    assert outcome.error.item() == 0


@torch.no_grad()
def test_entropy_is_the_mean_over_decisions() -> None:
    """All logits 0: decision d is uniform over the values that it may choose."""
    wiring = Wiring(2, 2)
    controller = Controller(wiring, ControllerConfig("mlp", 1), members=1)
    outcome = run_batch(controller, batch_of([1, 0], [0, 0], [0]), BUDGET)
    expected = wiring.allowed.sum(1).float().log().mean().item()
    assert outcome.entropy.item() == pytest.approx(expected, rel=1e-5)
    assert outcome.overrun.item() == pytest.approx(0.5**4)


def random_batch(count: int, size: int) -> Batch:
    generator = torch.Generator().manual_seed(0)
    inputs, expected = torch.randint(size, (2, count, size), generator=generator)
    return Batch(
        inputs,
        expected,
        torch.ones(count, size, dtype=torch.bool),
        torch.full((count,), 4),
    )


def test_gradients_of_members_do_not_mix() -> None:
    controller = random_controller(members=2, dtype=torch.float32)
    outcome = run_batch(controller, random_batch(6, 4), torch.full((2, 3), 4))
    total = outcome.loss + outcome.entropy + outcome.overrun
    total[0].sum().backward()  # type: ignore[no-untyped-call]
    gradients: list[Tensor] = [p.grad for p in controller.parameters() if p.grad is not None]
    assert all(bool(gradient[0].any()) for gradient in gradients)
    assert not any(bool(gradient[1].any()) for gradient in gradients)
