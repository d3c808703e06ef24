"""Hardening by training on: the machine's own decisions become certain, from its weights onwards.

Once the discretized machine is exact, gradient steps enlarge the margins of the decisions that its
runs take, until soft and discretized machine agree, as in ``hardmax.trainer.nram.sharpening``. What
a machine pops and pushes without need, as the sign for the end of the input, it is taught to leave.
"""

from __future__ import annotations

import torch

from hardmax.trainer.stack.acceptance import mistakes
from hardmax.trainer.stack.discrete import DiscreteController
from hardmax.trainer.stack.machine import StackMachine
from hardmax.trainer.stack.margins import Decisions, Met
from hardmax.trainer.stack.tasks.task import SymbolBatch

TRAINED_MARGIN = 12.0
"""The smallest margin of a decision that matters, in a row that a run meets."""

LEARNING_RATE = 0.01
LIMIT = 2000
"""Adam's rate and largest number of updates."""


def leave_needless(controller: DiscreteController, batch: SymbolBatch) -> None:
    """Let a controller be idle wherever a batch comes out right all the same.

    First all operations at one input symbol, as what pops and pushes may exchange a symbol without
    need; then each of them. Pushes come before pops: what is not pushed need not be popped.
    """
    operations, inputs = controller.idle.shape
    together = [slice(0, operations)]
    alone = [slice(number, number + 1) for number in reversed(range(operations))]
    for some in together + alone:
        for symbol in reversed(range(inputs)):
            before = controller.idle[some, symbol].copy()
            controller.idle[some, symbol] = True
            if mistakes(controller, batch) > 0:
                controller.idle[some, symbol] = before


def sharpen(machine: StackMachine, controller: DiscreteController, met: Met) -> bool:
    """Enlarge the margins of a population of one whose discretized machine is exact, in place.

    The loss is Crammer and Singer's hinge on the margins of the decisions taken in the rows met,
    which asks for a little more than TRAINED_MARGIN.

    Args:
        controller: the machine's, which may be idle where the machine is not yet.

    Returns:
        Whether all margins have become large enough.
    """
    decisions = Decisions(machine, controller, met)
    optimizer = torch.optim.Adam(machine.parameters(), lr=LEARNING_RATE)
    for _ in range(LIMIT):
        margins = torch.cat([margin.flatten() for margin in decisions.margins().values()])
        if float(margins.detach().min()) >= TRAINED_MARGIN:
            return True
        optimizer.zero_grad()
        loss = torch.relu(1.1 * TRAINED_MARGIN - margins).sum()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return False
