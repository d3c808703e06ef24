"""Tasks that answer after the whole input: L symbols, the end of input, then blanks.

Of a vocabulary of V symbols the input alphabet has V + 2: V is the end of input, V + 1 a blank. The
answer is asked for in the blanks, one symbol a step.
"""

from __future__ import annotations

import itertools
from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from hardmax.trainer.stack.tasks.task import (
    NOTHING,
    Answer,
    SymbolBatch,
    SymbolTask,
    symbols_below,
)

END, BLANK = "end", "blank"
"""Names of the two symbols that no vocabulary has."""

SHORT_INPUTS = 5000
"""Inputs are tried exhaustively up to the length at which there are no more than these of it."""


class Transduction(SymbolTask):
    """One of these tasks. Complexity: L, unless a task says otherwise."""

    @property
    @abstractmethod
    def vocabulary(self) -> tuple[str, ...]:
        """The names of the V symbols."""

    @property
    def end(self) -> int:
        """V, the symbol that ends the input."""
        return len(self.vocabulary)

    @property
    def blank(self) -> int:
        """V + 1, the symbol of a step in which the answer is asked for."""
        return len(self.vocabulary) + 1

    @property
    def alphabet(self) -> tuple[str, ...]:
        """The vocabulary, the end of input, the blank."""
        return (*self.vocabulary, END, BLANK)

    @property
    def output_alphabet(self) -> tuple[str, ...]:
        """The vocabulary, unless a task says otherwise."""
        return self.vocabulary

    @abstractmethod
    def answer(self, given: list[int]) -> list[int]:
        """The definition: what is to be put out after ``given``.

        Raises:
            ValueError: it is no input of this task.
        """

    @abstractmethod
    def sources(self, length: int) -> Iterator[tuple[int, ...]]:
        """Yield everything of that length that may be given, in no more than a moment."""

    def short_inputs(self) -> Iterator[list[int]]:
        """Yield everything up to some length, with its end and its blanks."""
        for length in itertools.count():
            given = list(itertools.islice(self.sources(length), SHORT_INPUTS + 1))
            if len(given) > SHORT_INPUTS:
                return
            for symbols in given:
                yield self.framed(list(symbols))

    def framed(self, given: list[int]) -> list[int]:
        """An input: what is given, the end, and a blank for every symbol of the answer."""
        return [*given, self.end, *[self.blank] * len(self.answer(given))]

    def _definition(self, inputs: list[int]) -> Answer:
        end = inputs.index(self.end)
        answer = self.answer(inputs[:end])
        blanks = inputs[end + 1 :]
        if blanks != [self.blank] * len(answer):
            raise ValueError(f"expected {len(answer)} blanks after the end, found {blanks}")
        return {end + 1 + i: symbol for i, symbol in enumerate(answer)}

    def frame(self, given: Tensor, length: Tensor, answer: Tensor, asked: Tensor) -> SymbolBatch:
        """The samples with what is given and what is asked for.

        Args:
            given: int64 [K, J], of which the first ``length`` [K] count, the others being anything.
            answer: int64 [K, J'], of which the first ``asked`` [K] count.
        """
        steps = length + 1 + asked
        shape = len(length), int(steps.max())
        place = torch.arange(shape[1], device=length.device)
        inputs = torch.full(shape, self.blank, device=length.device)
        present = place[: given.shape[1]] < length[:, None]
        inputs[:, : given.shape[1]][present] = given[present]
        inputs.scatter_(1, length[:, None], self.end)
        targets = torch.full(shape, NOTHING, device=length.device)
        number = place - length[:, None] - 1
        wanted = (number >= 0) & (number < asked[:, None])
        if answer.shape[1] > 0:
            symbols = answer.gather(1, number.clamp(0, answer.shape[1] - 1))
            targets = torch.where(wanted, symbols, targets)
        return SymbolBatch(inputs, targets, steps)


@dataclass(frozen=True)
class Rearrangement(Transduction):
    """The answer is the sequence in another order; V symbols, each as likely.

    A share of the samples draws from two symbols of the vocabulary only, as long repetitions are
    rare otherwise and machines go wrong on them.
    """

    size: int = 8
    largest_training_complexity: int = 10

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """The numbers 0..V - 1."""
        return tuple(map(str, range(self.size)))

    @abstractmethod
    def place(self, number: Tensor, length: Tensor) -> Tensor:
        """Which symbol of the sequence is number ``number`` of the answer, of a ``length``."""

    def length(self, complexity: Tensor) -> Tensor:
        """Of the sequence."""
        return complexity

    def sample(self, complexity: Tensor, generator: torch.Generator) -> SymbolBatch:
        """As the class says."""
        length = self.length(complexity)
        shape = (len(length), int(length.max()))
        given = symbols_below(self.size, shape, generator)
        pair = symbols_below(self.size, (len(length), 2), generator)
        of_two = pair.gather(1, symbols_below(2, shape, generator))
        repetitive = symbols_below(FEW_SYMBOLS_EVERY, (len(length), 1), generator) == 0
        given = torch.where(repetitive, of_two, given)
        number = torch.arange(shape[1], device=length.device)
        place = self.place(number, length[:, None]).clamp(0, max(shape[1] - 1, 0))
        return self.frame(given, length, given.gather(1, place), length)

    def sources(self, length: int) -> Iterator[tuple[int, ...]]:
        """Yield every sequence."""
        return itertools.product(range(self.size), repeat=length)


FEW_SYMBOLS_EVERY = 4
"""One in so many samples draws from two symbols only."""


@dataclass(frozen=True)
class Copy(Rearrangement):
    """The sequence (Grefenstette et al. 2015, section 4.1)."""

    name = "copy"
    title = "Copy of symbols"
    summary = "repeat a sequence of symbols"
    machine = "queue"

    def place(self, number: Tensor, length: Tensor) -> Tensor:
        """The same."""
        return number.expand(len(length), -1)

    def answer(self, given: list[int]) -> list[int]:
        """The definition."""
        return expect_vocabulary(given, self.size)


@dataclass(frozen=True)
class Reversal(Rearrangement):
    """The sequence from its end (Grefenstette et al. 2015, section 4.1)."""

    name = "reversal"
    title = "Reversal"
    summary = "repeat a sequence of symbols from its end"

    def place(self, number: Tensor, length: Tensor) -> Tensor:
        """Counted from the end."""
        return length - 1 - number

    def answer(self, given: list[int]) -> list[int]:
        """The definition."""
        return expect_vocabulary(given, self.size)[::-1]


@dataclass(frozen=True)
class CopyOf128(Copy):
    """Of a vocabulary as large as that of Grefenstette et al., who train on lengths of 8 to 64."""

    name = "copy-128"
    title = "Copy of 128 symbols"
    summary = "repeat a sequence of symbols, of which there are 128"
    size: int = 128


@dataclass(frozen=True)
class ReversalOf128(Reversal):
    """Of a vocabulary as large as that of Grefenstette et al., who train on lengths of 8 to 64."""

    name = "reversal-128"
    title = "Reversal of 128 symbols"
    summary = "repeat a sequence of symbols from its end, of which there are 128"
    size: int = 128


@dataclass(frozen=True)
class Flipping(Rearrangement):
    """Bigram flipping: x2 x1 x4 x3 ... (Grefenstette et al. 2015, section 4.1); L = 2 c."""

    name = "flipping"
    title = "Bigram flipping"
    summary = "repeat a sequence of symbols with neighbours exchanged"
    machine = "queue"
    first_level = 1
    largest_training_complexity: int = 6

    def length(self, complexity: Tensor) -> Tensor:
        """Always even."""
        return 2 * complexity

    def place(self, number: Tensor, length: Tensor) -> Tensor:
        """The neighbour's."""
        return (number ^ 1).expand(len(length), -1)

    def answer(self, given: list[int]) -> list[int]:
        """The definition."""
        if len(given) % 2:
            raise ValueError(f"expected an even number of symbols, found {len(given)}")
        expect_vocabulary(given, self.size)
        flipped = []
        for first, second in zip(given[::2], given[1::2], strict=True):
            flipped += [second, first]
        return flipped

    def sources(self, length: int) -> Iterator[tuple[int, ...]]:
        """Yield every sequence of even length."""
        return itertools.product(range(self.size), repeat=length) if length % 2 == 0 else iter(())


def expect_vocabulary(given: list[int], size: int) -> list[int]:
    """The same symbols.

    Raises:
        ValueError: one is not in 0..size - 1.
    """
    for symbol in given:
        if not 0 <= symbol < size:
            raise ValueError(f"expected symbols 0..{size - 1} before the end, found {symbol}")
    return given
