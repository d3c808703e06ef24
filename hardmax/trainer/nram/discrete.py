"""The discretized machine on integers: ``machine.timesteps(..., hard)`` without the one-hots.

Every register and cell is an integer, so a timestep costs nothing in M, and long inputs can be run
under any controller, recurrent ones included.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from hardmax.runtime.nram.gates import Gate
from hardmax.trainer.nram.controller import Controller
from hardmax.trainer.nram.wiring import Wiring


@dataclass(frozen=True)
class DiscreteStep:
    """One timestep of B discretized runs; what a run that is over shows means nothing.

    Attributes:
        zero: [B, R], 1 where a register was 0 before the timestep: what the controller saw.
        logits: [B, D, V], what it answered.
        halting: [B], its halting logit.
        choices: int64 [B, D], the first maxima of the logits.
        running: bool [B], whether the timestep is part of the run.
        memory: int64 [B, cells], the tapes after it; changed in place by the next timestep.
    """

    zero: Tensor
    logits: Tensor
    halting: Tensor
    choices: Tensor
    running: Tensor
    memory: Tensor


@dataclass(frozen=True)
class DiscreteRun:
    """How B discretized runs ended.

    Attributes:
        memory: int64 [B, cells], the tapes at the end.
        steps: int64 [B], timesteps run.
        halted: bool [B], whether the controller stopped, rather than its budget.
    """

    memory: Tensor
    steps: Tensor
    halted: Tensor


@torch.no_grad()
def run_discrete(
    controller: Controller, memory: Tensor, size: Tensor, budget: Tensor
) -> DiscreteRun:
    """Run a population of one on B tapes; the arguments are those of :func:`discrete_timesteps`."""
    steps = torch.zeros_like(budget)
    halted = torch.zeros_like(budget, dtype=torch.bool)
    for step in discrete_timesteps(controller, memory, size, budget):
        steps += step.running
        halted |= step.running & (step.halting > 0)
        memory = step.memory
    return DiscreteRun(memory.clone(), steps, halted)


def discrete_timesteps(
    controller: Controller, memory: Tensor, size: Tensor, budget: Tensor
) -> Iterator[DiscreteStep]:
    """Run a population of one, timestep by timestep, until every run has ended.

    Args:
        controller: one member.
        memory: int64 [B, cells], of which the first ``size`` are tape, values 0..size-1.
        size: int64 [B], each tape's M, 1..cells.
        budget: int64 [B], timesteps after which each run is stopped.
    """
    batch = len(memory)
    wiring = controller.wiring
    memory = memory.clone()
    registers = memory.new_zeros(batch, wiring.registers)
    running = budget > 0
    state = controller.start(batch)
    t = 0
    while bool(running.any()):
        zero = (registers == 0).to(controller.halting.weight.dtype)
        logits, halting, state = controller(zero.unsqueeze(0), state)
        choices = logits[0].argmax(-1)
        registers = _execute(wiring, choices, memory, size, registers, running)
        yield DiscreteStep(zero, logits[0], halting[0], choices, running, memory)
        t += 1
        running = running & (halting[0] <= 0) & (budget > t)


def _execute(
    wiring: Wiring,
    choices: Tensor,
    memory: Tensor,
    size: Tensor,
    registers: Tensor,
    running: Tensor,
) -> Tensor:
    """One circuit; WRITEs go to ``memory`` where ``running``. Returns the new registers [B, R]."""
    values = torch.cat((registers, registers.new_zeros(len(registers), len(wiring.modules))), 1)
    for module, gate in enumerate(wiring.modules):
        decisions = wiring.operands[module]
        operands = values.gather(1, choices[:, decisions.start : decisions.stop])
        if gate is Gate.READ:
            output = memory.gather(1, operands).squeeze(1)
        elif gate is Gate.WRITE:
            address, value = operands[:, :1], operands[:, 1:]
            kept = torch.where(running[:, None], value, memory.gather(1, address))
            memory.scatter_(1, address, kept)
            continue
        else:
            output = ARITHMETIC[gate](operands, size)
        values[:, wiring.registers + module] = output
    return values.gather(1, choices[:, wiring.updates])


ARITHMETIC: dict[Gate, Callable[[Tensor, Tensor], Tensor]] = {
    Gate.ZERO: lambda x, m: torch.zeros_like(m),
    Gate.ONE: lambda x, m: 1 % m,
    Gate.TWO: lambda x, m: 2 % m,
    Gate.INC: lambda x, m: (x[:, 0] + 1) % m,
    Gate.ADD: lambda x, m: (x[:, 0] + x[:, 1]) % m,
    Gate.SUB: lambda x, m: (x[:, 0] - x[:, 1]) % m,
    Gate.DEC: lambda x, m: (x[:, 0] - 1) % m,
    Gate.LESS_THAN: lambda x, m: (x[:, 0] < x[:, 1]) * (1 % m),
    Gate.LESS_OR_EQUAL_THAN: lambda x, m: (x[:, 0] <= x[:, 1]) * (1 % m),
    Gate.EQUALITY_TEST: lambda x, m: (x[:, 0] == x[:, 1]) * (1 % m),
    Gate.MIN: lambda x, m: x.amin(1),
    Gate.MAX: lambda x, m: x.amax(1),
}
"""Integer meanings on tensors: operands int64 [B, arity] and M int64 [B] in, int64 [B] out."""
