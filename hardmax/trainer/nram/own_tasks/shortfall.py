"""What to say of a search that found no program in time: how far it got, and what may help."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hardmax.runtime.text import counted, listed
from hardmax.trainer.nram.own_tasks.example_task import ExampleTask
from hardmax.trainer.nram.search.judge import budget_steps, count_wrong
from hardmax.trainer.nram.search.kernel import Examples, table_machine
from hardmax.trainer.nram.search.table import Table
from hardmax.trainer.nram.tasks import Task

SHOWN = 3
"""Examples that are still wrong, as many as are shown."""

LONGEST_SHOWN = 24
"""Cells of an example that are shown."""

SMALL_EXTENT, FEW_SMALL, FEW_EXAMPLES = 6, 5, 50
"""Examples of at most so many cells are small; fewer small ones, or fewer in all, are few."""

MOST_UNCHANGED = 0.5
"""Where more of the cells that matter stay as they are, a mask may help."""


class Nearest:
    """The program that came nearest, of all that a search has shown."""

    def __init__(self, examples: Examples) -> None:
        self.examples = examples
        self.task: Task | None = None
        self.table: Table | None = None
        self.wrong = np.arange(len(examples.size))

    def look(self, task: Task, table: Table) -> None:
        """Take a program over where it gets fewer examples wrong in the task's step budget."""
        machine = table_machine(table, 1, self.examples.memory.shape[1])
        at_end, _ = count_wrong(machine, self.examples, budget_steps(task, self.examples))
        wrong = np.flatnonzero(at_end)
        if self.table is None or len(wrong) < len(self.wrong):
            self.task, self.table, self.wrong = task, table, wrong

    def shortfall(self, task: Task, rejected: int) -> Iterator[str]:
        """Yield lines for people.

        Args:
            rejected: candidates that failed the acceptance test.
        """
        if self.table is not None:
            right = len(self.examples.size) - len(self.wrong)
            of = f"{right} of {counted(len(self.examples.size), 'example')}"
            yield f"the best program so far gets {of} right; still wrong, for instance:"
            for number in self.wrong[:SHOWN].tolist():
                yield f"  {self._example(number)}"
        if rejected:
            yield (
                f"{counted(rejected, 'candidate')} got some example wrong, perhaps one that was "
                "held out: more different examples may help"
            )
        yield f"what may help: {'; '.join(_advice(task))}"

    def _example(self, number: int) -> str:
        size = int(self.examples.size[number])
        before = self.examples.memory[number, :size].tolist()
        matters = self.examples.output[number, :size]
        after = [
            value if there else "_"
            for value, there in zip(
                self.examples.expected[number, :size].tolist(), matters.tolist(), strict=True
            )
        ]
        return f"{listed(before, LONGEST_SHOWN)} -> {listed(after, LONGEST_SHOWN)}"


def _advice(task: Task) -> Iterator[str]:
    """Yield what may help, the cheapest first."""
    if isinstance(task, ExampleTask):
        examples = (*task.training, *task.held_out)
        if sum(example.extent <= SMALL_EXTENT for example in examples) < FEW_SMALL:
            yield "small examples, of one, two and three elements"
        if len(examples) < FEW_EXAMPLES:
            yield f"more examples ({FEW_EXAMPLES} do better than {len(examples)})"
        mattering = sum(value is not None for e in examples for value in e.after)
        if mattering - sum(e.changed for e in examples) > MOST_UNCHANGED * mattering:
            yield "null in 'after' for cells that do not matter"
        if any(example.steps is None for example in examples):
            yield "'steps', where you know how long a run should take"
    yield "more --minutes, another --seed"
    yield "a wider machine (--registers 6 --repetitions 2)"
    yield "another layout: what is needed first in the first cells, addresses instead of counts"
