"""Recurrent controllers: acceptance by running, traces, hardening."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch

from hardmax.runtime.nram.gates import Gate
from hardmax.runtime.nram.interpreter import run
from hardmax.runtime.nram.program import Circuit, Metadata, Operation, Program, Row, StepBudget
from hardmax.trainer.layers import ControllerConfig
from hardmax.trainer.nram import lstm as recurrent
from hardmax.trainer.nram.acceptance import acceptance_examples, is_exact
from hardmax.trainer.nram.controller import Controller
from hardmax.trainer.nram.default_configs import default_settings
from hardmax.trainer.nram.hardening import MARGIN, lookup_table
from hardmax.trainer.nram.machine import hard, soft
from hardmax.trainer.nram.objective import run_batch
from hardmax.trainer.nram.search.kernel import Examples
from hardmax.trainer.nram.session import Session
from hardmax.trainer.nram.tasks import TASKS
from hardmax.trainer.nram.wiring import Wiring, live_decisions
from hardmax.trainer.provenance import FITTED
from tests.support.tables import table_from_program
from tests.support.trained import access_program, model_of, wrong_access_program

ACCESS = TASKS["access"]


@pytest.fixture(scope="module")
def examples() -> Examples:
    return acceptance_examples(ACCESS)


@pytest.fixture(scope="module")
def lstm(examples: Examples) -> Controller:
    """Learned from the runs of a program for Access."""
    controller = Controller(Wiring(2, 1), ControllerConfig("lstm", hidden=12), members=1)
    controller.initialise(0, torch.Generator().manual_seed(1))
    table = table_from_program(access_program())
    assert recurrent.learn_table(ACCESS, controller, table, examples)
    return controller


@pytest.mark.parametrize("program", [access_program(), wrong_access_program()])
def test_running_and_tabulating_accept_the_same(program: Program, examples: Examples) -> None:
    controller = model_of(program).controller
    table, _ = lookup_table(controller, 0)
    by_table = is_exact(ACCESS, table, examples)
    assert recurrent.is_exact_run(ACCESS, controller, examples) == by_table


def test_a_learned_lstm_is_exact_soft_and_hard(lstm: Controller, examples: Examples) -> None:
    assert recurrent.is_exact_run(ACCESS, lstm, examples)
    traces = recurrent.record(ACCESS, lstm, examples)
    with torch.no_grad():
        assert recurrent.smallest_margin(*recurrent.replay(lstm, traces), traces) >= 0.99 * MARGIN
    batch = ACCESS.sample(torch.full((64,), 20), 30, torch.Generator().manual_seed(0))
    budget = torch.full((1, 64), 9)
    for decide in (soft, hard):
        assert float(run_batch(lstm, batch, budget, decide).error.max()) == 0


def test_traces_hold_every_sequence_once(lstm: Controller, examples: Examples) -> None:
    traces = recurrent.record(ACCESS, lstm, examples)
    sequences = {tuple(map(tuple, zero.tolist())) for zero in traces.zero}
    assert len(sequences) == len(traces.zero)
    assert int(traces.new.sum()) == len(traces.choices) == len(traces.halt) == len(traces.live)
    with torch.no_grad():
        logits, _ = recurrent.replay(lstm, traces)
    assert torch.equal(logits.argmax(-1), traces.choices)


def test_only_live_decisions_matter() -> None:
    """Take every decision that is not live at random: registers and memory come out the same."""
    wiring = Wiring(3, 2)
    generator = torch.Generator().manual_seed(0)
    limits = wiring.allowed.sum(1)
    dead = 0

    def after(choices: torch.Tensor, halt: bool) -> tuple[int, ...]:
        circuit = wiring.circuit(choices.tolist(), halt)
        if halt:
            circuit = Circuit(circuit.operations, (0, 1, 2), halt=True)
        load = Circuit((Operation(Gate.INC, (0,)), Operation(Gate.TWO, ())), (3, 4, 0), False)
        rows = (Row(circuit),) * 7 + (Row(load),)
        program = Program(3, (rows,), Metadata("any", StepBudget(0, 2)))
        return run(program, (3, 1, 4, 0, 2), 2).memory

    for halt in (False, True) * 40:
        choices = (torch.rand(wiring.decisions, generator=generator) * limits).long()
        live = dict(live_decisions(wiring, wiring.circuit(choices.tolist(), halt)))
        assert wiring.decisions in live
        other = (torch.rand(wiring.decisions, generator=generator) * limits).long()
        other[[decision for decision in live if decision < wiring.decisions]] = choices[
            [decision for decision in live if decision < wiring.decisions]
        ]
        dead += wiring.decisions + 1 - len(live)
        assert after(choices, halt) == after(other, halt)
    assert dead > 0


def test_an_lstm_learns_what_search_found(tmp_path: Path) -> None:
    settings = dataclasses.replace(
        default_settings("access"),
        method="search",
        registers=2,
        controller="lstm",
        hidden=8,
        members=1,
        batch=1,
        complexity=3,
        slack=0,
    )
    session = Session(settings, "a test")
    model = session.train(120, tmp_path / "state", lambda progress: None)
    assert model is not None
    assert model.controller.recurrent
    assert model.provenance["found_by"] == "search"
    assert model.provenance["weights"] == FITTED
    assert recurrent.is_exact_run(ACCESS, model.controller, session.examples)
