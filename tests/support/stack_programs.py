"""StackPrograms written by hand, one of each kind of proof, and random ones."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator

from hypothesis import strategies as st

from hardmax.runtime.stack.program import (
    NOTHING,
    Action,
    Key,
    Operation,
    StackProgram,
    Structure,
)
from hardmax.runtime.symbols.interface import SymbolMetadata

VALUES = 3
"""Of the copying machines: symbols 0..VALUES-1, then the end of the input, then the blank."""

END, BLANK = VALUES, VALUES + 1
NAMES = (*map(str, range(VALUES)), "end", "blank")
BRACKETS = ("(", ")", "[", "]")


def keys(
    structures: tuple[Structure, ...],
    depths: tuple[int, ...],
    values: int,
    states: int,
    inputs: int,
) -> Iterator[Key]:
    """Yield every state, input and well-formed reads."""
    ends = [
        [
            (*there, *(NOTHING,) * (depth - length))
            for length in range(depth + 1)
            for there in itertools.product(range(1, values + 1), repeat=length)
        ]
        for structure, depth in zip(structures, depths, strict=True)
        for _ in range(structure.ends)
    ]
    for state, symbol, parts in itertools.product(
        range(states), range(inputs), itertools.product(*ends)
    ):
        yield state, symbol, tuple(itertools.chain(*parts))


def one_structure(
    structure: Structure,
    task: str,
    rule: Callable[[int, int, tuple[int, ...]], tuple[Operation, int, int] | None],
    *,
    names: tuple[str, ...] = NAMES,
    outputs: tuple[str, ...] | None = None,
    values: int = VALUES,
    states: int = 1,
    depth: int = 1,
) -> StackProgram:
    """A machine with one structure.

    Args:
        rule: from state, input and reads to operation, output and next state; None for no row.
    """
    rows = []
    for key in keys((structure,), (depth,), values, states, len(names)):
        done = rule(*key)
        if done is not None:
            operation, output, following = done
            rows.append((key, Action((operation,), output, following)))
    return StackProgram(
        (structure,),
        (depth,),
        values,
        names,
        outputs or names,
        states,
        tuple(rows),
        SymbolMetadata(task),
    )


def reversal() -> StackProgram:
    """Symbols, the end, blanks: in the blanks the symbols, the last one first."""

    def rule(state: int, symbol: int, reads: tuple[int, ...]) -> tuple[Operation, int, int]:
        if symbol < VALUES:
            return Operation(push_top=symbol), END, 0
        if symbol == END:
            return Operation(), END, 0
        return Operation(pop_top=True), reads[0] - 1 if reads[0] else END, 0

    return one_structure(Structure.STACK, "reversal", rule)


def copy() -> StackProgram:
    """Symbols, the end, blanks: in the blanks the symbols, the first one first."""

    def rule(state: int, symbol: int, reads: tuple[int, ...]) -> tuple[Operation, int, int]:
        if symbol < VALUES:
            return Operation(push_bottom=symbol), END, 0
        if symbol == END:
            return Operation(), END, 0
        return Operation(pop_top=True), reads[0] - 1 if reads[0] else END, 0

    return one_structure(Structure.QUEUE, "copy", rule)


def dyck_next() -> StackProgram:
    """At each bracket the one that closes the innermost open one after it, or ``none``."""

    def rule(state: int, symbol: int, reads: tuple[int, ...]) -> tuple[Operation, int, int]:
        if symbol % 2 == 0:
            return Operation(push_top=symbol // 2), symbol + 1, 0
        return Operation(pop_top=True), 2 * reads[1] - 1 if reads[1] else 4, 0

    return one_structure(
        Structure.STACK,
        "dyck",
        rule,
        names=BRACKETS,
        outputs=(*BRACKETS, "none"),
        values=2,
        depth=2,
    )


def dyck_close() -> StackProgram:
    """A prefix of a balanced word, the end, blanks: in them what closes it, then ``end``."""

    def rule(state: int, symbol: int, reads: tuple[int, ...]) -> tuple[Operation, int, int]:
        if symbol in (0, 2):
            return Operation(push_top=symbol // 2), 4, 0
        if symbol == 4:
            return Operation(), 4, 0
        return Operation(pop_top=True), 2 * reads[0] - 1 if reads[0] and symbol == 5 else 4, 0

    names = (*BRACKETS, "end", "blank")
    return one_structure(Structure.STACK, "dyck-close", rule, names=names, values=2)


def anbn() -> StackProgram:
    """After a^n b^n ... the next letter, wherever it is determined."""

    def rule(state: int, symbol: int, reads: tuple[int, ...]) -> tuple[Operation, int, int]:
        if symbol == 0:
            return Operation(push_top=0), 0, 0
        return Operation(pop_top=True), 1 if reads[1] else 0, 0

    return one_structure(Structure.STACK, "anbn", rule, names=("a", "b"), values=1, depth=2)


def several() -> StackProgram:
    """A stack, a queue and a deque side by side, two states, not every row."""
    structures, depths = (Structure.STACK, Structure.QUEUE, Structure.DEQUE), (1, 1, 1)
    chosen = random.Random(1)
    rows = tuple(
        (key, _random_action(chosen, structures, 2, 3, 2))
        for key in keys(structures, depths, 2, 2, 2)
        if chosen.random() < 0.9
    )
    return StackProgram(
        structures, depths, 2, ("x", "y"), ("0", "1", "2"), 2, rows, SymbolMetadata("several")
    )


def _random_action(
    chosen: random.Random, structures: tuple[Structure, ...], values: int, outputs: int, states: int
) -> Action:
    def push(possible: bool) -> int | None:
        return chosen.randrange(values) if possible and chosen.random() < 0.6 else None

    operations = tuple(
        Operation(
            pop_top=chosen.random() < 0.5,
            push_top=push(structure is not Structure.QUEUE),
            pop_bottom=structure is Structure.DEQUE and chosen.random() < 0.5,
            push_bottom=push(structure is not Structure.STACK),
        )
        for structure in structures
    )
    return Action(operations, chosen.randrange(outputs), chosen.randrange(states))


@st.composite
def stack_programs(draw: st.DrawFn) -> StackProgram:
    """Any small program, of 400 rows at most; one row in twenty is missing."""
    structures = tuple(draw(st.lists(st.sampled_from(Structure), min_size=1, max_size=3)))
    most = 2 if len(structures) == 1 else 1
    depths = tuple(draw(st.integers(1, most)) for _ in structures)
    most = 2 if len(structures) < 3 else 1
    values, states, inputs, outputs = (draw(st.integers(1, n)) for n in (most, 2, 2, 3))
    chosen = random.Random(draw(st.integers(0, 2**32 - 1)))
    rows = tuple(
        (key, _random_action(chosen, structures, values, outputs, states))
        for key in keys(structures, depths, values, states, inputs)
        if not any(key[2]) or chosen.random() < 0.95
    )
    names = tuple(f"s{i}" for i in range(inputs))
    answers = tuple(map(str, range(outputs)))
    return StackProgram(
        structures, depths, values, names, answers, states, rows, SymbolMetadata("random")
    )
