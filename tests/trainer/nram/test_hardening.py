"""A controller fitted to a lookup table is a soft machine that is its own discretization."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from hardmax.runtime.errors import HardmaxError
from hardmax.trainer.layers import ControllerConfig
from hardmax.trainer.nram import hardening
from hardmax.trainer.nram.controller import Controller
from hardmax.trainer.nram.hardening import (
    MARGIN,
    harden,
    lookup_table,
    table_shape,
    zero_bit_patterns,
)
from hardmax.trainer.nram.machine import hard, soft, timesteps
from hardmax.trainer.nram.objective import run_batch
from hardmax.trainer.nram.search.table import Table
from hardmax.trainer.nram.tasks import Batch
from hardmax.trainer.nram.wiring import Wiring
from tests.support.controllers import random_controller


def random_table(wiring: Wiring, seed: int) -> Table:
    shape = table_shape(wiring)
    generator = np.random.default_rng(seed)
    code = generator.integers(shape.limits(), size=(shape.rows, shape.slots), dtype=np.int16)
    return Table(shape, code)


def fitted(wiring: Wiring, table: Table, hidden: int = 32) -> Controller:
    controller = Controller(wiring, ControllerConfig("mlp", hidden), members=1)
    controller.initialise(0, torch.Generator().manual_seed(0))
    harden(controller, table)
    return controller


def test_rows_are_numbered_by_their_zero_bits() -> None:
    assert zero_bit_patterns(3).tolist() == [
        [row & 1, row >> 1 & 1, row >> 2 & 1] for row in range(8)
    ]


@pytest.mark.parametrize(("registers", "repetitions"), [(1, 1), (3, 1), (4, 1), (3, 2)])
def test_fit_gives_the_table_back_with_wide_margins(registers: int, repetitions: int) -> None:
    wiring = Wiring(registers, repetitions)
    table = random_table(wiring, seed=registers)
    found, margins = lookup_table(fitted(wiring, table), 0)
    assert found.shape == table.shape
    assert np.array_equal(found.code, table.code)
    assert margins.shape == (1 << registers, wiring.decisions + 1)
    assert float(margins.min()) == pytest.approx(MARGIN, rel=1e-4)


@pytest.mark.parametrize("seed", range(3))
def test_soft_run_of_a_fitted_controller_is_its_hard_run(seed: int) -> None:
    """Read-out, halting and every cell: with such margins nothing fuzzy is left."""
    wiring = Wiring(3, 1)
    table = random_table(wiring, seed)
    table.code[:, table.shape.halt_slot] = 0
    table.code[seed, table.shape.halt_slot] = 1  # not the row of the start
    controller = fitted(wiring, table)
    size, count = 6, 40
    memories = torch.randint(size, (1, count, size), generator=torch.Generator().manual_seed(seed))
    budget = torch.full((1, count), 10)
    with torch.no_grad():
        soft_run = list(timesteps(controller, memories, budget, soft))
        hard_run = list(timesteps(controller, memories, budget, hard))
        assert len(hard_run) <= len(soft_run)
        for soft_step, hard_step in zip(soft_run, hard_run, strict=False):
            alive = hard_step.alive > 0
            torch.testing.assert_close(soft_step.finish, hard_step.finish, rtol=0, atol=1e-4)
            for name in ("memory", "registers"):
                found, expected = getattr(soft_step, name), getattr(hard_step, name)
                torch.testing.assert_close(found[alive], expected[alive], rtol=0, atol=1e-4)
        # The read-out is compared through the error that training measures: take what the hard
        # machine leaves as the expected output of every cell.
        final = sum(step.finish[..., None, None] * step.memory for step in hard_run)
        assert isinstance(final, torch.Tensor)
        batch = Batch(
            memories[0],
            final[0].argmax(-1),
            torch.ones(count, size, dtype=torch.bool),
            budget[0],
        )
        assert not run_batch(controller, batch, budget, soft).error.any()
        assert not run_batch(controller, batch, budget, hard).error.any()


def test_a_network_without_room_for_the_table_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardening, "FIT_LIMIT", 500)  # with room it takes about a hundred
    wiring = Wiring(3, 1)
    with pytest.raises(HardmaxError, match="1 hidden units cannot hold"):
        fitted(wiring, random_table(wiring, 0), hidden=1)


def test_a_recurrent_controller_has_no_lookup_table() -> None:
    controller = random_controller(kind="lstm", dtype=torch.float32)
    with pytest.raises(HardmaxError, match="expected a feedforward controller"):
        lookup_table(controller, 0)


@torch.no_grad()
def test_margins_are_leads_of_the_first_maximum() -> None:
    controller = random_controller(members=3, dtype=torch.float32)
    for member in range(3):
        table, margins = lookup_table(controller, member)
        zero = zero_bit_patterns(3).expand(3, -1, -1)
        logits, halting, _ = controller(zero, None)
        for row in range(8):
            for decision in range(controller.wiring.decisions):
                ranked = sorted(logits[member, row, decision].tolist(), reverse=True)
                margin = float(margins[row, decision])
                assert margin == pytest.approx(ranked[0] - ranked[1], abs=1e-5)
            assert float(margins[row, -1]) == pytest.approx(
                abs(float(halting[member, row])), abs=1e-5
            )
            halts = bool(halting[member, row] > 0)
            assert bool(table.code[row, table.shape.halt_slot]) == halts
