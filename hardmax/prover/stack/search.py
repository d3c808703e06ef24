"""Inputs that are tried: the shortest first, no two that lead to the same place."""

from __future__ import annotations

import time
from collections import deque

from hardmax.prover.stack.pushdown import Word, Wrong
from hardmax.prover.stack.specifications import FREE
from hardmax.runtime.abi import Status
from hardmax.runtime.stack.interpreter import StackInterpreter
from hardmax.runtime.stack.program import StackProgram

MOST_PLACES = 50_000
"""Configurations after which a search ends."""

_CAPACITY = 1 << 30

_Configuration = tuple[int, tuple[tuple[int, ...], ...]]


def violation(machine: StackProgram, specification: StackProgram, word: Word) -> str | None:
    """What is wrong in the last step of a word, None where nothing is or it is no input.

    The words before the last step are taken to be right.
    """
    sides = [StackInterpreter(program, _CAPACITY) for program in (machine, specification)]
    found: str | None = None
    for symbol in word:
        done, wanted = (side.step(symbol) for side in sides)
        if isinstance(wanted, Status):
            return None
        found = _difference(specification, done, wanted)
        if isinstance(done, Status):
            return found
    return found


def _difference(specification: StackProgram, done: int | Status, wanted: int) -> str | None:
    names = specification.output_alphabet
    if isinstance(done, Status):
        return "the table has no row for it"
    if names[wanted] == FREE or done == wanted:
        return None
    return f"expected {names[wanted]}, found {names[done]}"


def first_wrong(
    machine: StackProgram, specification: StackProgram, deadline: float
) -> tuple[Wrong | None, int]:
    """Try inputs, the shortest first.

    Returns:
        a shortest input on which the machine is wrong, if one was found; the length up to which all
        inputs were tried.
    """
    programs = machine, specification
    start = tuple(_configuration(StackInterpreter(program, _CAPACITY)) for program in programs)
    waiting: deque[tuple[tuple[_Configuration, ...], Word]] = deque([(start, ())])
    seen, length = {start}, 0
    while waiting and len(seen) < MOST_PLACES and time.monotonic() < deadline:
        place, word = waiting.popleft()
        length = len(word)
        for symbol in range(len(machine.alphabet)):
            sides = [_machine_at(p, c) for p, c in zip(programs, place, strict=True)]
            done, wanted = (side.step(symbol) for side in sides)
            if isinstance(wanted, Status):
                continue
            reason = _difference(specification, done, wanted)
            if reason is not None:
                return Wrong((*word, symbol), reason), length
            after = tuple(map(_configuration, sides))
            if after not in seen:
                seen.add(after)
                waiting.append((after, (*word, symbol)))
    return None, length


def _configuration(machine: StackInterpreter) -> _Configuration:
    return machine.state, tuple(map(tuple, machine.structures))


def _machine_at(program: StackProgram, place: _Configuration) -> StackInterpreter:
    machine = StackInterpreter(program, _CAPACITY)
    machine.state = place[0]
    machine.structures = tuple(map(deque, place[1]))
    return machine
