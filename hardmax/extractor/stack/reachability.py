"""Which rows of the table a run on any input can meet: a fixpoint from above.

What lies deeper in a structure than a reading shows is forgotten but for one thing: it is something
that some row pushes. So every row that a run can meet is found, and perhaps some that none can.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.stack.program import MAX_ROWS, Action, Key, Operation, Structure

Decide = Callable[[Sequence[Key]], list[Action]]
"""The rows of keys."""

Reads = tuple[int, ...]
Values = frozenset[int]

UNKNOWN = None
"""A cell that no reading shows."""


@dataclass(frozen=True)
class Shape:
    """What there is to explore.

    Attributes:
        structures, depth: as of the program, all read equally deep.
        inputs: K.
    """

    structures: tuple[Structure, ...]
    depth: int
    inputs: int


def reachable_rows(shape: Shape, decide: Decide) -> dict[Key, Action]:
    """Every row that a run from state 0 and empty structures can meet.

    Raises:
        HardmaxError: there are more than MAX_ROWS.
    """
    pushed: tuple[Values, ...] = (frozenset(),) * len(shape.structures)
    while True:
        rows = _closure(shape, decide, pushed)
        more = tuple(
            frozenset(value for action in rows.values() for value in _pushes(action.operations[i]))
            for i in range(len(shape.structures))
        )
        if more == pushed:
            return rows
        pushed = more


def _closure(shape: Shape, decide: Decide, pushed: tuple[Values, ...]) -> dict[Key, Action]:
    """The rows that can be met where nothing but ``pushed`` is ever in a structure."""
    nothing = tuple(
        0 for structure in shape.structures for _ in range(structure.ends * shape.depth)
    )
    rows: dict[Key, Action] = {}
    known = {(0, nothing)}
    new = [(0, nothing)]
    while new:
        if len(known) * shape.inputs > MAX_ROWS:
            raise HardmaxError(f"expected a table of at most {MAX_ROWS} rows, found more")
        keys = [(state, symbol, reads) for state, reads in new for symbol in range(shape.inputs)]
        new = []
        for key, action in zip(keys, decide(keys), strict=True):
            rows[key] = action
            for reads in _next_reads(shape, key[2], action, pushed):
                situation = action.next_state, reads
                if situation not in known:
                    known.add(situation)
                    new.append(situation)
    return rows


def _next_reads(
    shape: Shape, reads: Reads, action: Action, pushed: tuple[Values, ...]
) -> Iterator[Reads]:
    """What may be read after a row."""
    parts, first = [], 0
    for structure, operation, values in zip(
        shape.structures, action.operations, pushed, strict=True
    ):
        last = first + structure.ends * shape.depth
        parts.append(part_reads(structure, shape.depth, reads[first:last], operation, values))
        first = last
    for combined in itertools.product(*parts):
        yield tuple(itertools.chain(*combined))


@cache
def part_reads(
    structure: Structure, depth: int, reads: Reads, operation: Operation, values: Values
) -> frozenset[Reads]:
    """What one structure may show after an operation.

    Args:
        reads: what it shows before.
        values: what may be in cells that are not shown.
    """
    after: set[Reads] = set()
    for cells in _contents(structure, depth, reads):
        held = list(cells)  # the bottom first
        if operation.pop_top and held:
            held.pop()
        if operation.pop_bottom and held:
            held.pop(0)
        if operation.push_top is not None:
            held.append(operation.push_top + 1)
        if operation.push_bottom is not None:
            held.insert(0, operation.push_bottom + 1)
        ends = [held[::-1][:depth], held[:depth]][: structure.ends]
        shown = [cell for end in ends for cell in (*end, *[0] * (depth - len(end)))]
        after |= set(_filled(shown, values))
    return frozenset(after)


def _contents(structure: Structure, depth: int, reads: Reads) -> Iterator[list[int | None]]:
    """Contents, the bottom first, that look as the reads say: of every length that matters."""
    top, bottom = reads[:depth], reads[depth:]
    length = depth - top.count(0)
    if length < depth:
        yield list(reversed(top[:length]))
        return
    # Each end loses at most a cell; where they are further apart, one does not know of the other.
    for length in range(depth, (2 if structure.ends == 2 else 1) * depth + 3):
        held: list[int | None] = [UNKNOWN] * length
        held[length - depth :] = reversed(top)
        if all(cell in (UNKNOWN, shown) for cell, shown in zip(held, bottom, strict=False)):
            held[: len(bottom)] = bottom
            yield held


def _filled(shown: Iterable[int | None], values: Values) -> Iterator[Reads]:
    """Cells with any value in the place of what is not known."""
    anything = [value + 1 for value in values]
    yield from itertools.product(*(anything if cell is UNKNOWN else [cell] for cell in shown))


def _pushes(operation: Operation) -> Iterator[int]:
    for value in (operation.push_top, operation.push_bottom):
        if value is not None:
            yield value
