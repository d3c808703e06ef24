"""Solvers that would go on for ever are stopped, by the time limit and by Ctrl-C."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest
import z3

from hardmax.prover.checker.check import decide
from hardmax.prover.z3_answer import z3_answer

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
