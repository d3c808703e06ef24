"""Checking a certificate: is it of this program, is it complete, and does cvc5 agree."""

from __future__ import annotations

import contextlib
import itertools
import signal
import threading
import time
from collections.abc import Iterator

import cvc5

from hardmax.prover.checker.obligations import Obligation, obligations
from hardmax.prover.specifications.registry import SPECIFICATIONS
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.nram.certificate import Certificate, program_digest
from hardmax.runtime.nram.program import Program

ENDING = (signal.SIGINT, signal.SIGTERM)
"""Signals by which people end a process."""


def check(certificate: Certificate, program: Program, time_limit: float) -> None:
    """Return if the certificate proves that the program is right.

    Args:
        time_limit: seconds after which it counts as not checked.

    Raises:
        HardmaxError: it does not; the message names what is wrong.
    """
    deadline = time.monotonic() + time_limit
    task = program.metadata.task
    specification = SPECIFICATIONS.get(task)
    if specification is None or program.metadata.description is not None:
        raise HardmaxError(f"there is no specification of task {task!r:.40}")
    _expect("task", task, certificate.task)
    _expect("program", program_digest(program), certificate.program)
    if certificate.specification != specification.to_data():
        raise HardmaxError(f"specification: expected that of task {task}, found another one")
    every = list(obligations(program, specification, certificate))
    _compare_paths(certificate, every)
    _compare(certificate, every)
    for obligation in every:
        if obligation.script is not None:
            left = deadline - time.monotonic()
            if left <= 0:
                raise HardmaxError(f"not decided within the time limit: {obligation.name}")
            answer = decide(obligation.script(), left)
            if answer.startswith("unknown (TIMEOUT"):
                raise HardmaxError(f"not decided within the time limit: {obligation.name}")
            if answer != "unsat":
                raise HardmaxError(f"cvc5 does not confirm ({answer}): {obligation.name}")


def _expect(what: str, expected: str, found: str) -> None:
    if expected != found:
        raise HardmaxError(f"{what}: expected {expected}, found {found:.80}")


def _compare_paths(certificate: Certificate, every: list[Obligation]) -> None:
    """Refuse a path that the walk along the table did not take."""
    used = {obligation.name.split(": ")[0] for obligation in every}
    for path in certificate.paths:
        if str(path) not in used:
            raise HardmaxError(f"no such path: {path}")


def _compare(certificate: Certificate, every: list[Obligation]) -> None:
    """Refuse a list of obligations that is not the one there should be."""
    names = [obligation.name for obligation in every]
    for name in names:
        if name not in certificate.obligations:
            raise HardmaxError(f"obligation missing: {name}")
    for name in certificate.obligations:
        if name not in names:
            raise HardmaxError(f"no such obligation: {name}")
    for expected, found in itertools.zip_longest(names, certificate.obligations):
        if expected != found:
            raise HardmaxError(f"obligations: expected {expected} next, found {found}")


def decide(script: str, seconds: float) -> str:
    """cvc5's answer to a script: ``unsat``, ``sat`` or ``unknown``, also where it takes too long.

    No handler of Python's runs while cvc5 does, so Ctrl-C ends the process as it would another's.
    """
    manager = cvc5.TermManager()
    solver = cvc5.Solver(manager)
    solver.setOption("decision", "justification")  # else some take a hundred times as long
    solver.setOption("tlimit-per", str(int(1000 * seconds) + 1))
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, script, "obligation")
    symbols = parser.getSymbolManager()
    answer = ""
    with _without_handlers():
        while not (command := parser.nextCommand()).isNull():
            answer = command.invoke(solver, symbols).strip() or answer
    return answer


@contextlib.contextmanager
def _without_handlers() -> Iterator[None]:
    """Let the signals that end a process do so at once; only the main thread hears of them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, signal.SIG_DFL) for number in ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
