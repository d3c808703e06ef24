"""What the heads of a Neural Turing Machine do, situation by situation.

Where every situation has one move of every head, the machine steers its heads like a finite
automaton that sees nothing but the channels that begin and end something.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Move:
    """One move of one head; as text ``search``, ``search +1``, ``-1`` or ``stay``."""

    searches: bool
    shift: int

    def __str__(self) -> str:
        shift = f"{self.shift:+d}" if self.shift else ""
        return " ".join(filter(None, ("search" if self.searches else "", shift))) or "stay"


@dataclass(frozen=True)
class Moves:
    """How often each head made each move.

    Attributes:
        head_names: all heads, writers first.
        counts: by situation, in order of first appearance: the moves of each head.
        followers: which situation came after which.
    """

    head_names: tuple[str, ...]
    counts: Mapping[str, tuple[Counter[Move], ...]]
    followers: frozenset[tuple[str, str]]

    @property
    def determined(self) -> bool:
        """Whether the situation alone says what every head does."""
        return all(len(moves) == 1 for heads in self.counts.values() for moves in heads)

    def rows(self) -> Iterator[tuple[str, ...]]:
        """Yield for every situation its name, its steps, and what every head did in it."""
        for situation, heads in self.counts.items():
            yield (situation, str(heads[0].total()), *map(_shares, heads))


def _shares(moves: Counter[Move]) -> str:
    """``-1``, or where there are several ``-1 90%, search 10%``, the most frequent first."""
    ordered = sorted(moves.items(), key=lambda item: (-item[1], item[0]))
    if len(ordered) == 1:
        return str(ordered[0][0])
    return ", ".join(f"{move} {100 * count / moves.total():.3g}%" for move, count in ordered)
