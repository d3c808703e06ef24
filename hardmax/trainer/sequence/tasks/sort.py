"""Priority sort (section 4.5 of the NTM paper)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from hardmax.runtime.sequence.interface import MemoryRule
from hardmax.trainer.sequence.tasks.copies import ROWS_FOR_HALF
from hardmax.trainer.sequence.tasks.task import (
    Answer,
    SequenceBatch,
    SequenceTask,
    consecutive,
    expect,
    put,
    random_bits,
)

GAPS_SHARE = 0.8
"""The share of the range of priorities that gaps between them may take up."""


@dataclass(frozen=True)
class Sort(SequenceTask):
    """Start, L vectors with priorities in (-1, 1) on a channel of their own, stop; then sorted.

    T = 2 L + 2 (section 4.5); the highest priority comes first. Complexity: L. Of ``kept`` vectors
    the rest is not asked for. Any two priorities differ by at least the gap, but by no more than
    there is room for; in training they come nearer to each other.
    """

    title = "Sort"
    summary = "sort bit vectors by a real priority, the highest first"
    accepted = ((1, 500_000),)
    bits: int
    largest_training_complexity: int
    kept: float = 1.0
    gap: float = 0.3
    training_gap: float = 0.2
    memory: MemoryRule = ROWS_FOR_HALF

    @property
    def inputs(self) -> int:
        """As for Copy, and the priority."""
        return self.bits + 3

    @property
    def priority_channel(self) -> int:
        """The input that holds a vector's priority."""
        return self.bits + 2

    def answers(self, length: int) -> int:
        """How many of so many vectors are asked for."""
        return max(1, round(self.kept * length))

    def sample(self, complexity: Tensor, generator: torch.Generator) -> SequenceBatch:
        """L = complexity."""
        return self.sample_with_gap(complexity, self.gap, generator)

    def training_sample(self, complexity: Tensor, generator: torch.Generator) -> SequenceBatch:
        """As :meth:`sample`, but with the smaller gap."""
        return self.sample_with_gap(complexity, self.training_gap, generator)

    def sample_with_gap(
        self, complexity: Tensor, gap: float, generator: torch.Generator
    ) -> SequenceBatch:
        """As :meth:`sample`, with a gap of one's own."""
        length, device = complexity, complexity.device
        longest, samples = int(length.max()), len(complexity)
        asked = torch.tensor([self.answers(n) for n in length.tolist()], device=device)
        batch = self._blank(length + 2 + asked)
        vectors = random_bits((samples, longest, self.bits), generator)
        number = torch.arange(longest, device=device)
        present = number < length[:, None]
        most = 2 * GAPS_SHARE / (length - 1).clamp_min(1)
        gaps = most.clamp_max(gap)[:, None]
        loose = torch.rand((samples, longest), generator=generator, device=device)
        loose = loose.masked_fill(~present, 2).sort(1).values * (2 - gaps * (length[:, None] - 1))
        priority = (loose + gaps * number - 1).flip(1)  # highest first, absent ones before all
        order = torch.rand((samples, longest), generator=generator, device=device)
        order = order.masked_fill(~present, 2).argsort(1)  # rank i comes in place order[i]
        at = consecutive(torch.ones_like(length), longest)
        ranked = torch.arange(longest, device=device) + (longest - length)[:, None]
        priority = priority.gather(1, ranked.clamp_max(longest - 1))
        everyone = torch.arange(samples, device=device)
        batch.inputs[:, 0, self.start_channel] = 1
        batch.inputs[everyone, length + 1, self.stop_channel] = 1
        places = at.gather(1, order)
        put(batch.inputs, places, vectors, present)
        rows, ranks = present.nonzero(as_tuple=True)
        batch.inputs[rows, places[rows, ranks], self.priority_channel] = priority[rows, ranks]
        expect(batch, consecutive(length + 2, longest), vectors, number < asked[:, None])
        return batch

    def _definition(self, inputs: list[list[float]]) -> Answer:
        stop = [row[self.stop_channel] for row in inputs].index(1)
        given = sorted(inputs[1:stop], key=lambda row: -row[self.priority_channel])
        return {
            (stop + 1 + i, j): row[j]
            for i, row in enumerate(given[: self.answers(len(given))])
            for j in range(self.bits)
        }
