"""A run of the soft machine beside the discretized one: what pictures and pages show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from hardmax.trainer.nram.machine import hard, soft, timesteps
from hardmax.trainer.nram.model import Model
from hardmax.trainer.nram.wiring import live_decisions

Numbers = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class SoftRun:
    """T timesteps of the soft machine, as many as the discretized one takes on the same memory.

    Attributes:
        memory: (T + 1, M, M), distributions of the cells' values at the start of each timestep, and
            at the end.
        registers: (T + 1, R, M), those of the registers.
        hard_memory: (T + 1, M), the discretized machine's cells.
        hard_registers: (T + 1, R), its registers.
        decisions: (D, T), the probability that the soft machine gives to what the discretized one
            decides; not a number where the decision does not matter.
        names: of the D decisions.
        largest: the largest difference between a probability of the memory and the discretized
            machine's, which is 0 or 1.
    """

    memory: Numbers
    registers: Numbers
    hard_memory: NDArray[np.int64]
    hard_registers: NDArray[np.int64]
    decisions: Numbers
    names: tuple[str, ...]
    largest: float


@torch.no_grad()
def soft_run(model: Model, memory: Sequence[int], most_steps: int) -> SoftRun | None:
    """Run both machines on a memory; None where the discretized one takes more timesteps.

    Args:
        memory: M cells, each 0..M-1.
        most_steps: timesteps, at least 1.
    """
    wiring, size = model.controller.wiring, len(memory)
    tape = torch.tensor([[list(memory)]])
    budget = torch.tensor([[model.task.budget.steps(size)]])
    decided = []
    for step in timesteps(model.controller, tape, budget, hard):
        decided.append(step)
        if step.finish.item() == 1:
            break
        if len(decided) == most_steps:
            return None
    live = []
    for step in decided:
        choices = step.choices[0, 0].argmax(-1).tolist()
        live.append(dict(live_decisions(wiring, wiring.circuit(choices, step.halting.item() == 1))))
    names = {number: name for of_step in live for number, name in of_step.items()}
    numbers = sorted(names)
    memories, registers = [_start(memory, size)], [_start([0] * wiring.registers, size)]
    hard_memories, hard_registers = memories.copy(), registers.copy()
    decisions = np.full((len(numbers), len(decided)), np.nan)
    for t, (here, there) in enumerate(
        zip(timesteps(model.controller, tape, budget, soft), decided, strict=False)
    ):
        memories.append(here.memory[0, 0].numpy())
        registers.append(here.registers[0, 0].numpy())
        hard_memories.append(there.memory[0, 0].numpy())
        hard_registers.append(there.registers[0, 0].numpy())
        chosen, halting = there.choices[0, 0].argmax(-1), float(here.halting.item())
        for row, number in enumerate(numbers):
            if number == wiring.decisions:
                decisions[row, t] = halting if there.halting.item() == 1 else 1 - halting
            elif number in live[t]:
                decisions[row, t] = float(here.choices[0, 0, number, chosen[number]])
    soft_memory, hard_memory = np.stack(memories), np.stack(hard_memories)
    return SoftRun(
        memory=soft_memory,
        registers=np.stack(registers),
        hard_memory=hard_memory.argmax(-1),
        hard_registers=np.stack(hard_registers).argmax(-1),
        decisions=decisions,
        names=tuple(names[number] for number in numbers),
        largest=float(abs(soft_memory - hard_memory).max()),
    )


def _start(values: Sequence[int], size: int) -> Numbers:
    """Values as distributions."""
    one_hot: Numbers = functional.one_hot(torch.tensor(list(values)), size).float().numpy()
    return one_hot
