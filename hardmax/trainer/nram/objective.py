"""What training minimises and measures: section 3.3's expected loss, entropy, read-out."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from hardmax.trainer.gradient_clipping import bounded_log
from hardmax.trainer.nram.controller import Controller
from hardmax.trainer.nram.machine import Decide, Execute, execute_circuit, soft, timesteps
from hardmax.trainer.nram.tasks import Batch

UNCHANGED_WEIGHT = 0.25
"""Weight in the loss of an output cell that is to stay as it was; a cell to be changed has 1.

With equal weights doing nothing scores well on Swap, and nothing is learned.
"""


@dataclass(frozen=True)
class Outcome:
    """What a batch of runs gave.

    Attributes:
        loss: [P, B], expected negative log-likelihood of the output cells, per unit of weight.
        entropy: [P, B], mean entropy (nats) of the controller's distributions while running.
        value_entropy: [P, B], mean entropy (nats) of registers and memory cells while running, 0
            where it was not asked for.
        overrun: [P, B], probability that the run did not halt by itself within its budget.
        error: [P, B] in 0..1, share of output cells wrong in the read-out.
    """

    loss: Tensor
    entropy: Tensor
    value_entropy: Tensor
    overrun: Tensor
    error: Tensor


def run_batch(
    controller: Controller,
    batch: Batch,
    budget: Tensor,
    decide: Decide = soft,
    *,
    value_entropy: bool = False,
    execute: Execute = execute_circuit,
) -> Outcome:
    """Run every member on its samples and compare with the expected output.

    The read-out is the argmax of the expected memory, sum over t of p_t M(t).

    Args:
        controller: P controllers.
        batch: P * B samples, member by member.
        budget: int64 [P, B], T of each sample.
        decide: as in :func:`hardmax.trainer.nram.machine.timesteps`.
        value_entropy: whether to measure the entropy of registers and memory.
        execute: as in :func:`hardmax.trainer.nram.machine.timesteps`.
    """
    shape = (controller.members, -1, batch.inputs.shape[-1])
    inputs, expected = batch.inputs.view(shape), batch.expected.view(shape)
    weight = cell_weights(batch, controller.halting.weight.dtype).view(shape)

    loss = torch.zeros(inputs.shape[:2], device=inputs.device)
    entropy = torch.zeros_like(loss)
    values = torch.zeros_like(loss)
    overrun = torch.zeros_like(loss)
    duration = torch.zeros_like(loss)
    readout: Tensor | float = 0.0
    run = timesteps(controller, inputs, budget, decide, execute)
    for t, step in enumerate(run, start=1):
        likelihood = step.memory.gather(-1, expected.unsqueeze(-1)).squeeze(-1)
        loss = loss - step.finish * (weight * bounded_log(likelihood)).sum(-1)
        entropy = entropy + step.alive.detach() * _entropy(step.choices)
        if value_entropy:
            held = _entropy(step.registers) + _entropy(step.memory)
            values = values + step.alive.detach() * held
        overrun = overrun + (budget == t) * step.alive * (1 - step.halting)
        duration = duration + step.alive.detach()
        readout = readout + step.finish.detach()[..., None, None] * step.memory.detach()
    assert isinstance(readout, Tensor)
    error = batch.error(readout.argmax(-1).flatten(0, 1)).view(loss.shape)
    return Outcome(loss, entropy / duration, values / duration, overrun, error)


def cell_weights(batch: Batch, dtype: torch.dtype) -> Tensor:
    """[N, M]: every cell's weight in the loss; of a sample's cells they add up to 1."""
    changed = batch.output & (batch.inputs != batch.expected)
    weight = batch.output.to(dtype) * UNCHANGED_WEIGHT + changed * (1 - UNCHANGED_WEIGHT)
    return weight / weight.sum(-1, keepdim=True)


def _entropy(distributions: Tensor) -> Tensor:
    """[P, B]: mean entropy in nats of distributions [P, B, K, V]."""
    return -(distributions * bounded_log(distributions)).sum(-1).mean(-1)
