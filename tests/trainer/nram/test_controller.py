"""Controllers: members side by side that share nothing, and configurations that are refused."""

from __future__ import annotations

import math

import pytest
import torch

from hardmax.runtime.errors import HardmaxError
from hardmax.trainer.layers import CONTROLLERS, ControllerConfig
from hardmax.trainer.nram.controller import Controller
from hardmax.trainer.nram.wiring import MAX_REPETITIONS, Wiring
from tests.support.controllers import random_controller


@pytest.mark.parametrize("kind", CONTROLLERS)
def test_shapes_and_range(kind: str) -> None:
    controller = random_controller(kind=kind, registers=4, repetitions=2, members=3)
    wiring = controller.wiring
    state = controller.start(5)
    assert (state is None) == (kind == "mlp")
    zero = torch.full((3, 5, 4), 0.5, dtype=torch.float64)
    logits, halting, state = controller(zero, state)
    assert logits.shape == (3, 5, wiring.decisions, wiring.values)
    assert halting.shape == (3, 5)
    assert (state is None) == (kind == "mlp")
    assert torch.equal(logits == -math.inf, (~wiring.allowed).expand_as(logits))
    assert logits[..., wiring.allowed].isfinite().all()


@pytest.mark.parametrize("kind", CONTROLLERS)
def test_members_share_nothing(kind: str) -> None:
    """Other weights, inputs or samples beside a member change nothing in its outputs."""
    controller = random_controller(kind=kind, members=2)
    zero = torch.linspace(0, 1, 18, dtype=torch.float64).view(2, 3, 3)
    before = controller(zero, controller.start(3))
    with torch.no_grad():
        for parameter in controller.parameters():
            parameter[1] += 1
    zero[1] = 0.5
    after = controller(zero, controller.start(3))
    for i in range(2):
        assert torch.equal(before[i][0], after[i][0])
        assert not torch.equal(before[i][1], after[i][1])


def test_same_generator_same_weights_whatever_the_population() -> None:
    alone = Controller(Wiring(3, 1), ControllerConfig(), members=1)
    among = Controller(Wiring(3, 1), ControllerConfig(), members=4)
    alone.initialise(0, torch.Generator().manual_seed(5))
    among.initialise(2, torch.Generator().manual_seed(5))
    for name, parameter in alone.named_parameters():
        assert torch.equal(parameter[0], dict(among.named_parameters())[name][2])
    assert not any(p[[0, 1, 3]].any() for p in among.parameters())


@pytest.mark.parametrize("kind", CONTROLLERS)
def test_initial_weights_are_normal_with_variance_2_over_fan_in(kind: str) -> None:
    controller = Controller(Wiring(20, 1), ControllerConfig(kind, 200), members=1)
    with torch.no_grad():
        for parameter in controller.parameters():
            parameter.fill_(7.0)
    controller.initialise(0, torch.Generator().manual_seed(0))
    for name, parameter in controller.named_parameters():
        if name.endswith("bias"):
            assert not parameter.any()
        elif parameter.numel() > 1000:
            expected = math.sqrt(2 / parameter.shape[1])
            assert float(parameter.detach().std()) == pytest.approx(expected, rel=0.05)
            assert abs(float(parameter.detach().mean())) < 0.05 * expected


@pytest.mark.parametrize(
    ("kind", "hidden", "message"),
    [
        ("gru", 32, "mlp or lstm"),
        ("mlp", 0, "hidden units, found 0"),
        ("mlp", 10**6, "hidden units, found 1000000"),
    ],
)
def test_impossible_configurations_are_refused(kind: str, hidden: int, message: str) -> None:
    with pytest.raises(HardmaxError, match=message):
        ControllerConfig(kind, hidden)


@pytest.mark.parametrize(
    ("registers", "repetitions", "message"),
    [
        (0, 1, "registers, found 0"),
        (21, 1, "registers, found 21"),
        (10**9, 1, "registers, found 1000000000"),
        (4, 0, "found 0"),
        (4, MAX_REPETITIONS + 1, f"found {MAX_REPETITIONS + 1}"),
    ],
)
def test_impossible_wirings_are_refused(registers: int, repetitions: int, message: str) -> None:
    with pytest.raises(HardmaxError, match=message):
        Wiring(registers, repetitions)
