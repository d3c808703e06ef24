"""What a task on sequences is: batched random samples and an exact definition."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional

from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.sequence.interface import MemoryRule

PREFIX = "ntm-"
"""How the names of these tasks begin."""

PRESETS = ("small", "paper")
"""``small`` trains in minutes on one core; ``paper`` has the sizes of the NTM paper."""

DEFAULT_PRESET = PRESETS[0]

Answer = dict[tuple[int, int], float]
"""{(step, output channel): what it is to be}."""


@dataclass(frozen=True)
class SequenceBatch:
    """K samples of one task, padded with steps of zeros to one length T.

    Attributes:
        inputs: float [K, T, V].
        targets: float [K, T, V'], probabilities, 0 or 1 but for n-grams.
        mask: bool [K, T, V'], the outputs that count.
        steps: int64 [K], the length of each sample, at most T.
    """

    inputs: Tensor
    targets: Tensor
    mask: Tensor
    steps: Tensor

    def wrong(self, probabilities: Tensor) -> Tensor:
        """bool [K, T, V']: the outputs that count and are on the wrong side of 1/2."""
        return self.mask & ((probabilities > 0.5) != (self.targets > 0.5))

    def select(self, samples: Tensor) -> SequenceBatch:
        """The samples of those numbers, int64 [J], each 0..K - 1."""
        return SequenceBatch(*(getattr(self, field.name)[samples] for field in fields(self)))

    def join(self, other: SequenceBatch) -> SequenceBatch:
        """These samples and others of the same task, padded to the longer of the two."""
        length = max(self.inputs.shape[1], other.inputs.shape[1])

        def padded(sequences: Tensor) -> Tensor:
            return functional.pad(sequences, (0, 0, 0, length - sequences.shape[1]))

        inputs, targets, mask = (
            torch.cat([padded(getattr(batch, name)) for batch in (self, other)])
            for name in ("inputs", "targets", "mask")
        )
        return SequenceBatch(inputs, targets, mask, torch.cat((self.steps, other.steps)))


class SequenceTask(ABC):
    """One task at one size.

    Attributes:
        machine: the kind of machine that it proposes.
        title, summary: for people.
        bits: V, the data channels.
        smallest_complexity, largest_training_complexity: what training draws.
        memory: the rows that a sequence needs.
        accepted: (factor, samples) for every multiple of the largest training complexity at which
            a machine must be right, too.
        tolerance: the largest error of a machine that is accepted.
    """

    machine: ClassVar[str] = "ntm"
    title: ClassVar[str]
    summary: ClassVar[str]
    accepted: ClassVar[tuple[tuple[int, int], ...]] = ()
    tolerance: ClassVar[float] = 0.0
    bits: int
    smallest_complexity: int = 1
    largest_training_complexity: int
    memory: MemoryRule

    @property
    def name(self) -> str:
        """The task's name on the command line and in files."""
        return PREFIX + self.title.lower().replace(" ", "-")

    @property
    def start_channel(self) -> int:
        """The input that begins something."""
        return self.bits

    @property
    def stop_channel(self) -> int:
        """The input that ends something."""
        return self.bits + 1

    @property
    def inputs(self) -> int:
        """V, the input channels."""
        return self.bits + 2

    @property
    def outputs(self) -> int:
        """V', the output channels."""
        return self.bits

    @abstractmethod
    def sample(self, complexity: Tensor, generator: torch.Generator) -> SequenceBatch:
        """Draw one sample for each complexity.

        Args:
            complexity: int64 [K], each at least ``smallest_complexity``.
            generator: on the device of ``complexity``, where the batch is made too.
        """

    @property
    def first_level(self) -> int:
        """The complexity that a curriculum begins with."""
        return self.smallest_complexity

    @property
    def training_memory(self) -> MemoryRule:
        """The rows that are trained with, but for some slack."""
        return self.memory

    def training_sample(self, complexity: Tensor, generator: torch.Generator) -> SequenceBatch:
        """As :meth:`sample`; where a task says so, with more that is hard to get right."""
        return self.sample(complexity, generator)

    def solve(self, inputs: Sequence[Sequence[float]]) -> Answer:
        """The task's exact definition on one input sequence, T rows of V numbers.

        Raises:
            HardmaxError: the sequence is no input of this task.
        """
        try:
            return self._definition([[float(x) for x in row] for row in inputs])
        except (ValueError, IndexError) as error:
            raise HardmaxError(f"not an input of task {self.name}: {error}") from None

    @abstractmethod
    def _definition(self, inputs: list[list[float]]) -> Answer:
        """:meth:`solve`, free to raise ValueError and IndexError."""

    def error(self, probabilities: Tensor, batch: SequenceBatch) -> Tensor:
        """[K] in 0..1: the share of the outputs that count that are on the wrong side of 1/2."""
        wrong = batch.wrong(probabilities)
        return wrong.sum((-1, -2)) / batch.mask.sum((-1, -2))

    def weights(self, batch: SequenceBatch) -> Tensor:
        """[K, T, V']: what every output weighs in the loss that is trained on."""
        return batch.mask.float()

    def _below(self, bound: Tensor, generator: torch.Generator) -> Tensor:
        """Integers 0..bound - 1, uniform."""
        draw = torch.rand(bound.shape, generator=generator, device=bound.device)
        return (draw * bound).long()

    def _blank(self, steps: Tensor) -> SequenceBatch:
        """Nothing but zeros, for samples of so many steps."""
        shape = (len(steps), int(steps.max()))
        device = steps.device
        targets = torch.zeros(*shape, self.outputs, device=device)
        return SequenceBatch(
            torch.zeros(*shape, self.inputs, device=device),
            targets,
            torch.zeros_like(targets, dtype=torch.bool),
            steps,
        )


def random_bits(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    return torch.randint(2, shape, generator=generator, device=generator.device).float()


def put(into: Tensor, at: Tensor, values: Tensor, present: Tensor) -> None:
    """into[k, at[k, j], :C] = values[k, j] where present[k, j]; C numbers a value."""
    samples, places = present.nonzero(as_tuple=True)
    into[samples, at[samples, places], : values.shape[-1]] = values[samples, places].to(into.dtype)


def expect(batch: SequenceBatch, at: Tensor, values: Tensor, present: Tensor) -> None:
    """Ask for values [K, J, C] in steps at [K, J], where present."""
    put(batch.targets, at, values, present)
    put(batch.mask, at, torch.ones_like(values), present)


def consecutive(first: Tensor, count: int) -> Tensor:
    """[K, count]: consecutive steps from first [K] on."""
    return first[:, None] + torch.arange(count, device=first.device)
