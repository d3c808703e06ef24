"""Solvers that would go on for ever are stopped, by the time limit and by Ctrl-C."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest
import z3

from hardmax.files import load_program
from hardmax.prover import deadline
from hardmax.prover.checker.check import decide
from hardmax.prover.failure import TimeUpError
from hardmax.prover.prove import prove
from hardmax.prover.specifications.registry import SPECIFICATIONS
from hardmax.prover.z3_answer import z3_answer
from hardmax.runtime.nram.program import Program
from tests.support.paths import MODELS

CUBES = """
(set-logic QF_NIA)
(declare-const a Int) (declare-const b Int) (declare-const c Int)
(assert (and (> a 2) (> b 2) (> c 2) (= (+ (* a a a) (* b b b)) (* c c c))))
(check-sat)
"""
"""Fermat: neither solver finds out."""


def endless() -> z3.Solver:
    solver = z3.Solver(ctx=z3.Context())
    solver.set("ctrl_c", False)
    solver.from_string(CUBES.replace("(set-logic QF_NIA)", ""))
    return solver


def test_z3_is_stopped_by_the_time_limit() -> None:
    with pytest.raises(TimeoutError):
        z3_answer(endless(), [], 0.3)


def test_z3_is_stopped_by_ctrl_c() -> None:
    began = time.monotonic()
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        z3_answer(endless(), [], 300.0)
    timer.join()
    assert time.monotonic() - began < 100


def test_z3_answers_in_time() -> None:
    x = z3.Int("x")
    solver = z3.Solver()
    solver.add(x > 3)
    assert z3_answer(solver, [x < 5], 300.0) == z3.sat
    assert z3_answer(solver, [x < 4], 300.0) == z3.unsat


def test_cvc5_is_stopped_by_the_time_limit() -> None:
    assert decide(CUBES, 0.3).startswith("unknown")


@pytest.mark.parametrize("messages", range(1, 5))
def test_every_stage_of_a_proof_notices_the_time_limit(
    messages: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Time is up after so many messages: runs, loop head, candidates, those that hold."""
    program = load_program(MODELS / "copy.pt")
    assert isinstance(program, Program)
    told: list[str] = []
    now = 0.0

    def report(message: str) -> None:
        nonlocal now
        told.append(message)
        if len(told) == messages:
            now = 2.0

    monkeypatch.setattr(deadline, "monotonic", lambda: now)
    with pytest.raises(TimeUpError):
        prove(program, SPECIFICATIONS["copy"], 1.0, report)
    assert len(told) == messages
