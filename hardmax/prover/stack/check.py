"""Checking a certificate of a stack machine, with nothing of what found it.

Every fact is made a configuration of the two machines, the reference interpreter makes every step
from it, and what comes of it has to be a fact again.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict, deque
from typing import Any

from hardmax.prover.stack.certificate import (
    FRONTS,
    PUSHDOWN,
    Numbers,
    StackCertificate,
    stack_program_digest,
)
from hardmax.prover.stack.specifications import FREE, specification
from hardmax.runtime.abi import Status
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.stack.interpreter import StackInterpreter
from hardmax.runtime.stack.program import StackProgram, Structure


def check(certificate: StackCertificate, program: StackProgram, time_limit: float) -> None:
    """Return if the certificate proves that the machine is right.

    Args:
        time_limit: seconds after which it counts as not checked.

    Raises:
        HardmaxError: it does not; the message names what is wrong.
    """
    _expect("task", program.metadata.task, certificate.task)
    wanted = specification(program)
    _expect("program", stack_program_digest(program), certificate.program)
    if certificate.specification != json.loads(wanted.to_json()):
        raise HardmaxError(
            f"specification: expected that of task {certificate.task}, found another"
        )
    method = {Structure.STACK: PUSHDOWN, Structure.QUEUE: FRONTS}.get(wanted.structures[0], "")
    _expect("method", method, certificate.method)
    if program.structures != wanted.structures:
        raise HardmaxError("expected a machine with the one structure of its specification")
    checker = _Checker(program, wanted, certificate, time.monotonic() + time_limit)
    if method == PUSHDOWN:
        checker.check_summaries()
    else:
        checker.check_fronts()


def _expect(what: str, expected: str, found: str) -> None:
    if expected != found:
        raise HardmaxError(f"{what}: expected {expected}, found {found:.80}")


class _Checker:
    def __init__(
        self,
        machine: StackProgram,
        wanted: StackProgram,
        certificate: StackCertificate,
        deadline: float,
    ) -> None:
        self._programs = machine, wanted
        self._certificate = certificate
        self._facts = set(certificate.facts)
        self._deadline = deadline
        self._depth = max(machine.depths[0], wanted.depths[0])
        self._symbols = range(len(machine.alphabet))
        self._free = wanted.output_alphabet.index(FREE)
        self._going_on = {state for state, _, _ in wanted.table}

    def _step(self, control: Numbers, window: Numbers, symbol: int) -> tuple[Numbers, Any] | None:
        """Make a step with a window, first pair first; None where that is no input of the task, or
        nothing can follow.

        Returns:
            The control and the pairs afterwards.

        Raises:
            HardmaxError: the machine is wrong, or its structure is no more as long as the other.
        """
        if time.monotonic() > self._deadline:
            raise HardmaxError("not checked within the time limit")
        sides, outputs = [], []
        for side, program in enumerate(self._programs):
            interpreter = StackInterpreter(program, len(window) + 1)
            interpreter.state = control[side]
            interpreter.structures = (deque(pair[side] for pair in reversed(window)),)
            outputs.append(interpreter.step(symbol))
            sides.append(interpreter)
        done, wanted = outputs
        if isinstance(wanted, Status):
            return None
        where = f"control {list(control)}, window {list(map(list, window))}, input {symbol}"
        if isinstance(done, Status) or wanted not in (self._free, done):
            raise HardmaxError(f"the machine is wrong: {where}")
        if sides[1].state not in self._going_on:
            return None
        cells = [list(reversed(side.structures[0])) for side in sides]
        if len(cells[0]) != len(cells[1]):
            raise HardmaxError(f"the two do not push and pop in step: {where}")
        return tuple(side.state for side in sides), tuple(zip(*cells, strict=True))

    def _expect_fact(self, *fact: Numbers) -> None:
        if fact not in self._facts:
            raise HardmaxError(f"fact missing: {json.dumps(fact)}")

    def check_summaries(self) -> None:
        """Every fact's steps lead to facts; whoever calls a frame goes on wherever it ends."""
        start: Numbers = (0, 0)
        self._expect_fact(start, (), start, ())
        calls: dict[Numbers, set[Numbers]] = defaultdict(set)
        exits: dict[Numbers, set[Numbers]] = defaultdict(set)
        for fact in self._certificate.facts:
            if len(fact) != 4 or len(fact[3]) > self._depth or bool(fact[1]) != bool(fact[3]):
                raise HardmaxError(f"no fact of a frame: {json.dumps(fact)}")
            entry_control, entry_window, control, window = fact
            for symbol in self._symbols:
                step = self._step(control, window, symbol)
                if step is None:
                    continue
                after, pairs = step
                if len(pairs) > len(window):
                    if pairs[1:] != window:
                        raise HardmaxError(f"more than one pair is changed: {json.dumps(fact)}")
                    called = after, pairs[: self._depth]
                    self._expect_fact(*called, *called)
                    calls[called].add((entry_control, entry_window, window))
                elif len(pairs) == len(window):
                    if pairs[1:] != window[1:]:
                        raise HardmaxError(f"more than one pair is changed: {json.dumps(fact)}")
                    self._expect_fact(entry_control, entry_window, after, pairs)
                else:
                    if pairs != window[1:]:
                        raise HardmaxError(f"more than one pair is changed: {json.dumps(fact)}")
                    exits[entry_control, entry_window].add(after)
        for called, callers in calls.items():
            for entry_control, entry_window, window in callers:
                for after in exits[called]:
                    self._expect_fact(entry_control, entry_window, after, window)

    def check_fronts(self) -> None:
        """Every fact's steps lead to facts, whatever pair lies behind a window that is full."""
        pairs_pushed = self._certificate.pairs
        start: Numbers = (0, 0)
        self._expect_fact(start, ())
        for fact in self._certificate.facts:
            if len(fact) != 2 or len(fact[1]) > self._depth:
                raise HardmaxError(f"no fact of a front: {json.dumps(fact)}")
            control, window = fact
            full = len(window) == self._depth
            behind: list[Numbers] = [(), *((pair,) for pair in pairs_pushed if full)]
            for symbol in self._symbols:
                for more in behind:
                    step = self._step(control, (*window, *more), symbol)
                    if step is None:
                        continue
                    after, pairs = step
                    self._expect_pushed((*window, *more), pairs)
                    self._expect_fact(after, pairs[: self._depth])

    def _expect_pushed(self, before: Numbers, after: Numbers) -> None:
        """What comes to the end is one of the pairs; the rest is as before, but for the first."""
        for kept in (before, before[1:]):
            if after == kept:
                return
            if after[:-1] == kept and after[-1:] and after[-1] in self._certificate.pairs:
                return
        raise HardmaxError(
            f"from {json.dumps(before)} to {json.dumps(after)} by more than a pop and a push "
            "of one of the pairs"
        )
