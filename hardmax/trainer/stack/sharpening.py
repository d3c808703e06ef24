"""Hardening by training on: the machine's own decisions become certain, from its weights onwards.

Once the discretized machine is exact, gradient steps enlarge the margins of the decisions that its
runs take, until soft and discretized machine agree, as in ``hardmax.trainer.nram.sharpening``.
"""

from __future__ import annotations

import torch

from hardmax.trainer.stack.machine import StackMachine
from hardmax.trainer.stack.margins import Decisions, Met

TRAINED_MARGIN = 12.0
"""The smallest margin of a decision that matters, in a row that a run meets."""

LEARNING_RATE = 0.01
LIMIT = 2000
"""Adam's rate and largest number of updates."""


def sharpen(machine: StackMachine, met: Met) -> bool:
    """Enlarge the margins of a population of one whose discretized machine is exact, in place.

    The loss is Crammer and Singer's hinge on the margins of the decisions taken in the rows met,
    which asks for a little more than TRAINED_MARGIN.

    Returns:
        Whether all margins have become large enough.
    """
    decisions = Decisions(machine, met)
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
