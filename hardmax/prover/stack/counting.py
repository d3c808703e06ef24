"""Counting tasks that have no proof: every number up to a bound, exhaustively.

A string is blocks of letters, one block a letter, whose lengths follow from n. From the second
block on, the next letter is determined, the first letter of the next string included. A machine
that is right on the string of each n, and that each of them leaves in a configuration from which
the same holds, is right on all sequences of such strings.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from hardmax.prover.failure import TimeUpError
from hardmax.prover.stack.pushdown import Word, Wrong
from hardmax.runtime.abi import Status
from hardmax.runtime.stack.interpreter import StackInterpreter
from hardmax.runtime.stack.program import StackProgram

LENGTHS: dict[str, Callable[[int], tuple[int, ...]]] = {
    "anbncn": lambda n: (n, n, n),
    "anbncndn": lambda n: (n, n, n, n),
    "anb2n": lambda n: (n, 2 * n),
}
"""By task: the lengths of the blocks of the string of n."""

LARGEST = 1_000
"""The largest n that is tried."""

MOST_BEGINNINGS = 4
"""Configurations in which strings may begin; a machine that has more is tried from these only."""


@dataclass(frozen=True)
class Counted:
    """Everything that was tried is right.

    Attributes:
        in_any_order: whether that holds of strings that follow each other in any order.
    """

    in_any_order: bool

    def __str__(self) -> str:
        order = "after one another in any order" if self.in_any_order else "alone"
        return f"for every n from 1 to {LARGEST} it is right, {order}"


def count(program: StackProgram, deadline: float) -> Counted | Wrong:
    """Try all strings of a counting task.

    Args:
        program: one whose task is among :data:`LENGTHS`.

    Raises:
        TimeUpError: there was no time left.
    """
    beginnings: list[tuple[StackInterpreter, Word]] = [(StackInterpreter(program, 1 << 30), ())]
    for beginning, before in beginnings:
        counting = _copy(beginning)
        for n in range(1, LARGEST + 1):
            if time.monotonic() > deadline:
                raise TimeUpError(f"out of time at n = {n}")
            if isinstance(counting.step(0), Status):
                return Wrong((*before, *n * (0,)), "it cannot make the step")
            machine = _copy(counting)
            word = _word(LENGTHS[program.metadata.task](n))
            for step in range(n, len(word)):
                output = machine.step(word[step])
                # After the first letter of the second block, the next one is determined.
                wanted = word[step + 1] if step + 1 < len(word) else 0
                if output != wanted:
                    names = program.output_alphabet
                    found = "none" if isinstance(output, Status) else names[output]
                    reason = f"expected {names[wanted]}, found {found}"
                    return Wrong((*before, *word[: step + 1]), reason)
            if len(beginnings) <= MOST_BEGINNINGS and not any(
                _same(machine, known) for known, _ in beginnings
            ):
                beginnings.append((machine, (*before, *word)))
    return Counted(in_any_order=len(beginnings) <= MOST_BEGINNINGS)


def _word(blocks: tuple[int, ...]) -> Word:
    return tuple(letter for letter, length in enumerate(blocks) for _ in range(length))


def _copy(machine: StackInterpreter) -> StackInterpreter:
    other = StackInterpreter(machine.program, machine.capacity)
    other.state = machine.state
    other.structures = tuple(map(deque, machine.structures))
    return other


def _same(one: StackInterpreter, other: StackInterpreter) -> bool:
    """Whether they go on in the same way."""
    return one.state == other.state and one.structures == other.structures
