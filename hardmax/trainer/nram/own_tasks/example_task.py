"""A task that is given by a file of examples, and by nothing else.

Its memories have the sizes that they have: gates wrap around at a memory's size, so no example can
be made larger or smaller. Complexity is a level here: the examples, ordered by how much of a memory
they use and how many cells they change, in parts of about the same number.
"""

from __future__ import annotations

import copy
import random
from collections import defaultdict
from collections.abc import Sequence
from typing import Self

import numpy as np
import torch
from torch import Tensor

from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.memory.examples import Example, ExampleFile
from hardmax.runtime.nram.program import StepBudget
from hardmax.runtime.task_description import Evidence, TaskDescription
from hardmax.runtime.text import printable
from hardmax.trainer.nram.own_tasks.step_guesses import (
    GUESSES,
    StepGuess,
    fitted_budget,
    observed_budget,
)
from hardmax.trainer.nram.tasks.task import Batch, Task

MOST_LEVELS = 6

HELD_OUT = 5
"""One of so many examples is held out."""

FEWEST = 10
"""Examples below which a held-out share says nothing."""

SPLIT_SEED = 1511_06392
"""Of the choice of what is held out: the same file is always split the same way."""


class ExampleTask(Task):
    """A :class:`Task` of examples, a fifth of which training never sees.

    Attributes:
        training: the examples that are trained on.
        held_out: the others.
    """

    drawn = False

    def __init__(self, file: ExampleFile, source: str) -> None:
        """Split the examples and put them into levels.

        Args:
            source: where they come from, for people.

        Raises:
            HardmaxError: there are too few of them to hold some out.
        """
        self.title = file.name
        self.summary = file.summary or f"what the examples in {printable(source)} show"
        self.training, self.held_out = _split(file.examples, source)
        self._file = file
        self._levels = _levels(self.training)
        self.largest_training_complexity = max(self._levels)
        self._guess = GUESSES[0]
        self.budget = self._budget()

    @property
    def description(self) -> TaskDescription:
        """What programs say of it."""
        return TaskDescription(
            summary=self.summary,
            evidence=Evidence.EXAMPLES,
            sizes=self._file.sizes,
            examples=len(self.training),
            held_out=len(self.held_out),
            layout=self._file.layout,
        )

    @property
    def accepted_complexity(self) -> int:
        """The last level."""
        return self.largest_training_complexity

    def examples(self) -> tuple[tuple[str, Sequence[Example]], ...]:
        """What was held out, and what was not."""
        return (("held-out examples", self.held_out), ("examples trained on", self.training))

    def guesses(self) -> tuple[Self, ...]:
        """One for each of GUESSES, or none where every example says how long it takes."""
        if all(example.steps is not None for example in self._file.examples):
            return (self,)
        return tuple(self._with(guess) for guess in GUESSES)

    def observed(self, steps: Sequence[int]) -> Self:
        """The same with a step budget for a program that halted after so many timesteps."""
        twin = copy.copy(self)
        extents = [example.extent for example in self._ordered]
        twin.budget = observed_budget(self.budget, zip(extents, steps, strict=True))
        return twin

    @property
    def _ordered(self) -> list[Example]:
        return sorted(self._file.examples, key=lambda example: example.size)

    def _with(self, guess: StepGuess) -> Self:
        twin = copy.copy(self)
        twin._guess = guess
        twin.budget = twin._budget()
        return twin

    def _budget(self) -> StepBudget:
        declared = sorted(
            (example.size, example.steps)
            for example in self._file.examples
            if example.steps is not None
        )
        if len(declared) < len(self._file.examples):
            return self._guess.budget
        return fitted_budget(declared)

    def batches(
        self,
        smallest: int,
        largest: int,
        count: int,
        generator: torch.Generator,
        roomy: bool = False,
    ) -> list[Batch]:
        """``count`` training examples, evenly over the levels smallest..largest.

        Where there are fewer they come more than once. ``roomy`` means nothing here.
        """
        pools = [
            self._levels[level] for level in range(smallest, largest + 1) if level in self._levels
        ]
        chosen: list[Example] = []
        for pool, share in zip(pools, np.array_split(np.arange(count), len(pools)), strict=True):
            turns = -(-len(share) // len(pool))
            numbers = torch.cat([torch.randperm(len(pool), generator=generator)] * turns)
            chosen += [pool[number] for number in numbers[: len(share)].tolist()]
        return self._by_size(chosen)

    def acceptance_batches(self, count: int, generator: torch.Generator) -> list[Batch]:
        """Every example, the held-out ones among them, once."""
        return self._by_size(self._ordered)

    def _by_size(self, examples: Sequence[Example]) -> list[Batch]:
        groups: dict[int, list[Example]] = defaultdict(list)
        for example in examples:
            groups[example.size].append(example)
        return [self._batch(groups[size]) for size in sorted(groups)]

    def _batch(self, examples: Sequence[Example]) -> Batch:
        """Examples of one size."""
        inputs = torch.tensor([example.before for example in examples])
        expected = torch.tensor(
            [
                [b if a is None else a for b, a in zip(example.before, example.after, strict=True)]
                for example in examples
            ]
        )
        output = torch.tensor([[a is not None for a in example.after] for example in examples])
        steps = [self._guess.steps(e.extent) if e.steps is None else e.steps for e in examples]
        return Batch(inputs, expected, output, torch.tensor(steps))

    def _minimum_size(self, n: int) -> int:
        """The largest memory up to a level."""
        levels = [self._levels[level] for level in self._levels if level <= n]
        return max(example.size for level in levels for example in level)

    def _draw(self, n: Tensor, size: int, generator: torch.Generator) -> Batch:
        """Examples of one size, which is at most ``size``, each from the level nearest to its n."""
        device, complexities = n.device, n.flatten().tolist()
        largest = max(complexities)
        sizes = [e.size for level in self._levels if level <= largest for e in self._levels[level]]
        one = sizes[int(torch.randint(len(sizes), (), generator=generator, device=device))]
        pools: dict[int, list[Example]] = {}
        for level, examples in self._levels.items():
            fitting = [example for example in examples if example.size == one]
            if fitting:
                pools[level] = fitting
        draws = torch.randint(1 << 62, (len(complexities),), generator=generator, device=device)
        chosen = []
        for complexity, number in zip(complexities, draws.tolist(), strict=True):
            pool = pools[min(pools, key=lambda level: (abs(level - complexity), level))]
            chosen.append(pool[number % len(pool)])
        batch = self._batch(chosen)
        tensors = (batch.inputs, batch.expected, batch.output, batch.timesteps)
        return Batch(*(tensor.to(device) for tensor in tensors))

    def _definition(self, memory: list[int]) -> dict[int, int]:
        """What the examples that begin with this memory say."""
        found = {
            cell: value
            for example in self._file.examples
            if example.before == tuple(memory)
            for cell, value in enumerate(example.after)
            if value is not None
        }
        if not found:
            raise self._not_an_input("no example begins with this memory")
        return found


def _difficulty(example: Example) -> tuple[int, int]:
    """How much of a memory an example uses, and how many cells it changes."""
    return example.extent, example.changed


def _split(
    examples: Sequence[Example], source: str
) -> tuple[tuple[Example, ...], tuple[Example, ...]]:
    """What is trained on, and what is held out: one of HELD_OUT of about the same difficulty.

    Examples of one group stay together.

    Raises:
        HardmaxError: there are too few.
    """
    units: dict[tuple[str, int], list[Example]] = defaultdict(list)
    for number, example in enumerate(examples):
        units[example.group, 0 if example.group else number].append(example)
    if len(examples) < FEWEST or len(units) < HELD_OUT:
        groups = f" in {HELD_OUT} groups" if len(examples) >= FEWEST else ""
        raise HardmaxError(
            f"{printable(source)}: expected at least {FEWEST} different examples{groups}, as one "
            f"in {HELD_OUT} is held out, found {len(units) if groups else len(examples)}"
        )
    ordered = sorted(units.values(), key=lambda unit: max(map(_difficulty, unit)))
    rng = random.Random(SPLIT_SEED)
    training: list[Example] = []
    held_out: list[Example] = []
    for first in range(0, len(ordered), HELD_OUT):
        block = ordered[first : first + HELD_OUT]
        chosen = rng.randrange(HELD_OUT)
        for number, unit in enumerate(block):
            (held_out if number == chosen else training).extend(unit)
    return tuple(training), tuple(held_out)


def _levels(examples: Sequence[Example]) -> dict[int, list[Example]]:
    """Examples by level, 1 and up to MOST_LEVELS; those of one difficulty are in one level.

    There is a second level in any case, as a search begins with the smaller of two.
    """
    ordered = sorted(examples, key=_difficulty)
    count = min(MOST_LEVELS, len(set(map(_difficulty, examples))))
    part_of: dict[tuple[int, int], int] = {}
    parts: dict[int, list[Example]] = defaultdict(list)
    for rank, example in enumerate(ordered):
        part = part_of.setdefault(_difficulty(example), rank * count // len(ordered))
        parts[part].append(example)
    levels = dict(enumerate(parts.values(), start=1))
    return levels if len(levels) > 1 else {1: ordered, 2: ordered}
