"""The native training kernel against eager PyTorch: gradients, Adam, errors, random numbers."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from hardmax.trainer.decisions import HARD, SOFT
from hardmax.trainer.nram.controller import Controller
from hardmax.trainer.nram.gradient import OVERRUN_WEIGHT
from hardmax.trainer.nram.machine import Decide, hard
from hardmax.trainer.nram.native import elementary
from hardmax.trainer.nram.native.compilation import Compiled
from hardmax.trainer.nram.native.kernel import Objective, compiled_kernel
from hardmax.trainer.nram.native.philox import philox
from hardmax.trainer.nram.native.registers import AVX2, SSE2, RegisterFile, host_registers
from hardmax.trainer.nram.native.vector_code import Code, Module, Value
from hardmax.trainer.nram.objective import run_batch
from hardmax.trainer.nram.tasks import TASKS, Batch
from hardmax.trainer.population.optimizer import PopulationAdam
from hardmax.trainer.population.population import DISCRETIZATIONS
from tests.support.controllers import random_controller

MEMBERS, SAMPLES = 3, 5

MACHINES = {
    "mlp": {"kind": "mlp", "registers": 3, "repetitions": 1, "hidden": 6},
    "wide": {"kind": "mlp", "registers": 6, "repetitions": 2, "hidden": 19},
    "lstm": {"kind": "lstm", "registers": 2, "repetitions": 1, "hidden": 5},
}


@contextmanager
def default_type(dtype: torch.dtype) -> Iterator[None]:
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def problem(task: str, seed: int = 0) -> tuple[Batch, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    complexity = torch.randint(1, 4, (MEMBERS * SAMPLES,), generator=generator)
    chosen = TASKS[task]
    batch = chosen.sample(complexity, chosen.minimum_size(3) + seed % 3, generator)
    slack = torch.randint(3, (MEMBERS, SAMPLES), generator=generator)
    return batch, batch.timesteps.view(MEMBERS, SAMPLES) + slack


def objective_of(discretization: str, seed: int = 0) -> Objective:
    """Members as different as a discretization lets them be."""
    generator = torch.Generator().manual_seed(seed)
    settings = DISCRETIZATIONS[discretization]

    def members(values: tuple[float, ...]) -> Tensor:
        return torch.tensor([values[-1 - member % len(values)] for member in range(MEMBERS)])

    draw = torch.rand(MEMBERS, SAMPLES, generator=generator)
    return Objective(
        entropy=torch.tensor([-0.3, 0.0, 0.7]) * (1 + settings.choice_penalty),
        value_entropy=torch.tensor([0.5, 0.0, 0.1]) * settings.value_penalty,
        overrun=OVERRUN_WEIGHT,
        gumbel=members(settings.gumbel),
        hard=draw < members(settings.straight_through)[:, None],
        keys=torch.randint(1 << 62, (MEMBERS,), generator=generator),
    )


def reference_philox(counter: NDArray[np.uint64], key: int) -> NDArray[np.uint64]:
    """Philox 4x32-10 of counters [..., 4], written for NumPy."""
    low, high = key & 0xFFFFFFFF, key >> 32
    words = [counter[..., i].astype(np.uint64) for i in range(4)]
    mask = np.uint64(0xFFFFFFFF)
    for _ in range(10):
        first = words[0] * np.uint64(0xD2511F53)
        second = words[2] * np.uint64(0xCD9E8D57)
        words = [
            (second >> np.uint64(32)) ^ words[1] ^ np.uint64(low),
            second & mask,
            (first >> np.uint64(32)) ^ words[3] ^ np.uint64(high),
            first & mask,
        ]
        low, high = (low + 0x9E3779B9) & 0xFFFFFFFF, (high + 0xBB67AE85) & 0xFFFFFFFF
    return np.stack(words, -1)


def gumbel_noise(controller: Controller, keys: Tensor, timestep: int) -> Tensor:
    """[P, B, D, V]: the noise of the kernel's timestep, counted from 0; 0 where not allowed."""
    allowed = controller.wiring.allowed
    places = int(allowed.sum())
    quads = -(-places // 4)
    noise = controller.halting.weight.new_zeros(MEMBERS, SAMPLES, *allowed.shape)
    for member, key in enumerate(keys.tolist()):
        counter = np.zeros((SAMPLES, quads, 4), dtype=np.uint64)
        counter[..., 0] = np.arange(SAMPLES)[:, None]
        counter[..., 1] = 4 * np.arange(quads)
        counter[..., 2] = timestep
        bits = reference_philox(counter, key).reshape(SAMPLES, -1)[:, :places]
        uniform = ((bits >> np.uint64(9)).astype(np.float64) + 0.5) / 2**23
        noise[member][:, allowed] = torch.from_numpy(-np.log(-np.log(uniform))).to(noise)
    return noise


def eager_decisions(controller: Controller, objective: Objective) -> Decide:
    """What the kernel decides, by the rules of ``hardmax.trainer.decisions``."""
    timestep = 0

    def mix(soft: Tensor, hardened: Tensor) -> Tensor:
        chosen = objective.hard.view(*objective.hard.shape, *[1] * (soft.dim() - 2))
        return torch.where(chosen, hardened + (soft - soft.detach()), soft)

    def decide(logits: Tensor, halting: Tensor) -> tuple[Tensor, Tensor]:
        nonlocal timestep
        noise = gumbel_noise(controller, objective.keys, timestep)
        logits = logits + objective.gumbel.view(-1, 1, 1, 1) * noise
        timestep += 1
        choices = mix(SOFT.choose(logits), HARD.choose(logits))
        return choices, mix(SOFT.switch(halting), HARD.switch(halting))

    return decide


def eager_gradients(
    controller: Controller, batch: Batch, budget: Tensor, objective: Objective
) -> tuple[list[Tensor], Tensor]:
    """Gradients by autograd, and soft errors."""
    dtype = next(controller.parameters()).dtype
    with default_type(dtype):
        decide = eager_decisions(controller, objective)
        outcome = run_batch(controller, batch, budget, decide, value_entropy=True)
    total = outcome.loss.mean(1) + objective.entropy * outcome.entropy.mean(1)
    total = total + objective.value_entropy * outcome.value_entropy.mean(1)
    total = total + objective.overrun * outcome.overrun.mean(1)
    return list(torch.autograd.grad(total.sum(), list(controller.parameters()))), outcome.error


def assert_gradients_agree(
    machine: str,
    task: str,
    discretization: str,
    *,
    registers: RegisterFile | None = None,
    dtype: torch.dtype = torch.float64,
    tolerance: float = 1e-10,
) -> None:
    controller = random_controller(members=MEMBERS, dtype=dtype, **MACHINES[machine])
    batch, budget = problem(task, seed=len(task))
    objective = objective_of(discretization)
    expected, expected_error = eager_gradients(controller, batch, budget, objective)
    double = dtype == torch.float64
    kernel = compiled_kernel(controller.wiring, controller.config, double, registers)
    error = kernel.gradients(controller, batch, budget, objective)
    for (name, parameter), gradient in zip(controller.named_parameters(), expected, strict=True):
        assert parameter.grad is not None
        assert gradient.abs().max() > 0
        difference = (parameter.grad - gradient).abs().max() / gradient.abs().max()
        assert difference < tolerance, name
    assert torch.allclose(error, expected_error.to(error.dtype))


@pytest.mark.parametrize("discretization", DISCRETIZATIONS)
@pytest.mark.parametrize("task", TASKS)
def test_gradients_are_those_of_autograd(task: str, discretization: str) -> None:
    assert_gradients_agree("mlp", task, discretization)


@pytest.mark.parametrize("discretization", ["mixed", "values"])
@pytest.mark.parametrize("machine", ["wide", "lstm"])
@pytest.mark.parametrize("task", ["copy", "merge"])
def test_gradients_of_other_machines(task: str, machine: str, discretization: str) -> None:
    assert_gradients_agree(machine, task, discretization)


@pytest.mark.parametrize("registers", [AVX2, SSE2])
def test_gradients_with_other_registers(registers: RegisterFile) -> None:
    if registers.bits > host_registers().bits:
        pytest.skip("this processor has no such registers")
    assert_gradients_agree("mlp", "swap", "mixed", registers=registers)


def test_gradients_in_single_precision() -> None:
    assert_gradients_agree("mlp", "listk", "mixed", dtype=torch.float32, tolerance=1e-3)


def test_a_memory_of_one_cell_and_of_two() -> None:
    """All numbers are taken mod M, also those of the constants and of the comparisons."""
    controller = random_controller(members=1, **MACHINES["mlp"])
    kernel = compiled_kernel(controller.wiring, controller.config, True)
    objective = Objective(
        *(torch.zeros(1), torch.zeros(1), OVERRUN_WEIGHT, torch.zeros(1)),
        *(torch.zeros(1, 2, dtype=torch.bool), torch.zeros(1, dtype=torch.int64)),
    )
    for size in (1, 2):
        memory = torch.arange(2 * size).view(2, size) % size
        output = torch.ones(2, size, dtype=torch.bool)
        batch = Batch(memory, (memory + 1) % size, output, torch.tensor([3, 3]))
        budget = torch.tensor([[3, 2]])
        with default_type(torch.float64):
            outcome = run_batch(controller, batch, budget)
        total = outcome.loss.mean() + OVERRUN_WEIGHT * outcome.overrun.mean()
        expected = torch.autograd.grad(total, list(controller.parameters()))
        kernel.gradients(controller, batch, budget, objective)
        for parameter, gradient in zip(controller.parameters(), expected, strict=True):
            assert torch.allclose(parameter.grad, gradient, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("machine", MACHINES)
def test_the_discretized_error_is_that_of_the_hard_machine(machine: str) -> None:
    controller = random_controller(members=MEMBERS, **MACHINES[machine])
    kernel = compiled_kernel(controller.wiring, controller.config, True)
    for task in TASKS:
        batch, budget = problem(task)
        with torch.no_grad(), default_type(torch.float64):
            expected = run_batch(controller, batch, budget, hard).error
        found = kernel.discretized_error(controller, batch, budget)
        assert torch.allclose(found, expected.to(found.dtype))


def test_ties_go_to_the_lowest_value() -> None:
    """All logits 0: every decision is for the first register, so that nothing ever changes."""
    controller = random_controller(members=MEMBERS, **MACHINES["mlp"])
    with torch.no_grad():
        for parameter in controller.parameters():
            parameter.zero_()
    kernel = compiled_kernel(controller.wiring, controller.config, True)
    batch, budget = problem("increment")
    with torch.no_grad(), default_type(torch.float64):
        expected = run_batch(controller, batch, budget, hard).error
    assert torch.allclose(
        kernel.discretized_error(controller, batch, budget), expected.to(torch.float32)
    )


def updated(
    threads: int, noise: float = 0.01, keys: int = 0, machine: str = "mlp"
) -> tuple[Controller, PopulationAdam]:
    """A population after three updates."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        controller = random_controller(members=MEMBERS, **MACHINES[machine])
        optimizer = PopulationAdam(controller)
        kernel = compiled_kernel(controller.wiring, controller.config, True)
        for seed in range(3):
            batch, budget = problem("copy", seed)
            objective = objective_of("mixed", keys + seed)
            rate, deviation = torch.tensor([0.01, 0.02, 0.003]), torch.full((MEMBERS,), noise)
            kernel.update(controller, optimizer, batch, budget, objective, rate, deviation)
    finally:
        torch.set_num_threads(before)
    return controller, optimizer


def test_updates_do_not_depend_on_the_number_of_threads() -> None:
    (one, first), (two, second), (other, _) = updated(1), updated(3), updated(1, keys=7)
    for name, parameter in one.named_parameters():
        assert torch.equal(parameter, dict(two.named_parameters())[name])
        assert not torch.equal(parameter, dict(other.named_parameters())[name])
    for name, moment in first.state().items():
        assert torch.equal(moment, second.state()[name])


@pytest.mark.parametrize("machine", MACHINES)
def test_updates_are_those_of_the_eager_optimizer(machine: str) -> None:
    found, found_optimizer = updated(2, noise=0.0, machine=machine)
    controller = random_controller(members=MEMBERS, **MACHINES[machine])
    optimizer = PopulationAdam(controller)
    for seed in range(3):
        batch, budget = problem("copy", seed)
        gradients, _ = eager_gradients(controller, batch, budget, objective_of("mixed", seed))
        for parameter, gradient in zip(controller.parameters(), gradients, strict=True):
            parameter.grad = gradient
        rate, noise = torch.tensor([0.01, 0.02, 0.003]), torch.zeros(MEMBERS)
        optimizer.step(rate.double(), noise.double(), torch.Generator())
    for name, parameter in controller.named_parameters():
        assert torch.allclose(parameter, dict(found.named_parameters())[name], atol=1e-6), name
    for name, moment in optimizer.state().items():
        assert torch.allclose(moment, found_optimizer.state()[name], atol=1e-6), name


def test_gradient_noise_is_normal() -> None:
    """After one update the first moment is (1 - beta_1) times gradient and noise."""
    controller = random_controller(members=2, hidden=40)
    optimizer = PopulationAdam(controller)
    kernel = compiled_kernel(controller.wiring, controller.config, True)
    generator = torch.Generator().manual_seed(0)
    batch = TASKS["access"].sample(torch.ones(4, dtype=torch.int64), 5, generator)
    objective = Objective(
        *(torch.zeros(2), torch.zeros(2), 0.0, torch.zeros(2)),
        *(torch.zeros(2, 2, dtype=torch.bool), torch.tensor([1, 2])),
    )
    noise = torch.tensor([1e6, 1e6])  # beside it the clipped gradient is nothing
    budget = batch.timesteps.view(2, 2)
    kernel.update(controller, optimizer, batch, budget, objective, torch.zeros(2), noise)
    first = torch.cat([moment.flatten(1) for moment in optimizer.first.values()], 1) / 1e5
    assert first.mean(1).abs().max() < 0.03
    assert torch.allclose(first.std(1), torch.ones(2, dtype=torch.float64), atol=0.03)
    assert torch.allclose((first**4).mean(1), torch.full((2,), 3.0).double(), atol=0.3)
    correlations = torch.corrcoef(torch.cat((first, first.roll(1, 1), first.roll(4, 1))))
    assert (correlations - torch.eye(6).double()).abs().max() < 0.05


def test_a_gradient_that_is_not_finite_moves_nothing() -> None:
    controller = random_controller(members=MEMBERS, **MACHINES["mlp"])
    with torch.no_grad():
        controller.decisions.weight[1, 0, 0] = torch.nan
    before = {name: p.detach().clone() for name, p in controller.named_parameters()}
    optimizer = PopulationAdam(controller)
    kernel = compiled_kernel(controller.wiring, controller.config, True)
    batch, budget = problem("copy")
    settings = torch.full((MEMBERS,), 0.01)
    kernel.update(controller, optimizer, batch, budget, objective_of("none"), settings, settings)
    assert optimizer.updates.tolist() == [1, 0, 1]
    for name, parameter in controller.named_parameters():
        same = [
            torch.equal(parameter[m].nan_to_num(), before[name][m].nan_to_num())
            for m in range(MEMBERS)
        ]
        assert same == [False, True, False]


def evaluate(double: bool, x: NDArray[np.floating], emit: object) -> NDArray[np.floating]:
    """A function of vectors at many points."""
    module = Module(host_registers(), double)

    def body(code: Code, source: Value, target: Value, count: Value) -> None:
        def vector(i: Value) -> None:
            code.put(target, i, emit(code, code.get(source, i)))  # type: ignore[operator]

        code.loop(count, vector)

    module.function("evaluate", "ppi", body, exported=True)
    compiled = Compiled(module)
    call = compiled.function("evaluate", 3)
    real = torch.float64 if double else torch.float32
    source, target = torch.tensor(x, dtype=real), torch.zeros(len(x), dtype=real)
    call(source.data_ptr(), target.data_ptr(), len(x) // module.lanes)
    return target.numpy()


@pytest.mark.parametrize("double", [False, True])
def test_elementary_functions(double: bool) -> None:
    accuracy = 1e-14 if double else 5e-7
    x = np.linspace(-60, 60, 1 << 14)
    if not double:
        x = x.astype(np.float32).astype(np.float64)
    for emit, function in (
        (elementary.exponential, np.exp),
        (elementary.sigmoid, lambda x: 1 / (1 + np.exp(-x))),
    ):
        assert np.allclose(evaluate(double, x, emit), function(x), rtol=accuracy, atol=0)
    found = evaluate(double, x, elementary.hyperbolic_tangent)
    assert np.allclose(found, np.tanh(x), atol=accuracy)
    positive = np.exp(x)
    if not double:
        positive = positive.astype(np.float32).astype(np.float64)
    found = evaluate(double, positive, elementary.logarithm)
    assert np.allclose(found, np.log(positive), rtol=accuracy, atol=accuracy)
    turns = np.linspace(-0.5, 0.5, 1 << 12)
    for which, function in ((0, np.cos), (1, np.sin)):
        found = evaluate(
            double, turns, lambda code, x, k=which: elementary.cosine_and_sine(code, x)[k]
        )
        assert np.allclose(found, function(2 * np.pi * turns), atol=2e-6)


@pytest.mark.parametrize(
    ("counter", "key", "expected"),
    [
        ([0] * 4, 0, [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
        ([0xFFFFFFFF] * 4, (1 << 64) - 1, [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
        (
            [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
            0x299F31D0A4093822,
            [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1],
        ),
    ],
)
def test_philox_gives_the_known_answers(counter: list[int], key: int, expected: list[int]) -> None:
    """Those that its authors publish with it (Random123's kat_vectors)."""
    module = Module(host_registers(), double=False)

    def body(code: Code, out: Value, bits: Value) -> None:
        signed = [word - (1 << 32) if word >> 31 else word for word in counter]
        for i, word in enumerate(philox(code, [code.integer(word) for word in signed], bits)):
            code.put_integers(out, i, word)

    module.function("draw", "pi", body, exported=True)
    compiled = Compiled(module)
    call = compiled.function("draw", 2)
    out = np.zeros((4, module.lanes), dtype=np.uint32)
    call(out.ctypes.data, ctypes.c_int64(key).value)
    assert out[:, 0].tolist() == out[:, -1].tolist() == expected
    reference = reference_philox(np.array(counter, dtype=np.uint64), key)
    assert reference.tolist() == expected
