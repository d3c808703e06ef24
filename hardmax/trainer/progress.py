"""How a training stands, for whoever watches it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SearchProgress:
    """Where a search for a discrete program stands.

    Attributes:
        start: starts begun.
        plan: what the present start is doing.
        level: the largest complexity of the examples it looks at.
        score: 0 to 1, as its plan judges; 1 where every example is right.
        evaluations: programs judged so far, in all starts.
        seconds: time spent so far.
        found: whether a program is found and only made smaller now.
        first_level: the complexity that a start begins with.
    """

    start: int
    plan: str
    level: int
    score: float
    evaluations: int
    seconds: float
    found: bool = False
    first_level: int = 1


@dataclass(frozen=True)
class Progress:
    """How a training stands.

    Attributes:
        seconds: spent so far, interruptions not counted.
        updates: of every member.
        samples: seen by all members together.
        levels: each member's curriculum level.
        soft_error, discretized_error: of the best member, at its level.
        rejected: candidates that made a mistake in the acceptance test.
        evaluations: programs that search has judged.
        search: what search is doing now, None while it is the gradient's turn.
        loss: what the best member minimised in the last update, penalties included; None where the
            machine code that trains does not say, and before the first update.
        penalty: the weight by which the best member is pushed to decide (the entropy of its
            decisions, or a larger share of them made hard).
        first_level: the level that a member begins with.
    """

    seconds: float
    updates: int
    samples: int
    levels: tuple[int, ...]
    soft_error: float
    discretized_error: float
    rejected: int
    evaluations: int
    search: SearchProgress | None
    loss: float | None = None
    penalty: float = 0.0
    first_level: int = 1
