"""A machine and its specification side by side, as long as their structures move in step.

Both have one structure of one sort. They move in step if, in every step on an input of the task,
either both structures become longer, or both shorter, or neither. Then both are of one length
always, and cells at the same height are a pair: two structures are one of pairs. (An operation that
changes nothing counts as what it does: to pop an empty structure is to do nothing.)
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from hardmax.prover.failure import NotProvedError
from hardmax.prover.stack.specifications import FREE
from hardmax.runtime.stack.program import NOTHING, Action, Operation, StackProgram, Structure

Pair = tuple[int, int]
"""Values of two cells: the machine's, the specification's."""

Control = tuple[int, int]
"""States of both."""

START: Control = (0, 0)

Window = tuple[Pair, ...]
"""The pairs at the end that is read, the first of them first; where there are fewer than the depth,
all that there are."""


@dataclass(frozen=True)
class Move:
    """What a step does.

    Attributes:
        control: the states afterwards.
        pop: whether the first pair goes.
        push: the pair that is pushed, None for no pair.
    """

    control: Control
    pop: bool
    push: Pair | None


@dataclass(frozen=True)
class Violation:
    """A step in which the machine is wrong; the reason for people."""

    reason: str


class Product:
    """A machine and its specification.

    Attributes:
        depth: how many pairs a step looks at.
    """

    def __init__(self, machine: StackProgram, specification: StackProgram) -> None:
        """
        Raises:
            NotProvedError: the machine has several structures, or another than the specification.
        """
        if machine.structures != specification.structures:
            found = " and a ".join(machine.structure_names)
            expected = specification.structure_names[0]
            raise NotProvedError(f"expected a machine with one {expected}, found a {found}")
        self.machine = machine
        self.specification = specification
        self.structure: Structure = machine.structures[0]
        self.depth = max(*machine.depths, *specification.depths)
        self._moves: dict[tuple[Control, Window, int], Move | Violation | None] = {}

    @cached_property
    def _free(self) -> int:
        return self.specification.output_alphabet.index(FREE)

    @cached_property
    def _going_on(self) -> set[int]:
        """The specification's states in which something can follow."""
        return {state for state, _, _ in self.specification.table}

    def move(self, control: Control, window: Window, symbol: int) -> Move | Violation | None:
        """What a step does; None where it makes no input of the task, or nothing can follow.

        Raises:
            NotProvedError: they do not move in step.
        """
        key = control, window, symbol
        if key not in self._moves:
            self._moves[key] = self._move(*key)
        return self._moves[key]

    def _move(self, control: Control, window: Window, symbol: int) -> Move | Violation | None:
        wanted = self._action(self.specification, 1, control, window, symbol)
        if wanted is None:
            return None
        done = self._action(self.machine, 0, control, window, symbol)
        if done is None:
            return Violation("the table has no row for it")
        if wanted.output not in (self._free, done.output):
            names = self.specification.output_alphabet
            return Violation(f"expected {names[wanted.output]}, found {names[done.output]}")
        if wanted.next_state not in self._going_on:
            return None
        following = done.next_state, wanted.next_state
        pops, pushes = zip(
            *(self._effect(action.operations[0], window) for action in (done, wanted)), strict=True
        )
        if pops[0] == pops[1] and (pushes[0] is None) == (pushes[1] is None):
            return Move(following, pops[0], None if pushes[0] is None else (pushes[0], pushes[1]))
        if self.structure is Structure.STACK and all(
            pop == (push is not None) for pop, push in zip(pops, pushes, strict=True)
        ):
            # One changes its top cell, the other does nothing.
            old = window[0]
            new = tuple(
                kept if push is None else push for kept, push in zip(old, pushes, strict=True)
            )
            return Move(following, pop=True, push=(new[0], new[1]))
        raise NotProvedError(
            f"machine and specification do not push and pop in step: on input "
            f"{self.machine.alphabet[symbol]} the machine does {done.operations[0]}, the "
            f"specification {wanted.operations[0]}"
        )

    def _action(
        self, program: StackProgram, side: int, control: Control, window: Window, symbol: int
    ) -> Action | None:
        depth = program.depths[0]
        cells = [pair[side] + 1 for pair in window[:depth]]
        reads = (*cells, *(depth - len(cells)) * (NOTHING,))
        return program.table.get((control[side], symbol, reads))

    @staticmethod
    def _effect(operation: Operation, window: Window) -> tuple[bool, int | None]:
        """Whether something is popped, and what is pushed."""
        top = operation.push_top
        return operation.pop_top and bool(window), operation.push_bottom if top is None else top
