"""The one-hot limit: decided hard, the soft machine is the integer machine, bit for bit."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from hardmax.runtime.abi import Status
from hardmax.runtime.nram.gates import GATES
from hardmax.runtime.nram.interpreter import Result, run
from hardmax.runtime.nram.program import Circuit, Metadata, Operation, Program, Row, StepBudget
from hardmax.trainer.layers import ControllerConfig
from hardmax.trainer.nram.controller import Controller
from hardmax.trainer.nram.gradient import mixture
from hardmax.trainer.nram.hardening import lookup_table
from hardmax.trainer.nram.machine import Decide, Timestep, hard, soft, timesteps
from hardmax.trainer.nram.wiring import Wiring
from tests.support.controllers import random_controller

METADATA = Metadata("random", StepBudget(0, 1))

CLEAR_MARGIN = 1e-4
"""A decision closer than this may fall differently in another order of the same sums."""


def one_hot_values(distributions: Tensor) -> Tensor:
    """The integers [...] of exactly one-hot distributions [..., M]."""
    values = distributions.argmax(-1)
    assert torch.equal(distributions, functional.one_hot(values, distributions.shape[-1]).float())
    return values


def outcome(steps: list[Timestep], member: int, sample: int) -> Result:
    """How one discretized run ended, in the interpreter's words."""
    for t, step in enumerate(steps, start=1):
        finish = float(step.finish[member, sample])
        assert finish in (0.0, 1.0)
        if finish:
            memory = tuple(one_hot_values(step.memory[member, sample]).tolist())
            halts = bool(step.halting[member, sample])
            return Result(memory, t, Status.HALTED if halts else Status.STEP_LIMIT)
    raise AssertionError("a run without output")


def random_memories(controller: Controller, batch: int, size: int, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(size, (controller.members, batch, size), generator=generator)


def rarely_halting(controller: Controller) -> Controller:
    """So that runs last: at most about one row in three halts."""
    with torch.no_grad():
        controller.halting.bias.sub_(1.0)
    return controller


@pytest.mark.parametrize("size", [1, 2, 3, 8])
@pytest.mark.parametrize(("registers", "repetitions"), [(1, 1), (2, 2), (4, 1), (5, 2)])
def test_discretized_machine_is_the_interpreter_on_the_lookup_table(
    registers: int, repetitions: int, size: int
) -> None:
    controller = rarely_halting(
        random_controller(
            registers=registers,
            repetitions=repetitions,
            hidden=16,
            members=24,
            seed=registers,
            dtype=torch.float32,
        )
    )
    memories = random_memories(controller, 6, size, seed=size)
    budget = 1 + torch.arange(memories.shape[0] * 6).view(-1, 6) % 17
    with torch.no_grad():
        steps = list(timesteps(controller, memories, budget, hard))
    ends: Counter[Status] = Counter()
    for member in range(controller.members):
        table, margins = lookup_table(controller, member)
        assert float(margins.min()) >= 0
        if float(margins.min()) < CLEAR_MARGIN:
            continue
        program = table.to_program(METADATA)
        for sample, memory in enumerate(memories[member].tolist()):
            expected = run(program, memory, int(budget[member, sample]))
            assert outcome(steps, member, sample) == expected
            ends[expected.status] += 1
    assert min(ends[Status.HALTED], ends[Status.STEP_LIMIT]) > 10


@dataclass
class Unrolled:
    """The program of a single run: timestep t is state t, and only the visited rows exist."""

    wiring: Wiring
    rows: list[tuple[int, Circuit]]

    def add(self, registers: Tensor, choices: Tensor, halting: Tensor) -> None:
        """Add a timestep: registers before it [R, M], choices [D, V], f_t."""
        wiring = self.wiring
        chosen = one_hot_values(choices).tolist()
        operations = tuple(
            Operation(gate, tuple(chosen[decision] for decision in decisions))
            for gate, decisions in zip(wiring.modules, wiring.operands, strict=True)
        )
        zero = one_hot_values(registers) == 0
        bits = sum(1 << i for i, is_zero in enumerate(zero.tolist()) if is_zero)
        circuit = Circuit(operations, tuple(chosen[wiring.updates]), bool(halting))
        self.rows.append((bits, circuit))

    def program(self) -> Program:
        rows = 1 << self.wiring.registers
        last = len(self.rows) - 1
        table = tuple(
            tuple(
                Row(circuit, min(state + 1, last)) if row == bits else None for row in range(rows)
            )
            for state, (bits, circuit) in enumerate(self.rows)
        )
        return Program(self.wiring.registers, table, METADATA)


@pytest.mark.parametrize("kind", ["mlp", "lstm"])
@pytest.mark.parametrize("repetitions", [1, 2])
def test_every_discretized_run_is_an_interpreters_run(kind: str, repetitions: int) -> None:
    """Also for a recurrent controller: interpret the circuits that its run chose, one by one."""
    members, batch, size = 6, 4, 5
    controller = rarely_halting(
        random_controller(kind=kind, repetitions=repetitions, members=members, dtype=torch.float32)
    )
    memories = random_memories(controller, batch, size, seed=1)
    budget = torch.full((members, batch), 8)
    with torch.no_grad():
        steps = list(timesteps(controller, memories, budget, hard))
    for member in range(members):
        for sample in range(batch):
            expected = outcome(steps, member, sample)
            unrolled = Unrolled(controller.wiring, [])
            registers = functional.one_hot(torch.zeros(3, dtype=torch.int64), size).float()
            for step in steps[: expected.steps]:
                own = (member, sample)
                unrolled.add(registers, step.choices[own], step.halting[own])
                registers = step.registers[own]
            program = unrolled.program()
            assert run(program, memories[member, sample].tolist(), 8) == expected


def test_lstm_decides_by_more_than_the_zero_bits() -> None:
    """Otherwise the test above would say nothing about the recurrent state."""
    controller = random_controller(kind="lstm", members=8, dtype=torch.float32)
    zero = torch.ones(8, 1, 3)
    first, _, state = controller(zero, controller.start(1))
    second, _, _ = controller(zero, state)
    assert not torch.equal(first.argmax(-1), second.argmax(-1))


@given(st.lists(st.integers(-2, 2), min_size=1, max_size=9), st.integers(-1, 1))
def test_hard_ties_go_to_the_lowest_index(logits: list[int], halting: int) -> None:
    choices, finish = hard(torch.tensor([[[logits]]]).float(), torch.tensor([[halting]]).float())
    assert one_hot_values(choices).item() == logits.index(max(logits))
    assert finish.item() == (1 if halting > 0 else 0)


def test_a_machine_that_prefers_nothing_reads_value_0_and_never_halts() -> None:
    """All logits 0, so f = 1/2, which is not over 1/2, and every decision falls to register 0."""
    controller = Controller(Wiring(2, 1), ControllerConfig("mlp", 3), members=1)
    steps = list(timesteps(controller, torch.tensor([[[1, 0]]]), torch.tensor([[3]]), hard))
    assert len(steps) == 3
    for step in steps:
        assert not one_hot_values(step.choices).any()
        assert not step.halting.any()


def random_logits(requires_grad: bool) -> tuple[Tensor, Tensor]:
    """Logits [2, 50, 3, 4] and halting logits [2, 50]."""
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(2, 50, 3, 4, generator=generator)
    halting = torch.randn(2, 50, generator=generator)
    return logits.requires_grad_(requires_grad), halting.requires_grad_(requires_grad)


def mixed(straight_through: list[float], gumbel: list[float]) -> Decide:
    generator = torch.Generator().manual_seed(1)
    return mixture(torch.tensor(straight_through), torch.tensor(gumbel), generator)


def test_straight_through_is_exactly_hard_forward_and_soft_backward() -> None:
    gradients = []
    for decide in (soft, mixed([1.0, 1.0], [0.0, 0.0])):
        logits, halting = random_logits(requires_grad=True)
        choices, finish = decide(logits, halting)
        ((choices * torch.arange(4.0)).sum() + finish.sum()).backward()  # type: ignore[no-untyped-call]
        gradients.append((logits.grad, halting.grad))
    for found, expected in zip((choices, finish), hard(logits, halting), strict=True):
        assert torch.equal(found, expected)
    torch.testing.assert_close(gradients[1], gradients[0])


def test_each_member_decides_its_own_share_of_samples_hard() -> None:
    """And the same samples in every timestep of a run."""
    decide = mixed([0.0, 0.5], [0.0, 0.0])
    logits, halting = random_logits(requires_grad=False)
    soft_choices, hard_choices = soft(logits, halting)[0], hard(logits, halting)[0]
    hardened = []
    for _ in range(2):
        choices, _ = decide(logits, halting)
        is_hard = (choices == hard_choices).flatten(2).all(-1)
        is_soft = (choices == soft_choices).flatten(2).all(-1)
        assert torch.equal(is_hard, ~is_soft)
        hardened.append(is_hard)
    assert torch.equal(hardened[0], hardened[1])
    assert hardened[0].sum(1).tolist() == [0, pytest.approx(25, abs=10)]


def test_gumbel_noise_draws_from_the_softmax() -> None:
    """The most likely choice under noise of scale 1 is i with probability softmax_i."""
    logits = torch.tensor([2.0, 1.0, 0.0, -torch.inf]).expand(1, 20_000, 1, 4)
    choices, _ = mixed([1.0], [1.0])(logits, torch.zeros(1, 20_000))
    shares = choices.mean(1)[0, 0]
    torch.testing.assert_close(shares, logits[0, 0, 0].softmax(0), rtol=0, atol=0.015)


def test_unused_choices_have_no_probability() -> None:
    controller = random_controller(repetitions=2, members=2, dtype=torch.float32)
    logits, halting, _ = controller(torch.linspace(0, 1, 18).view(2, 3, 3), None)
    for decide in (soft, hard):
        choices, finish = decide(logits, halting)
        torch.testing.assert_close(choices.sum(-1), torch.ones(choices.shape[:-1]))
        assert not choices[..., ~controller.wiring.allowed].any()
        assert ((finish >= 0) & (finish <= 1)).all()


def halting_after(logit: float) -> Controller:
    controller = random_controller(members=2, dtype=torch.float32)
    with torch.no_grad():
        controller.halting.weight.zero_()
        controller.halting.bias.fill_(logit)
    return controller


def test_the_output_is_forced_at_the_budget_of_each_sample() -> None:
    controller = halting_after(-100.0)
    memories = random_memories(controller, 3, 4, seed=0)
    budget = torch.tensor([[1, 2, 5], [3, 3, 4]])
    for decide in (soft, hard):
        steps = list(timesteps(controller, memories, budget, decide))
        finish = torch.stack([step.finish for step in steps])
        assert torch.equal(finish, functional.one_hot(budget - 1, 5).movedim(-1, 0).float())
        assert not any(step.halting.any() for step in steps if decide is hard)


def test_a_run_ends_when_every_sample_has_finished() -> None:
    controller = halting_after(100.0)
    memories = random_memories(controller, 3, 4, seed=0)
    for decide in (soft, hard):
        with torch.no_grad():
            (step,) = timesteps(controller, memories, torch.full((2, 3), 50), decide)
        assert (step.finish == 1).all()
        for_gradients = list(timesteps(controller, memories, torch.full((2, 3), 5), decide))
        assert len(for_gradients) == 5


@torch.no_grad()
def test_finish_is_the_papers_distribution() -> None:
    """p_t = f (1-f)^(t-1) for a constant f, and the rest at T."""
    controller = halting_after(0.0)
    memories = random_memories(controller, 1, 2, seed=0)
    steps = list(timesteps(controller, memories, torch.full((2, 1), 4)))
    assert [float(step.finish[0, 0]) for step in steps] == [0.5, 0.25, 0.125, 0.125]
    assert [float(step.alive[0, 0]) for step in steps] == [1, 0.5, 0.25, 0.125]
    assert [float(step.halting[0, 0]) for step in steps] == [0.5] * 4


def test_wiring_orders_decisions_by_module_then_registers() -> None:
    wiring = Wiring(3, 2)
    assert wiring.values == 3 + 28
    decision = 0
    for module, (gate, decisions) in enumerate(zip(wiring.modules, wiring.operands, strict=True)):
        assert decisions == range(decision, decision + GATES[gate].arity)
        for own in decisions:
            assert wiring.allowed[own].tolist() == [v < 3 + module for v in range(31)]
        decision = decisions.stop
    assert wiring.updates == slice(decision, decision + 3)
    assert wiring.decisions == decision + 3
    assert wiring.allowed[wiring.updates].all()
