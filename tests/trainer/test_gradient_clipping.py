"""What section 4.1 does to values and gradients: renormalise, crop, limit logarithms."""

from __future__ import annotations

import math

import pytest
import torch

from hardmax.trainer.gradient_clipping import (
    ACTIVATION_GRADIENT_LIMIT,
    LOG_FLOOR,
    bounded_log,
    constrain,
)
from hardmax.trainer.nram.machine import timesteps
from tests.support.controllers import random_controller


def test_constrain_rescales_to_sum_1() -> None:
    values = torch.tensor([[1.0, 1.0, 2.0], [0.0, 0.3, 0.0]])
    expected = torch.tensor([[0.25, 0.25, 0.5], [0.0, 1.0, 0.0]])
    torch.testing.assert_close(constrain(values), expected)


def test_constrain_leaves_one_hot_as_it_is() -> None:
    assert torch.equal(constrain(torch.eye(5)), torch.eye(5))


def test_constrain_backpropagates_the_identity() -> None:
    values = torch.tensor([0.4, 0.5, 0.6], requires_grad=True)
    gradient = torch.tensor([3.0, -2.0, 0.5])
    constrain(values).backward(gradient)  # type: ignore[no-untyped-call]
    assert values.grad is not None
    assert torch.equal(values.grad, gradient)


def test_constrain_crops_each_coordinate_of_the_gradient() -> None:
    values = torch.full((4,), 0.25, requires_grad=True)
    gradient = torch.tensor([1e30, -math.inf, 11.0, -9.0])
    constrain(values).backward(gradient)  # type: ignore[no-untyped-call]
    limit = ACTIVATION_GRADIENT_LIMIT
    assert values.grad is not None
    assert values.grad.tolist() == [limit, -limit, limit, -9.0]


def test_logarithms_are_limited_and_so_are_their_gradients() -> None:
    values = torch.tensor([0.0, LOG_FLOOR / 2, 0.5, 1.0], requires_grad=True)
    result = bounded_log(values)
    floor = math.log(LOG_FLOOR)
    assert result.tolist() == pytest.approx([floor, floor, math.log(0.5), 0.0])
    result.sum().backward()  # type: ignore[no-untyped-call]
    assert values.grad is not None
    assert values.grad.tolist() == [0.0, 0.0, 2.0, 1.0]


def test_registers_and_tape_stay_distributions_in_single_precision() -> None:
    controller = random_controller(repetitions=2, members=4, dtype=torch.float32)
    memories = torch.randint(7, (4, 3, 7), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        controller.halting.bias.fill_(-100)
        *_, last = timesteps(controller, memories, torch.full((4, 3), 60))
    for distributions in (last.registers, last.memory):
        assert (distributions > -1e-6).all()
        total = distributions.sum(-1)
        torch.testing.assert_close(total, torch.ones_like(total), rtol=0, atol=1e-6)
