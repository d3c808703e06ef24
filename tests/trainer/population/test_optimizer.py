"""The population's Adam: the published algorithm for each member, and no member feels another."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import torch
from torch import Tensor

from hardmax.trainer.nram.controller import Controller
from hardmax.trainer.population.optimizer import GRADIENT_NORM_LIMIT, NOISE_DECAY, PopulationAdam
from tests.support.controllers import random_controller

QUIET = 0.0
"""No gradient noise."""


def controller_of(members: int) -> Controller:
    return random_controller(members=members, dtype=torch.float32)


def draw_gradients(controller: Controller, seed: int, norm: float) -> dict[str, Tensor]:
    """Random gradients of which every member's has the given L2 norm."""
    generator = torch.Generator().manual_seed(seed)
    draws = {
        name: torch.randn(p.shape, generator=generator) for name, p in controller.named_parameters()
    }
    norms = member_norm(draws)
    return {
        name: draw * (norm / norms).view(-1, *[1] * (draw.dim() - 1))
        for name, draw in draws.items()
    }


def member_norm(gradients: Mapping[str, Tensor]) -> Tensor:
    return torch.linalg.vector_norm(torch.cat([g.flatten(1) for g in gradients.values()], 1), dim=1)


def give(controller: Controller, gradients: Mapping[str, Tensor]) -> None:
    for name, parameter in controller.named_parameters():
        parameter.grad = gradients[name].clone()


def step(
    optimizer: PopulationAdam, rates: list[float], noise: float = QUIET, seed: int = 0
) -> None:
    generator = torch.Generator().manual_seed(seed)
    optimizer.step(torch.tensor(rates), torch.full((len(rates),), noise), generator)


def snapshot(controller: Controller, member: int) -> dict[str, Tensor]:
    return {name: p[member].detach().clone() for name, p in controller.named_parameters()}


def assert_equal(found: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> None:
    assert found.keys() == expected.keys()
    for name in expected:
        assert torch.equal(found[name], expected[name]), name


@pytest.mark.parametrize("norm", [GRADIENT_NORM_LIMIT / 2, 1e-6])
def test_one_quiet_member_is_torchs_adam(norm: float) -> None:
    """At a norm of 1e-6 most gradients are about as small as Adam's epsilon, so it shows."""
    ours, theirs = controller_of(1), controller_of(1)
    optimizer = PopulationAdam(ours)
    adam = torch.optim.Adam(theirs.parameters(), lr=0.01)
    start = snapshot(ours, 0)
    for update in range(20):
        gradients = draw_gradients(ours, update, norm)
        give(ours, gradients)
        give(theirs, gradients)
        step(optimizer, [0.01])
        adam.step()
    for name, expected in snapshot(theirs, 0).items():
        moved, ours_moved = expected - start[name], snapshot(ours, 0)[name] - start[name]
        assert moved.abs().max() > 1e-3
        torch.testing.assert_close(ours_moved, moved, rtol=1e-3, atol=2e-6)


def test_gradient_is_used_up() -> None:
    controller = controller_of(2)
    give(controller, draw_gradients(controller, 0, 1))
    step(PopulationAdam(controller), [0.01, 0.01])
    assert all(parameter.grad is None for parameter in controller.parameters())


def test_a_gradient_over_the_limit_counts_as_one_at_the_limit() -> None:
    over, at = controller_of(2), controller_of(2)
    direction = draw_gradients(over, 0, GRADIENT_NORM_LIMIT)
    optimizers = PopulationAdam(over), PopulationAdam(at)
    give(over, {name: 8 * gradient for name, gradient in direction.items()})
    give(at, direction)
    for optimizer in optimizers:
        step(optimizer, [0.01, 0.01])
    for name, moment in optimizers[0].first.items():
        torch.testing.assert_close(moment, optimizers[1].first[name], rtol=1e-5, atol=0)
    clipped = {name: moment / 0.1 for name, moment in optimizers[0].first.items()}
    torch.testing.assert_close(member_norm(clipped), torch.full((2,), GRADIENT_NORM_LIMIT))


def test_members_do_not_feel_each_other() -> None:
    """Member 0 goes the same way whatever its neighbour's gradients, rate and weights are."""
    results = []
    for neighbour in (1.0, 1000.0):
        controller = controller_of(2)
        optimizer = PopulationAdam(controller)
        for update in range(5):
            gradients = draw_gradients(controller, update, 0.7)
            for gradient in gradients.values():
                gradient[1] *= neighbour
            give(controller, gradients)
            step(optimizer, [0.01, 0.01 * neighbour], noise=0.1, seed=update)
        results.append((snapshot(controller, 0), snapshot(controller, 1)))
    assert_equal(results[0][0], results[1][0])
    assert not torch.equal(results[0][1]["halting.bias"], results[1][1]["halting.bias"])


@pytest.mark.parametrize("poison", [float("nan"), float("inf"), -float("inf")])
def test_a_gradient_that_is_not_finite_leaves_the_member_as_it_was(poison: float) -> None:
    controller, unharmed = controller_of(2), controller_of(2)
    optimizers = PopulationAdam(controller), PopulationAdam(unharmed)
    for update in range(3):
        gradients = draw_gradients(controller, update, 0.5)
        for own, optimizer in zip((controller, unharmed), optimizers, strict=True):
            give(own, gradients)
            step(optimizer, [0.01, 0.01], noise=0.1, seed=update)
    before = snapshot(controller, 0)
    moments = {name: moment[0].clone() for name, moment in optimizers[0].state().items()}

    gradients = draw_gradients(controller, 3, 0.5)
    give(unharmed, gradients)
    gradients["decisions.weight"][0, 1, 2] = poison
    give(controller, gradients)
    for optimizer in optimizers:
        step(optimizer, [0.01, 0.01], noise=0.1, seed=3)
    assert_equal(snapshot(controller, 0), before)
    assert_equal({name: m[0] for name, m in optimizers[0].state().items()}, moments)
    assert_equal(snapshot(controller, 1), snapshot(unharmed, 1))
    assert not torch.equal(snapshot(unharmed, 0)["halting.bias"], before["halting.bias"])


def test_a_first_gradient_that_is_not_finite_does_no_harm() -> None:
    controller, fresh = controller_of(1), controller_of(1)
    optimizers = PopulationAdam(controller), PopulationAdam(fresh)
    give(controller, {n: torch.full_like(p, torch.nan) for n, p in controller.named_parameters()})
    step(optimizers[0], [0.01], noise=0.1)
    for own, optimizer in zip((controller, fresh), optimizers, strict=True):
        give(own, draw_gradients(own, 1, 0.5))
        step(optimizer, [0.01])
    assert_equal(snapshot(controller, 0), snapshot(fresh, 0))


def test_noise_has_the_stated_deviation_and_decays() -> None:
    """The first moment of a member without gradients is noise alone: 0.1 times the newest draw."""
    controller = random_controller(hidden=64, members=2, dtype=torch.float32)
    optimizer = PopulationAdam(controller)
    nothing = {name: torch.zeros_like(p) for name, p in controller.named_parameters()}
    for updates in (0, 1, 50):
        optimizer.updates[:] = updates
        for moment in (*optimizer.first.values(), *optimizer.second.values()):
            moment.zero_()
        give(controller, nothing)
        generator = torch.Generator().manual_seed(updates)
        optimizer.step(torch.tensor([0.0, 0.0]), torch.tensor([0.3, QUIET]), generator)
        draw = optimizer.first["decisions.weight"] / 0.1
        deviation = 0.3 / (1 + updates) ** (NOISE_DECAY / 2)
        assert draw[0].std().item() == pytest.approx(deviation, rel=0.03)
        assert abs(draw[0].mean().item()) < 0.05 * deviation
        assert not draw[1].any()


def train(controller: Controller, optimizer: PopulationAdam, updates: range) -> None:
    for update in updates:
        give(controller, draw_gradients(controller, update, 0.9))
        step(optimizer, [0.01, 0.02], noise=0.05, seed=update)


def test_restored_state_continues_exactly() -> None:
    whole = controller_of(2)
    train(whole, PopulationAdam(whole), range(6))

    halves = controller_of(2)
    first = PopulationAdam(halves)
    train(halves, first, range(3))
    saved = {name: tensor.clone() for name, tensor in first.state().items()}
    second = PopulationAdam(halves)
    second.restore(saved)
    train(halves, second, range(3, 6))
    for member in range(2):
        assert_equal(snapshot(halves, member), snapshot(whole, member))


def test_reset_and_copy_touch_one_member() -> None:
    controller = controller_of(3)
    optimizer = PopulationAdam(controller)
    for update in range(2):
        give(controller, draw_gradients(controller, update, 0.9))
        step(optimizer, [0.01, 0.01, 0.01])
    before = {name: tensor.clone() for name, tensor in optimizer.state().items()}
    optimizer.copy(source=0, target=2)
    optimizer.reset(1)
    for name, tensor in optimizer.state().items():
        assert torch.equal(tensor[0], before[name][0])
        assert torch.equal(tensor[2], before[name][0])
        assert not tensor[1].any()
