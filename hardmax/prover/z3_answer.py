"""z3's answer to a question, which Ctrl-C and the time limit interrupt.

Python runs a signal's handler in its main thread, between two instructions of its own. So z3 works
in another thread, and this one waits for it.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

import z3

PATIENCE = 3.0
"""Seconds that z3 may take to stop when it is told to; after that it is left alone."""


def z3_answer(
    solver: z3.Solver, assumptions: Sequence[z3.BoolRef], seconds: float
) -> z3.CheckSatResult:
    """Whether what a solver knows can hold together with assumptions.

    The solver's context must not be used again when this raises.

    Args:
        seconds: how long z3 may take.

    Raises:
        TimeoutError: z3 took longer.
    """
    answers: list[z3.CheckSatResult] = []
    errors: list[z3.Z3Exception] = []

    def ask() -> None:
        try:
            answers.append(solver.check(*assumptions))
        except z3.Z3Exception as error:
            errors.append(error)

    worker = threading.Thread(target=ask, daemon=True)
    worker.start()
    try:
        worker.join(seconds)
    finally:
        # Done, or out of time, or a handler has raised.
        if worker.is_alive():
            solver.interrupt()
            worker.join(PATIENCE)
            answers.clear()
    if errors:
        raise errors[0]
    if not answers:
        raise TimeoutError
    return answers[0]
