"""Hardening by training on: a network's own decisions become certain, from its weights onwards.

Once the discretized machine is exact, gradient steps enlarge the margins of the decisions that its
runs take, until soft and discretized machine agree. The network stays the one that was trained;
fitting another to a program is for programs that search found
(:mod:`hardmax.trainer.nram.hardening`, :mod:`hardmax.trainer.nram.lstm`).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from hardmax.trainer.nram.acceptance import is_exact, reached_rows
from hardmax.trainer.nram.controller import Controller
from hardmax.trainer.nram.hardening import lookup_table, margins, zero_bit_patterns
from hardmax.trainer.nram.lstm import (
    Traces,
    is_exact_run,
    live_masks,
    record,
    replay,
    smallest_margin,
)
from hardmax.trainer.nram.objective import run_batch
from hardmax.trainer.nram.search.kernel import Examples
from hardmax.trainer.nram.tasks import Task

TRAINED_MARGIN = 15.0
"""The smallest margin of a decision that matters, in a timestep that a run of an example reaches.

The other choices together then have less than a hundred-thousandth of the probability.
"""

LEARNING_RATE = 0.003
LIMIT = 3000
"""Adam's rate and largest number of updates."""

MAX_GRADIENT = 1.0
"""Norm to which a gradient is clipped: an LSTM's comes through every timestep of a run."""

SAMPLES = 256
"""Samples of the largest complexity in training on which the soft machine must be right."""


@dataclass(frozen=True)
class AsFound:
    """What a machine was like when it was found exact, before its margins were enlarged.

    Attributes:
        margin: the smallest of a decision that its runs of the examples take.
        soft_error: of the soft machine at the largest complexity in training.
    """

    margin: float
    soft_error: float


def sharpen(
    task: Task, controller: Controller, examples: Examples, complexity: int
) -> AsFound | None:
    """Enlarge the margins of a controller whose discretized machine is exact, in place.

    The loss is Crammer and Singer's hinge on the margins of the decisions taken, which asks for a
    little more than TRAINED_MARGIN.

    Args:
        controller: a population of one, of any kind.
        examples: as :func:`hardmax.trainer.nram.acceptance.acceptance_examples` draws them.
        complexity: the largest in training.

    Returns:
        What it was like before; None if not all margins have become large enough, the discretized
        machine is no longer exact, or the soft machine is not right as well.
    """
    traces = _own_decisions(task, controller, examples)
    with torch.no_grad():
        margin = smallest_margin(*replay(controller, traces), traces)
    as_found = AsFound(margin, _soft_error(task, controller, complexity))
    sharpened = (
        _enlarge_margins(controller, traces)
        and is_exact_machine(task, controller, examples)
        and _soft_error(task, controller, complexity) == 0
    )
    return as_found if sharpened else None


def is_exact_machine(task: Task, controller: Controller, examples: Examples) -> bool:
    """Whether the discretized machine of a population of one, of any kind, makes no mistake."""
    if controller.recurrent:
        return is_exact_run(task, controller, examples)
    return is_exact(task, lookup_table(controller, 0)[0], examples)


def _own_decisions(task: Task, controller: Controller, examples: Examples) -> Traces:
    """What the discretized machine decides in its runs of the examples."""
    if controller.recurrent:
        return record(task, controller, examples)
    # Each row of the lookup table that is reached is a run of one timestep.
    table, _ = lookup_table(controller, 0)
    rows = torch.from_numpy(reached_rows(task, table, examples)).nonzero().flatten()
    zero = zero_bit_patterns(controller.wiring.registers)[rows].unsqueeze(1)
    with torch.no_grad():
        logits, halting, _ = controller(zero.transpose(0, 1), None)
    choices, halt = logits[0].argmax(-1), halting[0] > 0
    new = torch.ones(zero.shape[:2], dtype=torch.bool)
    return Traces(zero, new, choices, halt, live_masks(controller.wiring, choices, halt))


def _enlarge_margins(controller: Controller, traces: Traces) -> bool:
    """Train until every decision of traces that matters has its margin."""
    optimizer = torch.optim.Adam(controller.parameters(), lr=LEARNING_RATE)
    for _ in range(LIMIT):
        logits, halting = replay(controller, traces)
        found: Tensor = margins(logits, halting, traces.choices, traces.halt)[traces.live]
        if float(found.detach().min()) >= TRAINED_MARGIN:
            return True
        optimizer.zero_grad()
        loss = torch.relu(1.1 * TRAINED_MARGIN - found).mean()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(controller.parameters(), MAX_GRADIENT)
        optimizer.step()
    return False


@torch.no_grad()
def _soft_error(task: Task, controller: Controller, complexity: int) -> float:
    """Of the soft machine, on samples of one complexity in a memory that just holds them."""
    generator = torch.Generator().manual_seed(complexity)
    sizes = torch.full((SAMPLES,), complexity)
    batch = task.sample(sizes, task.minimum_size(complexity), generator)
    return float(run_batch(controller, batch, batch.timesteps.unsqueeze(0)).error.mean())
