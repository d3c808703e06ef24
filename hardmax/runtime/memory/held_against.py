"""Any program that works on a memory, held against a file of examples.

A program is right on an example when every cell that matters holds what it should after a run
within the step budget, and still does when a run may take ten times as long: it has halted, or
idles.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from hardmax.runtime import notebook
from hardmax.runtime.abi import MAX_STEPS, Status
from hardmax.runtime.memory.examples import Cells, Example
from hardmax.runtime.nram.interpreter import Result
from hardmax.runtime.nram.program import StepBudget
from hardmax.runtime.text import counted

OVERTIME = 10
"""With this many times the step budget the answer must be the same."""

LONGEST_COMMAND = 1000
"""Cells that are still typed on a command line."""

Run = Callable[[Cells, int], Result]
"""Runs a memory for at most so many timesteps."""


@dataclass(frozen=True)
class WrongExample:
    """An example that a program gets wrong.

    Attributes:
        max_steps: timesteps that the run was allowed, None for the step budget.
        difference: what was expected and found, for people.
    """

    example: Example
    max_steps: int | None
    difference: str

    def words(self) -> tuple[str, ...] | None:
        """Arguments of ``hardmax run`` that show it again; None where it is too long."""
        if self.example.size > LONGEST_COMMAND:
            return None
        limit = () if self.max_steps is None else ("--max-steps", str(self.max_steps))
        return (*limit, *map(str, self.example.before))

    def __str__(self) -> str:
        return f"{self.example.place}: {self.difference}"


@dataclass(frozen=True)
class ExampleReport:
    """What came of holding a program against examples.

    Attributes:
        subject: the examples, for people.
        examples: how many there are.
        sizes: the smallest and the largest memory.
        halted: how many runs ended by themselves.
        wrong: the examples that it got wrong.
    """

    subject: str
    examples: int
    sizes: tuple[int, int]
    halted: int
    wrong: tuple[WrongExample, ...]

    @property
    def right(self) -> bool:
        """Whether it got every example right."""
        return not self.wrong

    @property
    def halting(self) -> str:
        """Whether it halts by itself."""
        return halting(self.halted, self.examples)

    @property
    def verdict(self) -> str:
        """In a few words; of a file, never that it is exact."""
        if self.right:
            return f"right on all {self.examples} {self.subject}"
        return f"wrong on {len(self.wrong)} of {self.examples} {self.subject}"

    def to_data(self) -> dict[str, Any]:
        """The report as JSON can hold it."""
        first = self.wrong[0] if self.wrong else None
        return {
            "examples": self.examples,
            "sizes": list(self.sizes),
            "halted": self.halted,
            "wrong": len(self.wrong),
            "first_wrong": None if first is None else str(first),
            "verdict": self.verdict,
        }

    def __repr__(self) -> str:
        return f"<ExampleReport: {self.verdict}; {self.halting}>"

    def _repr_html_(self) -> str:
        return notebook.preformatted(f"{self}\nverdict: {self.verdict}")

    def __str__(self) -> str:
        smallest, largest = self.sizes
        memories = f"memories of {smallest} to {largest} cells"
        return f"{self.examples} {self.subject}, {memories}: " + (
            f"right, and the same in {OVERTIME} times the budget; {self.halting}"
            if self.right
            else f"{len(self.wrong)} wrong; the first is {self.wrong[0]}"
        )


def halting(halted: int, runs: int) -> str:
    """In words, how many of so many runs ended by themselves."""
    if halted == runs:
        return "halts by itself"
    if halted == 0:
        return "never halts by itself: a run takes its whole step budget"
    return f"halts by itself in {halted} of {counted(runs, 'run')}"


def hold_against(
    run: Run, budget: StepBudget, examples: Sequence[Example], subject: str
) -> ExampleReport:
    """Run every example in its step budget, and in OVERTIME times as many timesteps.

    Args:
        examples: at least one.
        subject: what they are, for people.
    """
    wrong, halted = [], 0
    for example in examples:
        steps = min(budget.steps(example.size), MAX_STEPS)
        first = run(example.before, steps)
        halted += first.status is Status.HALTED
        found = wrong_example(example, first, None)
        if found is None and first.status is Status.STEP_LIMIT:
            steps = min(OVERTIME * steps, MAX_STEPS)
            found = wrong_example(example, run(example.before, steps), steps)
        if found is not None:
            wrong.append(found)
    sizes = [example.size for example in examples]
    return ExampleReport(subject, len(examples), (min(sizes), max(sizes)), halted, tuple(wrong))


def wrong_example(example: Example, result: Result, steps: int | None) -> WrongExample | None:
    """What is wrong with how a run of an example ended; None where nothing is."""
    if result.status < 0:
        return WrongExample(example, steps, result.status.name.lower().replace("_", " "))
    cell = example.wrong_cell(tuple(result.memory))
    if cell is None:
        return None
    difference = f"expected {example.after[cell]} in cell {cell}, found {result.memory[cell]}"
    return WrongExample(example, steps, difference)
