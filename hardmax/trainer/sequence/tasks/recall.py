"""Associative recall (section 4.3 of the NTM paper)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.sequence.interface import MemoryRule
from hardmax.trainer.sequence.tasks.copies import ROWS_FOR_ALL
from hardmax.trainer.sequence.tasks.task import (
    Answer,
    SequenceBatch,
    SequenceTask,
    consecutive,
    expect,
    put,
)


@dataclass(frozen=True)
class Recall(SequenceTask):
    """Items of w vectors, each after a start; then between two stops an item; then the next one.

    T = k (1 + w) + 2 + 2 w for k items (section 4.3). Complexity: k. No two items are alike. In
    training they differ in few bits in half of the samples, so that a machine heeds all bits.
    """

    title = "Recall"
    summary = "given one of several items, answer with the one that followed it"
    accepted = ((2, 100_000),)
    bits: int
    item: int
    largest_training_complexity: int
    smallest_complexity: int = 2
    memory: MemoryRule = ROWS_FOR_ALL

    @property
    def first_level(self) -> int:
        """Four: with two items there is but one answer, which teaches nothing of use."""
        return 4

    def sample(self, complexity: Tensor, generator: torch.Generator) -> SequenceBatch:
        """k = complexity, at most the number of different items."""
        return self._sample(complexity, 0.0, generator)

    def training_sample(self, complexity: Tensor, generator: torch.Generator) -> SequenceBatch:
        """As :meth:`sample`, but half of the samples have items near each other."""
        return self._sample(complexity, 0.5, generator)

    def _sample(self, complexity: Tensor, near: float, generator: torch.Generator) -> SequenceBatch:
        count, device, width = complexity, complexity.device, self.item
        most = int(count.max())
        if most > 1 << self.bits * width:
            raise HardmaxError(
                f"task {self.name}: expected at most {1 << self.bits * width} items, found {most}"
            )
        batch = self._blank(count * (1 + width) + 2 + 2 * width)
        codes = _distinct(len(count), most, self.bits * width, near, generator)
        places = torch.arange(self.bits * width, device=device)
        items = ((codes[..., None] >> places) & 1).float().view(-1, most, width, self.bits)
        present = torch.arange(most, device=device) < count[:, None]
        everyone = torch.arange(len(count), device=device)
        starts = consecutive(torch.zeros_like(count), most) * (1 + width)
        samples, numbers = present.nonzero(as_tuple=True)
        batch.inputs[samples, numbers * (1 + width), self.start_channel] = 1
        at = starts[..., None] + 1 + torch.arange(width, device=device)
        put(
            batch.inputs,
            at.flatten(1),
            items.flatten(1, 2),
            present.repeat_interleave(width, 1),
        )
        stop = count * (1 + width)
        batch.inputs[everyone, stop, self.stop_channel] = 1
        batch.inputs[everyone, stop + width + 1, self.stop_channel] = 1
        asked = self._below(count - 1, generator)
        everything = torch.ones(len(count), width, dtype=torch.bool, device=device)
        put(batch.inputs, consecutive(stop + 1, width), items[everyone, asked], everything)
        expect(batch, consecutive(stop + width + 2, width), items[everyone, asked + 1], everything)
        return batch

    def _definition(self, inputs: list[list[float]]) -> Answer:
        width = self.item
        stop = [row[self.stop_channel] for row in inputs].index(1)
        vectors = [row[: self.bits] for row in inputs]
        items = [vectors[t + 1 : t + 1 + width] for t in range(0, stop, 1 + width)]
        answer = items[items.index(vectors[stop + 1 : stop + 1 + width]) + 1]
        first = stop + width + 2
        return {
            (first + i, j): bit for i, vector in enumerate(answer) for j, bit in enumerate(vector)
        }


def _distinct(rows: int, count: int, bits: int, near: float, generator: torch.Generator) -> Tensor:
    """int64 [rows, count]: numbers of so many bits, no two of a row alike.

    In a share of the rows they are near a centre: a bit differs from its in one case of eight.
    """
    shape = (rows, count)

    def draw(*shape: int) -> Tensor:
        return torch.randint(1 << bits, shape, generator=generator, device=generator.device)

    drawn = draw(*shape)
    alike = draw(rows, 1) ^ (drawn & draw(*shape) & draw(*shape))
    alike_here = torch.rand((rows, 1), generator=generator, device=generator.device) < near
    drawn = torch.where(alike_here, alike, drawn)
    while True:
        ordered, order = drawn.sort(dim=1, stable=True)
        again = torch.zeros(shape, dtype=torch.bool, device=drawn.device)
        again[:, 1:] = ordered[:, 1:] == ordered[:, :-1]
        if not bool(again.any()):
            return drawn
        again = torch.zeros_like(again).scatter_(1, order, again)
        drawn = torch.where(again, draw(*shape), drawn)
