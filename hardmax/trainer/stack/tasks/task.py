"""What a task on symbols is: batched random samples, an exact definition, all short inputs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional

from hardmax.runtime.errors import HardmaxError

NOTHING = -1
"""The target of a step in which no output counts."""

Answer = dict[int, int]
"""{step: the symbol that is to be put out}."""


@dataclass(frozen=True)
class SymbolBatch:
    """K samples of one task, padded to one length T.

    Attributes:
        inputs: int64 [K, T], symbols.
        targets: int64 [K, T], symbols of the output alphabet, NOTHING where no output counts.
        steps: int64 [K], the length of each sample, 1..T.
    """

    inputs: Tensor
    targets: Tensor
    steps: Tensor

    @property
    def counted(self) -> Tensor:
        """bool [K, T]: the steps whose output counts."""
        return self.targets != NOTHING

    def wrong(self, answers: Tensor) -> Tensor:
        """bool [K, T]: the outputs that count and are others, of symbols [K, T]."""
        return self.counted & (answers != self.targets)

    def select(self, samples: Tensor) -> SymbolBatch:
        """The samples of those numbers, int64 [J], each 0..K - 1."""
        return SymbolBatch(*(getattr(self, field.name)[samples] for field in fields(self)))

    def join(self, other: SymbolBatch) -> SymbolBatch:
        """These samples and others of the same task, padded to the longer of the two."""
        length = max(self.inputs.shape[1], other.inputs.shape[1])
        inputs = torch.cat([_padded(batch.inputs, length, 0) for batch in (self, other)])
        targets = torch.cat([_padded(batch.targets, length, NOTHING) for batch in (self, other)])
        return SymbolBatch(inputs, targets, torch.cat((self.steps, other.steps)))


def _padded(sequences: Tensor, length: int, value: int) -> Tensor:
    return functional.pad(sequences, (0, length - sequences.shape[1]), value=value)


class SymbolTask(ABC):
    """One task.

    Attributes:
        name, title, summary: on the command line and in files; for people.
        machine: what it proposes to learn it, a name in ``hardmax.trainer.kinds.KINDS``.
        alphabet, output_alphabet: the names of the symbols.
        smallest_complexity, largest_training_complexity: what training draws.
        first_level: the complexity that a curriculum begins with, less being seen along with it.
        accepted: (factor, samples) for every multiple of the largest training complexity at which
            a machine must be right, too.
    """

    name: str
    title: str
    summary: str
    machine: str = "stack"
    smallest_complexity: ClassVar[int] = 0
    first_level: ClassVar[int] = 3
    largest_training_complexity: int = 10
    accepted: ClassVar[tuple[tuple[int, int], ...]] = ((2, 2000), (10, 200), (100, 10))

    @property
    @abstractmethod
    def alphabet(self) -> tuple[str, ...]:
        """The names of the input symbols 0..K - 1."""

    @property
    @abstractmethod
    def output_alphabet(self) -> tuple[str, ...]:
        """The names of the output symbols."""

    @abstractmethod
    def sample(self, complexity: Tensor, generator: torch.Generator) -> SymbolBatch:
        """Draw one sample for each complexity.

        Args:
            complexity: int64 [K], each at least ``smallest_complexity``.
            generator: on the device of ``complexity``, where the batch is made too.
        """

    @abstractmethod
    def short_inputs(self) -> Iterator[list[int]]:
        """Yield every input that is short enough for all of them to be tried."""

    def solve(self, inputs: Sequence[int]) -> Answer:
        """The task's exact definition on one input.

        Raises:
            HardmaxError: the symbols are no input of this task.
        """
        try:
            return self._definition([int(symbol) for symbol in inputs])
        except (ValueError, IndexError) as error:
            raise HardmaxError(f"not an input of task {self.name}: {error}") from None

    @abstractmethod
    def _definition(self, inputs: list[int]) -> Answer:
        """:meth:`solve`, free to raise ValueError and IndexError."""

    def batch_of(self, inputs: Sequence[Sequence[int]]) -> SymbolBatch:
        """Inputs, none of them empty, with what the definition says of them."""
        steps = torch.tensor([len(symbols) for symbols in inputs])
        shape = len(inputs), int(steps.max())
        batch = SymbolBatch(
            torch.zeros(shape, dtype=torch.int64), torch.full(shape, NOTHING), steps
        )
        for sample, symbols in enumerate(inputs):
            batch.inputs[sample, : len(symbols)] = torch.tensor(symbols)
            for step, symbol in self.solve(symbols).items():
                batch.targets[sample, step] = symbol
        return batch


def below(bound: Tensor, generator: torch.Generator) -> Tensor:
    """Integers 0..bound - 1, uniform, of the shape of ``bound``."""
    draw = torch.rand(bound.shape, generator=generator, device=bound.device)
    return (draw * bound).long()


def symbols_below(bound: int, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """int64 of that shape, uniform in 0..bound - 1."""
    return torch.randint(bound, shape, generator=generator, device=generator.device)
