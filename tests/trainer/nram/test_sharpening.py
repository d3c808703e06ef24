"""Hardening by training on: the same program, with margins, from the network's own weights."""

from __future__ import annotations

import pytest
import torch

from hardmax.trainer.layers import ControllerConfig
from hardmax.trainer.nram import lstm
from hardmax.trainer.nram.acceptance import acceptance_examples, is_exact, reached_rows
from hardmax.trainer.nram.controller import Controller
from hardmax.trainer.nram.hardening import MARGIN, lookup_table
from hardmax.trainer.nram.machine import hard
from hardmax.trainer.nram.objective import run_batch
from hardmax.trainer.nram.sharpening import TRAINED_MARGIN, is_exact_machine, sharpen
from hardmax.trainer.nram.tasks import find_task
from hardmax.trainer.nram.wiring import Wiring
from tests.support.tables import table_from_program
from tests.support.trained import access_program, model_of, wrong_access_program

ACCESS = find_task("access")
COMPLEXITY = 5
RAW_MARGIN = 0.5
EXAMPLES = acceptance_examples(ACCESS)


def with_margin(controller: Controller, margin: float) -> Controller:
    """The same decisions, but hardly."""
    with torch.no_grad():
        for layer in (controller.decisions, controller.halting):
            layer.weight.mul_(margin / MARGIN)
            layer.bias.mul_(margin / MARGIN)
    return controller


def barely_exact(kind: str) -> Controller:
    """A controller whose discretized machine is right and whose soft machine is not."""
    if kind == "mlp":
        return with_margin(model_of(access_program()).controller.select(0), RAW_MARGIN)
    controller = Controller(Wiring(2, 1), ControllerConfig("lstm", hidden=12), members=1)
    controller.initialise(0, torch.Generator().manual_seed(1))
    assert lstm.learn_table(ACCESS, controller, table_from_program(access_program()), EXAMPLES)
    return with_margin(controller, RAW_MARGIN)


@torch.no_grad()
def soft_error(controller: Controller) -> float:
    batch = ACCESS.sample(torch.full((200,), 5), 7, torch.Generator().manual_seed(0))
    budget = batch.timesteps.unsqueeze(0)
    assert float(run_batch(controller, batch, budget, hard).error.max()) == 0
    return float(run_batch(controller, batch, budget).error.mean())


@pytest.mark.parametrize("kind", ["mlp", "lstm"])
def test_margins_grow_and_the_program_stays(kind: str) -> None:
    controller = barely_exact(kind)
    before = controller.select(0)
    assert soft_error(controller) > 0.1
    as_found = sharpen(ACCESS, controller, EXAMPLES, COMPLEXITY)
    assert as_found is not None
    assert as_found.soft_error > 0.1
    assert soft_error(controller) == 0
    assert is_exact_machine(ACCESS, controller, EXAMPLES)
    traces = lstm.record(ACCESS, controller, EXAMPLES)
    with torch.no_grad():
        assert lstm.smallest_margin(*lstm.replay(controller, traces), traces) >= TRAINED_MARGIN
        logits, halting = lstm.replay(before, traces)
        found = lstm.smallest_margin(logits, halting, traces)
    assert as_found.margin == pytest.approx(found)
    taken = logits.argmax(-1) == traces.choices
    assert taken[traces.live[:, :-1]].all()


def test_what_makes_mistakes_is_refused() -> None:
    controller = with_margin(model_of(wrong_access_program()).controller.select(0), RAW_MARGIN)
    assert sharpen(ACCESS, controller, EXAMPLES, COMPLEXITY) is None


def test_only_rows_that_runs_use_are_reached() -> None:
    """Both registers are 0 at first; then the first holds an address, and cell 0 is not 0."""
    controller = model_of(access_program()).controller
    table, _ = lookup_table(controller, 0)
    assert is_exact(ACCESS, table, EXAMPLES)
    reached = reached_rows(ACCESS, table, EXAMPLES)
    traces = lstm.record(ACCESS, controller, EXAMPLES)
    seen = (traces.zero[traces.new].long() << torch.arange(2)).sum(-1)
    assert set(reached.nonzero()[0].tolist()) == set(seen.tolist())
    assert not reached.all()
