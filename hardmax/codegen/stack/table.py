"""The rows of a StackProgram as numbers that generated code walks through.

The key of a row is walked one part after the other: the input symbol, the state if there are
several, each cell that is read. A node has an entry for each value of the part, which is where the
next node begins; a node of the last part is a leaf, whose entries are the actions themselves. Nodes
with the same entries are one. Where no row goes on, an entry is 0, and the nodes and the leaf at 0
have no entry that is anything else: such a walk ends at no action.

The input comes first because it is known early: a processor that executes out of order looks it up
while it is still busy with the step before. What is read comes last because it is known last.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TypeVar

from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.stack.program import Action, StackProgram

MAX_ENTRIES = 1 << 20
"""Entries of all nodes. Only a table with far fewer rows than its cells have values has so many."""

Entry = TypeVar("Entry", int, Action | None)


@dataclass(frozen=True)
class Table:
    """The rows of a program.

    Attributes:
        entries: those of all nodes but leaves, one node after the other; the first holds nothing.
        leaves: those of all leaves, None for no action; the first holds nothing.
        root: where the node of the first part begins.
    """

    entries: tuple[int, ...]
    leaves: tuple[Action | None, ...]
    root: int

    @staticmethod
    def of(program: StackProgram) -> Table:
        """The rows of a program.

        Raises:
            HardmaxError: it would have more than MAX_ENTRIES entries.
        """
        sizes = [len(program.alphabet), *program.cells_read * (program.symbols + 1,)]
        if with_states(program):
            sizes.insert(1, program.states)
        rows = sorted(
            (
                ((symbol, state, *reads) if with_states(program) else (symbol, *reads), action)
                for (state, symbol, reads), action in program.rows
            ),
            key=lambda row: row[0],
        )
        nodes = _Nodes(tuple(sizes))
        root = nodes.add(rows, 0)
        return Table(tuple(nodes.entries), tuple(nodes.leaves), root)

    @property
    def entry_bytes(self) -> int:
        """The bytes that an entry needs, 2 or 4."""
        return 2 if max(self.entries) < 1 << 16 else 4


def with_states(program: StackProgram) -> bool:
    """Whether the state is looked up."""
    return program.states > 1


class _Nodes:
    """Nodes under construction."""

    def __init__(self, sizes: tuple[int, ...]) -> None:
        """
        Args:
            sizes: for each part of a key, how many values it has.
        """
        self.entries = max(sizes[:-1]) * [0]
        nothing: list[Action | None] = [None]
        self.leaves = sizes[-1] * nothing
        self._sizes = sizes
        self._places: dict[tuple[object, ...], int] = {}

    def add(self, rows: list[tuple[tuple[int, ...], Action]], part: int) -> int:
        """Add the node that tells rows apart by a part of their keys; return where it begins.

        Args:
            rows: sorted, their keys alike in all parts before.
        """
        if part + 1 == len(self._sizes):
            none: list[Action | None] = [None]
            leaf = self._sizes[part] * none
            for key, action in rows:
                leaf[key[part]] = action
            return self._place(self.leaves, leaf)
        node = self._sizes[part] * [0]
        for value, group in groupby(rows, key=lambda row: row[0][part]):
            node[value] = self.add(list(group), part + 1)
        # Nodes of different parts may be one, too, where they have the same entries.
        return self._place(self.entries, node)

    def _place(self, placed: list[Entry], node: list[Entry]) -> int:
        """Where a node begins among those of its sort."""
        content = tuple(node)
        place = self._places.get(content)
        if place is None:
            place = self._places[content] = len(placed)
            placed += node
            if len(self.entries) + len(self.leaves) > MAX_ENTRIES:
                raise HardmaxError(
                    f"expected a table of at most {MAX_ENTRIES} entries, found more: a cell has "
                    f"{self._sizes[-1] - 1} values"
                )
        return place
