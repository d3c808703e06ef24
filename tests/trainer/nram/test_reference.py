"""The batched torch machine equals the NumPy reference: values to 1e-10, gradients too."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from hardmax.runtime.nram.gates import Gate
from hardmax.trainer import gradient_clipping as backprop
from hardmax.trainer.gradient_clipping import LOG_FLOOR
from hardmax.trainer.nram import reference
from hardmax.trainer.nram.controller import Controller
from hardmax.trainer.nram.gates import FUZZY_MEANING, read, write
from hardmax.trainer.nram.machine import timesteps
from hardmax.trainer.nram.objective import UNCHANGED_WEIGHT, run_batch
from hardmax.trainer.nram.reference import Array, Weights
from hardmax.trainer.nram.tasks import Batch
from tests.support.cases import ARITHMETIC
from tests.support.controllers import member_weights, random_controller

TOLERANCE = 1e-10
STEP = 1e-5
"""Half the distance of a central difference."""

GRADIENT_TOLERANCE = 1e-8

MACHINES = [(kind, repetitions) for kind in ("mlp", "lstm") for repetitions in (1, 2)]


@st.composite
def distributions(draw: st.DrawFn, size: int) -> Array:
    """A distribution [M]: one-hot, with zeros, or with nothing special about it."""
    shares = draw(st.lists(st.integers(0, 100), min_size=size, max_size=size).filter(any))
    return np.array(shares) / sum(shares)


def close(found: Tensor, expected: Array | float) -> bool:
    return bool(np.allclose(found.detach().numpy(), expected, rtol=0, atol=TOLERANCE))


@given(st.integers(1, 8), st.data())
@pytest.mark.parametrize("gate", ARITHMETIC)
def test_fuzzy_gate_is_equation_2(gate: Gate, size: int, data: st.DataObject) -> None:
    a, b = data.draw(distributions(size)), data.draw(distributions(size))
    output = FUZZY_MEANING[gate](torch.from_numpy(a), torch.from_numpy(b))
    assert close(output, reference.module(gate, a, b))


@given(st.integers(1, 6), st.data())
def test_read_and_write_are_the_papers(size: int, data: st.DataObject) -> None:
    tape = np.array([data.draw(distributions(size)) for _ in range(size)])
    pointer, value = data.draw(distributions(size)), data.draw(distributions(size))
    soft_tape, soft_pointer, soft_value = map(torch.from_numpy, (tape, pointer, value))
    assert close(read(soft_tape, soft_pointer), reference.read(tape, pointer))
    written = reference.write(tape, pointer, value)
    assert close(write(soft_tape, soft_pointer, soft_value), written)


def tangent(generator: np.random.Generator, *shape: int) -> Array:
    """A direction in which distributions on the last axis stay distributions: it sums to 0."""
    direction = generator.normal(size=shape)
    result: Array = direction - direction.mean(-1, keepdims=True)
    return result


@pytest.mark.parametrize("size", [1, 2, 5])
@pytest.mark.parametrize("gate", [*ARITHMETIC, Gate.READ, Gate.WRITE])
def test_gradient_of_a_gate_alone(gate: Gate, size: int) -> None:
    """Autograd's and the reference's directional derivatives of <u, gate(tape, a, b)> agree.

    Only directions along which every distribution keeps its sum have a meaning: off the simplex
    the closed forms may differ from eq. (2), e.g. INC(a, b) does not multiply by the sum of b.
    """
    generator = np.random.default_rng(size)
    tape = generator.dirichlet(np.ones(size), size)
    a, b = generator.dirichlet(np.ones(size), 2)
    outcome = generator.normal(size=(size, size) if gate is Gate.WRITE else size)

    def of_reference(tape: Array, a: Array, b: Array) -> float:
        if gate is Gate.READ:
            output = reference.read(tape, a)
        elif gate is Gate.WRITE:
            output = reference.write(tape, a, b)
        else:
            output = reference.module(gate, a, b)
        return float((outcome * output).sum())

    tensors = [torch.from_numpy(x).requires_grad_() for x in (tape, a, b)]
    if gate is Gate.READ:
        output = read(tensors[0], tensors[1])
    elif gate is Gate.WRITE:
        output = write(*tensors)
    else:
        output = FUZZY_MEANING[gate](tensors[1], tensors[2])
    if output.requires_grad:
        (torch.from_numpy(outcome) * output).sum().backward()  # type: ignore[no-untyped-call]
    gradients = [np.zeros(x.shape) if x.grad is None else x.grad.numpy() for x in tensors]

    for _ in range(10):
        direction = [tangent(generator, *x.shape) for x in (tape, a, b)]
        ahead, behind = (
            of_reference(*(x + s * d for x, d in zip((tape, a, b), direction, strict=True)))
            for s in (STEP, -STEP)
        )
        expected = sum((g * d).sum() for g, d in zip(gradients, direction, strict=True))
        assert (ahead - behind) / (2 * STEP) == pytest.approx(expected, abs=GRADIENT_TOLERANCE)


@pytest.mark.parametrize("kind", ["mlp", "lstm"])
def test_controller_is_the_references(kind: str) -> None:
    controller = random_controller(kind=kind, members=3)
    generator = torch.Generator().manual_seed(1)
    zeros = torch.rand(4, 3, 5, 3, generator=generator, dtype=torch.float64)
    state = controller.start(5)
    outputs = []
    for zero in zeros:
        logits, halting, state = controller(zero, state)
        outputs.append((logits, halting.sigmoid()))
    for member in range(3):
        weights = member_weights(controller, member)
        for sample in range(5):
            own: reference.State = None
            for zero, (logits, finish) in zip(zeros, outputs, strict=True):
                expected, f, own = reference.controller(weights, zero[member, sample].numpy(), own)
                found = logits[member, sample].flatten()
                exists = found.isfinite()
                assert close(found[exists], expected[exists.numpy()])
                assert close(finish[member, sample], f)


def problem(members: int, batch: int, size: int, seed: int) -> tuple[Batch, Tensor]:
    """Random inputs, expected memories and output cells; budgets 1..5, sample by sample."""
    generator = torch.Generator().manual_seed(seed)
    count = members * batch
    inputs = torch.randint(size, (count, size), generator=generator)
    expected = torch.randint(size, (count, size), generator=generator)
    expected[:, 0] = inputs[:, 0]  # an output cell that is to stay as it is
    output = torch.rand(count, size, generator=generator) < 0.5
    output[:, :2] = True
    budget = torch.arange(count).view(members, batch) % 5 + 1
    return Batch(inputs, expected, output, budget.flatten()), budget


def cell_weights(batch: Batch, sample: int) -> Array:
    """[M], how much each cell's log-likelihood counts: in all 1, changed cells the most."""
    inputs, expected, output = (
        x[sample].numpy() for x in (batch.inputs, batch.expected, batch.output)
    )
    weight: Array = np.where(inputs != expected, 1.0, UNCHANGED_WEIGHT) * output
    weight /= weight.sum()
    return weight


@pytest.mark.parametrize(("kind", "repetitions"), MACHINES)
@pytest.mark.parametrize(("size", "sharpness"), [(1, 1.0), (2, 1.0), (5, 1.0), (5, 8.0)])
def test_run_is_the_references(kind: str, repetitions: int, size: int, sharpness: float) -> None:
    members, samples = 3, 4
    controller = random_controller(kind=kind, repetitions=repetitions, members=members)
    with torch.no_grad():
        controller.decisions.weight.mul_(sharpness)
    batch, budget = problem(members, samples, size, seed=2)
    inputs = batch.inputs.view(members, samples, size)
    run = list(timesteps(controller, inputs, budget))
    outcome = run_batch(controller, batch, budget)
    exists = controller.wiring.allowed
    for member in range(members):
        weights = member_weights(controller, member)
        for sample in range(samples):
            own = (member, sample)
            row = member * samples + sample
            expected = list(
                reference.run(weights, inputs[own].tolist(), int(budget[own]), repetitions)
            )
            for found, step in zip(run, expected, strict=False):
                assert close(found.memory[own], step.memory)
                assert close(found.registers[own], np.array(step.registers))
                assert close(found.halting[own], step.halting)
                assert close(found.alive[own], step.alive)
                assert close(found.finish[own], step.finish)
                choices = found.choices[own]
                assert not choices[~exists].any()
                for choice, distribution in zip(choices, step.distributions, strict=True):
                    assert close(choice[: len(distribution)], distribution)
            assert sum(step.finish for step in expected) == pytest.approx(1)
            assert all(not found.finish[own] for found in run[len(expected) :])

            target = batch.expected[row].tolist()
            loss = reference.expected_loss(expected, target, cell_weights(batch, row), LOG_FLOOR)
            assert close(outcome.loss[own], loss)
            assert close(outcome.entropy[own], reference.mean_entropy(expected, LOG_FLOOR))
            overrun = expected[-1].alive * (1 - expected[-1].halting)
            assert close(outcome.overrun[own], overrun)
            readout = reference.expected_memory(expected).argmax(-1)
            cells = batch.output[row].numpy()
            wrong = (readout != np.array(target))[cells].mean()
            assert float(outcome.error[own]) == pytest.approx(wrong)


@pytest.fixture
def unclipped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Backpropagation without the cropping of activation gradients, which is no derivative.

    The renormalisation's backward stays the identity, which is no derivative either: the true one
    subtracts the same amount from every coordinate of a distribution's gradient. What reaches the
    parameters is nevertheless exact, because a change of the parameters moves every distribution
    along the simplex, and on such changes an equal amount in every coordinate acts as nothing.
    """
    monkeypatch.setattr(backprop, "ACTIVATION_GRADIENT_LIMIT", float("inf"))


def gradients(controller: Controller, batch: Batch, budget: Tensor) -> dict[str, Array]:
    """Autograd's gradient of the sum of all losses and overruns."""
    outcome = run_batch(controller, batch, budget)
    (outcome.loss + outcome.overrun).sum().backward()  # type: ignore[no-untyped-call]
    found = {}
    for name, parameter in controller.named_parameters():
        assert parameter.grad is not None
        found[name] = parameter.grad.numpy()
    return found


def objective(weights: Weights, repetitions: int, batch: Batch, samples: Iterable[int]) -> float:
    """The reference's sum of losses and overruns of one member."""
    total = 0.0
    for sample in samples:
        inputs, expected = batch.inputs[sample].tolist(), batch.expected[sample].tolist()
        steps = list(reference.run(weights, inputs, int(batch.timesteps[sample]), repetitions))
        weight = cell_weights(batch, sample)
        total += reference.expected_loss(steps, expected, weight, LOG_FLOOR)
        total += steps[-1].alive * (1 - steps[-1].halting)
    return total


@pytest.mark.usefixtures("unclipped")
@pytest.mark.parametrize("kind", ["mlp", "lstm"])
def test_gradient_in_every_parameter_of_a_tiny_model(kind: str) -> None:
    controller = random_controller(kind=kind, registers=1, hidden=2, seed=3)
    batch, budget = problem(1, 1, 3, seed=4)
    batch, budget = dataclasses.replace(batch, timesteps=torch.tensor([2])), budget + 1
    found = gradients(controller, batch, budget)
    weights = member_weights(controller, 0)
    for name, array in weights.items():
        for index in np.ndindex(array.shape):
            kept = array[index]
            array[index] = kept + STEP
            ahead = objective(weights, 1, batch, [0])
            array[index] = kept - STEP
            behind = objective(weights, 1, batch, [0])
            array[index] = kept
            difference = (ahead - behind) / (2 * STEP)
            assert abs(found[name][0][index] - difference) < GRADIENT_TOLERANCE, (name, index)


@pytest.mark.usefixtures("unclipped")
@pytest.mark.parametrize(("kind", "repetitions"), MACHINES)
def test_gradient_along_random_directions(kind: str, repetitions: int) -> None:
    """Several members, samples and budgets at once, and every parameter moving at once."""
    members, samples = 2, 3
    controller = random_controller(kind=kind, repetitions=repetitions, members=members, seed=5)
    batch, budget = problem(members, samples, 4, seed=6)
    found = gradients(controller, batch, budget)
    generator = np.random.default_rng(7)
    for member in range(members):
        weights = member_weights(controller, member)
        own = range(member * samples, (member + 1) * samples)
        for _ in range(4):
            direction = {name: generator.normal(size=w.shape) for name, w in weights.items()}
            ahead, behind = (
                objective(
                    {name: w + step * direction[name] for name, w in weights.items()},
                    repetitions,
                    batch,
                    own,
                )
                for step in (STEP, -STEP)
            )
            expected = sum((found[name][member] * direction[name]).sum() for name in weights)
            assert abs(expected) > 1e-3
            assert (ahead - behind) / (2 * STEP) == pytest.approx(expected, rel=1e-6)


@pytest.mark.usefixtures("unclipped")
def test_gradient_of_the_entropy() -> None:
    """For runs of one timestep: how long a run lasts is no matter of the entropy's gradient."""
    controller = random_controller(seed=8)
    batch, _ = problem(1, 1, 4, seed=9)
    outcome = run_batch(controller, batch, torch.tensor([[1]]))
    outcome.entropy.sum().backward()  # type: ignore[no-untyped-call]
    weights = member_weights(controller, 0)
    generator = np.random.default_rng(10)
    direction = {name: generator.normal(size=w.shape) for name, w in weights.items()}

    def entropy(step: float) -> float:
        moved = {name: w + step * direction[name] for name, w in weights.items()}
        return reference.mean_entropy(
            list(reference.run(moved, batch.inputs[0].tolist(), 1)), LOG_FLOOR
        )

    expected = sum(
        (parameter.grad[0].numpy() * direction[name]).sum()
        for name, parameter in controller.named_parameters()
        if parameter.grad is not None
    )
    assert abs(expected) > 1e-3
    assert (entropy(STEP) - entropy(-STEP)) / (2 * STEP) == pytest.approx(expected, rel=1e-6)
