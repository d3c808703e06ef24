"""The soft NRAM (section 3 of the paper), batched over P members and B samples.

The discretized machine is this same machine with :data:`HARD` in place of :data:`SOFT`: each
softmax replaced by a hardmax and the halting probability by a threshold (section 3.4). That is the
oracle of everything compiled.

Shapes: P members, B samples a member, M memory cells, R registers, D decisions, V values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from hardmax.runtime.nram.gates import GATES, Gate
from hardmax.trainer.decisions import HARD, SOFT
from hardmax.trainer.gradient_clipping import constrain
from hardmax.trainer.nram.controller import Controller
from hardmax.trainer.nram.gates import FUZZY_MEANING, constant, read, write

Decide = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
"""(logits [P, B, D, V], halting logit [P, B]) -> (distributions [P, B, D, V], f [P, B])."""

Execute = Callable[[Controller, Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]
"""What :func:`execute_circuit` is."""

FINISHED = 1e-12
"""Runs whose probability of still going on is below this, for every sample, are over.

Where a gradient is taken, each sample runs to the end of its budget: a decision to stop that is
made hard is then compared with going on, whatever the other samples do.
"""


def soft(logits: Tensor, halting: Tensor) -> tuple[Tensor, Tensor]:
    """Section 3: softmax and sigmoid."""
    return SOFT.choose(logits), SOFT.switch(halting)


def hard(logits: Tensor, halting: Tensor) -> tuple[Tensor, Tensor]:
    """Section 3.4: one-hot of the first maximum, and f > 1/2."""
    return HARD.choose(logits), HARD.switch(halting)


@dataclass(frozen=True)
class Timestep:
    """What one timestep leaves behind.

    Attributes:
        memory: [P, B, M, M], the tape after the timestep (cell, value).
        registers: [P, B, R, M], the registers after the timestep.
        finish: [P, B], p_t: the probability that the output is produced exactly here.
        alive: [P, B], the probability that the run had not finished before this timestep.
        choices: [P, B, D, V], every distribution the controller put out.
        halting: [P, B], f_t as the controller put it out, before T forces the output.
    """

    memory: Tensor
    registers: Tensor
    finish: Tensor
    alive: Tensor
    choices: Tensor
    halting: Tensor


def execute_circuit(
    controller: Controller, choices: Tensor, tape: Tensor, registers: Tensor
) -> tuple[Tensor, Tensor]:
    """One fuzzy circuit: eq. (1) for every module in order, then eq. (3) for the registers.

    Registers and the constant gates are known before any module runs, so their share of every
    operand is one matrix product; only the other modules' outputs are added one by one.

    Args:
        choices: [P, B, D, V], tape: [P, B, M, M], registers: [P, B, R, M].

    Returns:
        The tape and the registers after the timestep.
    """
    wiring, arities = controller.wiring, controller.arities
    like = registers[..., 0, :]
    constants = [FUZZY_MEANING[wiring.modules[i]](like, like) for i in wiring.constants]
    early_values = torch.cat((registers, torch.stack(constants, -2)), -2)
    # Split, not sliced: the gradients of all pieces are put together once.
    blend = choices.index_select(-1, controller.early) @ early_values
    blends = torch.split(blend, arities, dim=-2)
    weights = torch.split(choices.index_select(-1, controller.late), arities, dim=-2)

    outputs: list[Tensor] = []

    def operands(number: int) -> Tensor:
        if not outputs:
            return constrain(blends[number])
        known = weights[number][..., : len(outputs)]
        return constrain(blends[number] + known @ torch.stack(outputs, -2))

    number = 0
    for gate in wiring.modules:
        if GATES[gate].arity == 0:
            continue
        first, *rest = operands(number).unbind(-2)
        number += 1
        if gate is Gate.READ:
            output = read(tape, first)
        elif gate is Gate.WRITE:
            tape = constrain(write(tape, first, rest[0]))
            output = constant(0, like)
        else:
            output = FUZZY_MEANING[gate](first, rest[0] if rest else first)
        outputs.append(output)
    return tape, operands(number)


def timesteps(
    controller: Controller,
    memory: Tensor,
    budget: Tensor,
    decide: Decide = soft,
    execute: Execute = execute_circuit,
) -> Iterator[Timestep]:
    """Run the machine, timestep by timestep, until every sample has finished (see FINISHED).

    Args:
        controller: P controllers.
        memory: int64 [P, B, M], values 0..M-1: the tape at the start.
        budget: int64 [P, B], T of each sample: the output is forced at timestep T (section 3.3).
        decide: :func:`soft`, :func:`hard`, or a training-time mixture of the two.
        execute: :func:`execute_circuit` or the same, compiled.
    """
    wiring = controller.wiring
    members, batch, size = memory.shape
    dtype = controller.halting.weight.dtype
    tape = functional.one_hot(memory, size).to(dtype)
    registers = constant(0, tape.new_empty(members, batch, wiring.registers, size))
    state = controller.start(batch)
    alive = tape.new_ones(members, batch)
    for t in range(1, int(budget.max()) + 1):
        logits, halting, state = controller(registers[..., 0], state)
        choices, finishing = decide(logits, halting)
        tape, registers = execute(controller, choices, tape, registers)
        forced = torch.where(budget == t, torch.ones_like(finishing), finishing)
        yield Timestep(tape, registers, alive * forced, alive, choices, finishing)
        alive = alive * (1 - forced)
        if not torch.is_grad_enabled() and bool((alive < FINISHED).all()):
            return
