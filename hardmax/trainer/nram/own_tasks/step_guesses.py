"""Natural timesteps of a task whose author says nothing of them, and the step budget they need.

How much time its examples are given decides whether search finds a program: with too little there
is none, with too much the many programs that go on and do harm hide it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from hardmax.runtime.nram.program import StepBudget

BESIDES = 4
"""Timesteps to start and to stop."""

SLACK = 2
"""A budget is so many times the natural timesteps, as the paper's tasks have it, or more."""

BUDGET_CONSTANT = 16

CONVEX = 1.25
"""Runs take superlinear time where they grow so many times as fast in larger memories."""

SUPERLINEAR = 2.0
"""A budget is quadratic where large memories need so many times as many timesteps a cell."""


@dataclass(frozen=True)
class StepGuess:
    """Natural timesteps as a function of the elements that a program handles."""

    per_element: int
    per_square: int = 0

    def steps(self, elements: int) -> int:
        """Timesteps for so many elements, without slack."""
        return self.per_square * elements**2 + self.per_element * elements + BESIDES

    @property
    def budget(self) -> StepBudget:
        """Of a memory that has a cell for each element, or more."""
        return StepBudget(SLACK * self.per_element, BUDGET_CONSTANT, SLACK * self.per_square)


GUESSES = (StepGuess(1), StepGuess(2), StepGuess(4), StepGuess(1, per_square=1))
"""One pass in which an element takes so long, and last every element with every other."""


def observed_budget(least: StepBudget, runs: Iterable[tuple[int, int]]) -> StepBudget:
    """A step budget in which larger runs of a program end, too, going by runs that halted.

    A program that is right in small memories does not end in larger ones where the time allowed
    grows more slowly than that which it takes.

    Args:
        least: than which it is not smaller.
        runs: elements and timesteps of each.
    """
    longest: dict[int, int] = {}
    for elements, steps in runs:
        longest[elements] = max(steps, longest.get(elements, 0))
    points = sorted(longest.items())
    (fewest, first), (some, middle), (most, last) = points[0], points[len(points) // 2], points[-1]
    convex = (last - middle) * (some - fewest) > CONVEX * max(middle - first, 0) * (most - some)
    if len(points) > 2 and last > middle and convex:
        square = SLACK * max(-(-steps // max(elements, 1) ** 2) for elements, steps in points)
        return replace(least, per_square=max(square, least.per_square))
    per_cell = SLACK * max(-(-(steps - BESIDES) // max(elements, 1)) for elements, steps in points)
    return replace(least, per_cell=max(per_cell, least.per_cell))


def fitted_budget(needs: Iterable[tuple[int, int]]) -> StepBudget:
    """A step budget in which everything ends, with room to spare.

    Args:
        needs: memory size and natural timesteps, the largest memory last.
    """
    needed = list(needs)
    (middle, fewer), (largest, most) = needed[len(needed) // 2], needed[-1]
    rates = [(size, max(SLACK * steps - BUDGET_CONSTANT, 1)) for size, steps in needed]
    if most * middle > SUPERLINEAR * fewer * largest:
        square = max(-(-steps // size**2) for size, steps in rates)
        return StepBudget(per_cell=0, constant=BUDGET_CONSTANT, per_square=square)
    return StepBudget(max(-(-steps // size) for size, steps in rates), BUDGET_CONSTANT)
