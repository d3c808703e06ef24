"""Recurrent controllers: they have no lookup table, so they are accepted and hardened by running.

What such a controller decides depends on all zero-bits so far. A :class:`Traces` holds the
sequences of zero-bits that runs visit and what was decided after each; a controller is hardened
by making its decisions on them certain.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from hardmax.runtime.memory.held_against import OVERTIME
from hardmax.trainer.layers import ControllerConfig
from hardmax.trainer.nram import hardening
from hardmax.trainer.nram.controller import Controller
from hardmax.trainer.nram.discrete import discrete_timesteps, run_discrete
from hardmax.trainer.nram.hardening import MARGIN, RAW_MARGIN, margins
from hardmax.trainer.nram.search.kernel import Examples
from hardmax.trainer.nram.search.table import Table
from hardmax.trainer.nram.tasks import Task
from hardmax.trainer.nram.wiring import Wiring, live_decisions

FIT_RATE = 0.003
FIT_LIMIT = 2000
"""Adam's rate and largest number of updates of a fit."""

RUNS_AT_ONCE = 500
"""Examples run side by side; a controller that fails on the first ones is not run on the rest."""

MAX_GRADIENT = 1.0
"""Norm to which the gradient of a fit is clipped: it comes through every timestep of a trace."""


@dataclass(frozen=True)
class Traces:
    """N distinct sequences of at most T timesteps.

    Attributes:
        zero: float [N, T, R], the zero-bits that the controller sees; 0 after a sequence's end.
        new: bool [N, T], K of them true: timesteps that no earlier sequence shares.
        choices: int64 [K, D], the decisions taken in these timesteps, sequence by sequence.
        halt: bool [K], whether the run stopped.
        live: bool [K, D + 1], the decisions that matter, halting last.
    """

    zero: Tensor
    new: Tensor
    choices: Tensor
    halt: Tensor
    live: Tensor


def is_exact_run(task: Task, controller: Controller, examples: Examples) -> bool:
    """Whether a controller makes no mistake in its step budget, and none in ten times as many.

    Args:
        controller: a population of one, of any kind.
        examples: as :func:`hardmax.trainer.nram.acceptance.acceptance_examples` draws them.
    """
    memory, size, budget = _tapes(task, examples)
    expected, output = torch.from_numpy(examples.expected), torch.from_numpy(examples.output)
    pending = torch.arange(len(size))
    for factor in (1, OVERTIME):
        unfinished = []
        for chosen in torch.split(pending, RUNS_AT_ONCE):
            run = run_discrete(controller, memory[chosen], size[chosen], factor * budget[chosen])
            if bool(((run.memory != expected[chosen]) & output[chosen]).any()):
                return False
            unfinished.append(chosen[~run.halted])
        pending = torch.cat(unfinished)
    return True


def _tapes(task: Task, examples: Examples) -> tuple[Tensor, Tensor, Tensor]:
    """Memory [N, cells], size [N] and step budget [N] of every example."""
    size = torch.from_numpy(examples.size)
    budget = task.budget.steps(size)
    return torch.from_numpy(examples.memory), size, budget


@torch.no_grad()
def record(task: Task, controller: Controller, examples: Examples) -> Traces:
    """The sequences that a controller's discretized runs visit within their step budget.

    Args:
        controller: a population of one, of any kind.
    """
    wiring = controller.wiring
    steps = [
        (step.zero, step.choices, step.halting > 0, step.running)
        for step in discrete_timesteps(controller, *_tapes(task, examples))
    ]
    zero, choices, halt, running = (torch.stack(parts, 1) for parts in zip(*steps, strict=True))
    code = (zero.long() << torch.arange(wiring.registers)).sum(-1).masked_fill(~running, -1)
    _, first = np.unique(code.numpy(), axis=0, return_index=True)  # in order, so prefixes adjoin
    code = code[first]
    differs = torch.ones_like(code, dtype=torch.bool)
    differs[1:] = (code[1:] != code[:-1]).cumsum(1) > 0
    new = differs & running[first]
    zero, choices, halt = zero[first] * running[first].unsqueeze(-1), choices[first], halt[first]
    live = live_masks(wiring, choices[new], halt[new])
    return Traces(zero, new, choices[new], halt[new], live)


def live_masks(wiring: Wiring, choices: Tensor, halt: Tensor) -> Tensor:
    """bool [K, D + 1]: :func:`hardmax.trainer.nram.wiring.live_decisions` of K timesteps.

    Args:
        choices: int64 [K, D]; halt: bool [K].
    """
    live = torch.zeros(len(choices), wiring.decisions + 1, dtype=torch.bool)
    for row, chosen, stop in zip(live, choices.tolist(), halt.tolist(), strict=True):
        row[[decision for decision, _ in live_decisions(wiring, wiring.circuit(chosen, stop))]] = (
            True
        )
    return live


def replay(controller: Controller, traces: Traces) -> tuple[Tensor, Tensor]:
    """What a controller answers in the K timesteps of traces: logits [K, D, V], halting [K]."""
    state = controller.start(len(traces.zero))
    hidden = []
    for zero in traces.zero.unbind(1):
        output, state = controller.advance(zero.unsqueeze(0), state)
        hidden.append(output[0])
    logits, halting = controller.decide(torch.stack(hidden, 1)[traces.new].unsqueeze(0))
    return logits[0], halting[0]


def smallest_margin(logits: Tensor, halting: Tensor, traces: Traces) -> float:
    """The smallest margin of a live decision; negative where one is not taken."""
    return float(margins(logits, halting, traces.choices, traces.halt)[traces.live].min())


def harden(controller: Controller, traces: Traces) -> bool:
    """Fit a recurrent controller of one member to traces, its own or another's, in place.

    What it decides on other sequences may change, so that it must be accepted again.

    Returns:
        Whether it learned them; every live decision then has a margin of at least MARGIN.
    """
    optimizer = torch.optim.Adam(controller.parameters(), lr=FIT_RATE)
    for _ in range(FIT_LIMIT):
        logits, halting = replay(controller, traces)
        least = smallest_margin(logits.detach(), halting.detach(), traces)
        if least >= RAW_MARGIN:
            with torch.no_grad():
                for layer in (controller.decisions, controller.halting):
                    layer.weight.mul_(MARGIN / least)
                    layer.bias.mul_(MARGIN / least)
            return True
        surprise = functional.cross_entropy(
            logits.transpose(1, 2), traces.choices, reduction="none"
        )
        loss = surprise[traces.live[:, :-1]].mean()
        loss = loss + functional.binary_cross_entropy_with_logits(halting, traces.halt.float())
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(controller.parameters(), MAX_GRADIENT)
        optimizer.step()
    return False


def learn_table(task: Task, controller: Controller, table: Table, examples: Examples) -> bool:
    """Teach a recurrent controller a program that search found, from the program's own runs.

    Args:
        controller: one member, with fresh weights; fitted in place.
        examples: as :func:`hardmax.trainer.nram.acceptance.acceptance_examples` draws them.

    Returns:
        Whether it learned the program, and is exact.
    """
    teacher = Controller(controller.wiring, ControllerConfig("mlp"), members=1)
    teacher.initialise(0, torch.Generator().manual_seed(0))
    hardening.harden(teacher, table)
    traces = record(task, teacher, examples)
    return harden(controller, traces) and is_exact_run(task, controller, examples)
