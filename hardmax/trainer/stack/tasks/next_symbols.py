"""Tasks of Joulin and Mikolov 2015 (table 1): the next symbol, wherever it is determined."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from hardmax.trainer.stack.tasks.task import (
    NOTHING,
    Answer,
    SymbolBatch,
    SymbolTask,
    below,
    symbols_below,
)
from hardmax.trainer.stack.tasks.transductions import END, SHORT_INPUTS

LONGEST_SHORT = 20
"""The largest free length up to which all are tried."""

STRINGS = 2
"""How many follow each other in a sample: a machine must be able to begin anew."""


@dataclass(frozen=True)
class Counting(SymbolTask):
    """Strings of blocks, one after another; each block is one letter, a number of times.

    The lengths of the first blocks are free, those of the others follow from them. The next letter
    is determined from the first block on that is not free, the first letter of the next string
    included. ``lengths`` gives those of all blocks; the free ones are the first of what it is
    given, numbers or tensors. Complexity: the largest free length of a sample; none is below 1.
    """

    name: str
    title: str
    summary: str = field(init=False)
    free: int
    lengths: Callable[[Sequence[Any]], tuple[Any, ...]]
    machine: str = "stack"

    smallest_complexity = 1

    def __post_init__(self) -> None:
        said = f"the next letter in strings {self.title}, wherever it is determined"
        object.__setattr__(self, "summary", said)

    @property
    def blocks(self) -> int:
        """How many a string has."""
        return len(self.lengths((1,) * self.free))

    @property
    def alphabet(self) -> tuple[str, ...]:
        """A letter for every block."""
        return tuple("abcd"[: self.blocks])

    @property
    def output_alphabet(self) -> tuple[str, ...]:
        """The same."""
        return self.alphabet

    def sample(self, complexity: Tensor, generator: torch.Generator) -> SymbolBatch:
        """Free lengths are uniform, but one of them is the complexity."""
        samples, device = len(complexity), complexity.device
        count = STRINGS * self.free
        free = 1 + below(complexity[:, None].expand(-1, count), generator)
        largest = symbols_below(count, (samples, 1), generator)
        free.scatter_(1, largest, complexity[:, None])
        lengths = torch.stack(
            [
                length
                for string in free.view(samples, STRINGS, self.free).unbind(1)
                for length in self.lengths(string.unbind(1))
            ],
            1,
        )
        ends = lengths.cumsum(1)
        steps = ends[:, -1]
        step = torch.arange(int(steps.max()) + 1, device=device).expand(samples, -1)
        block = torch.searchsorted(ends, step.contiguous(), right=True)
        letters = (block % self.blocks).clamp_max(self.blocks - 1)
        within = step[:, :-1] < steps[:, None]
        determined = (letters[:, :-1] >= self.free) & within
        return SymbolBatch(
            letters[:, :-1] * within,
            torch.where(determined, letters[:, 1:], NOTHING),
            steps,
        )

    def _definition(self, inputs: list[int]) -> Answer:
        runs = [(letter, len(list(run))) for letter, run in itertools.groupby(inputs)]
        answer: Answer = {}
        step = 0
        for first in range(0, len(runs), self.blocks):
            string = runs[first : first + self.blocks]
            counts = tuple(count for _, count in string)
            if [letter for letter, _ in string] != list(range(self.blocks)) or (
                counts != self.lengths(counts)
            ):
                raise ValueError(f"expected strings {self.title}")
            letters = [letter for letter, count in string for _ in range(count)]
            following = [*letters[1:], 0]
            for place, letter in enumerate(following):
                if place >= sum(counts[: self.free]):
                    answer[step + place] = letter
            step += sum(counts)
        return answer

    def short_inputs(self) -> Iterator[list[int]]:
        """Yield all with free lengths up to the largest for which they are not too many."""
        count = STRINGS * self.free
        most = max(n for n in range(1, LONGEST_SHORT + 1) if n**count <= SHORT_INPUTS)
        for free in itertools.product(range(1, most + 1), repeat=count):
            yield [
                letter
                for string in range(STRINGS)
                for letter, length in enumerate(self.lengths(free[string * self.free :]))
                for _ in range(length)
            ]


COUNTING = (
    Counting("anbn", "a^n b^n", 1, lambda free: (free[0], free[0])),
    Counting("anbncn", "a^n b^n c^n", 1, lambda free: (free[0],) * 3),
    Counting("anbncndn", "a^n b^n c^n d^n", 1, lambda free: (free[0],) * 4, "stackrnn"),
    Counting("anb2n", "a^n b^2n", 1, lambda free: (free[0], 2 * free[0]), "stackrnn"),
    Counting("anbmcnm", "a^n b^m c^(n+m)", 2, lambda free: (free[0], free[1], free[0] + free[1])),
)
"""The five of table 1."""


@dataclass(frozen=True)
class Memorization(SymbolTask):
    """A sequence, a sign, the sequence from its end: in the second half the next symbol.

    The machine sees the second half, too, as it is asked for it. L symbols are given; T = 2 L + 1,
    and the last step asks for nothing. Complexity: L.
    """

    name = "memorization"
    title = "Memorization"
    summary = "predict a sequence that comes again from its end"
    size: int = 4
    largest_training_complexity: int = 10

    @property
    def alphabet(self) -> tuple[str, ...]:
        """The numbers 0..V - 1 and the sign between the halves."""
        return (*self.output_alphabet, END)

    @property
    def output_alphabet(self) -> tuple[str, ...]:
        """The numbers 0..V - 1."""
        return tuple(map(str, range(self.size)))

    def sample(self, complexity: Tensor, generator: torch.Generator) -> SymbolBatch:
        """Every symbol as likely."""
        length = complexity[:, None]
        most = int(complexity.max())
        given = symbols_below(self.size, (len(complexity), most + 1), generator)
        step = torch.arange(2 * most + 1, device=complexity.device).expand(len(complexity), -1)
        mirrored = torch.where(step < length, step, 2 * length - step).clamp(0, most)
        inputs = given.gather(1, mirrored).masked_fill(step == length, self.size)
        within = step <= 2 * length
        asked = (step >= length) & (step < 2 * length)
        following = (2 * length - step - 1).clamp(0, most)
        targets = torch.where(asked, given.gather(1, following), NOTHING)
        return SymbolBatch(inputs * within, targets, 2 * complexity + 1)

    def _definition(self, inputs: list[int]) -> Answer:
        length = inputs.index(self.size)
        first, second = inputs[:length], inputs[length + 1 :]
        if second != first[::-1] or any(not 0 <= symbol < self.size for symbol in first):
            raise ValueError("expected a sequence, the sign, and the sequence from its end")
        return {length + place: symbol for place, symbol in enumerate(second)}

    def short_inputs(self) -> Iterator[list[int]]:
        """Yield all up to the length at which there are too many."""
        length = 0
        while self.size**length <= SHORT_INPUTS:
            for given in itertools.product(range(self.size), repeat=length):
                yield [*given, self.size, *reversed(given)]
            length += 1
