"""Copy and Repeat copy (sections 4.1 and 4.2 of the NTM paper)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from hardmax.runtime.sequence.interface import MemoryRule
from hardmax.trainer.sequence.tasks.task import (
    Answer,
    SequenceBatch,
    SequenceTask,
    consecutive,
    expect,
    put,
    random_bits,
)

ROWS_FOR_HALF, ROWS_FOR_ALL = MemoryRule(4, 2), MemoryRule(4, 1)
"""A row for every second step or for every step, and some more."""


@dataclass(frozen=True)
class Copy(SequenceTask):
    """Start, L vectors, stop; then the vectors again: T = 2 L + 2 (section 4.1). Complexity: L."""

    title = "Copy"
    summary = "repeat a sequence of bit vectors"
    accepted = ((2, 400), (10, 10_000), (100, 8))
    bits: int
    largest_training_complexity: int
    memory: MemoryRule = ROWS_FOR_HALF

    def sample(self, complexity: Tensor, generator: torch.Generator) -> SequenceBatch:
        """L = complexity."""
        length = complexity
        longest = int(length.max())
        batch = self._blank(2 * length + 2)
        vectors = random_bits((len(length), longest, self.bits), generator)
        present = torch.arange(longest, device=length.device) < length[:, None]
        everyone = torch.arange(len(length), device=length.device)
        batch.inputs[:, 0, self.start_channel] = 1
        batch.inputs[everyone, length + 1, self.stop_channel] = 1
        put(batch.inputs, consecutive(torch.ones_like(length), longest), vectors, present)
        expect(batch, consecutive(length + 2, longest), vectors, present)
        return batch

    def _definition(self, inputs: list[list[float]]) -> Answer:
        stop = [row[self.stop_channel] for row in inputs].index(1)
        vectors = [row[: self.bits] for row in inputs[1:stop]]
        return {
            (stop + 1 + i, j): bit
            for i, vector in enumerate(vectors)
            for j, bit in enumerate(vector)
        }


@dataclass(frozen=True)
class RepeatCopy(SequenceTask):
    """Start, L vectors, r / R on the stop channel; then the vectors r times and an end marker.

    T = 2 + L (1 + r) + 1 (section 4.2). The marker is one more output: 0 while the vectors are
    repeated, 1 in the last step, in which nothing else counts. Complexity c: r is 1..R, but at most
    c; L is 1..c, or 1..R where c is less, and c where that is more than is trained on. So copying
    comes before repeating, as a machine that has learned to repeat a vector or two did not get
    further, and repeating before the lengths at which a count that drifts goes wrong.

    Trained with a row for every second step, machines write the sequence anew in every repeat, the
    count with its last vector, which does for any length; with more room than that they keep the
    count in a row that they write in every step, where it drifts. They run with a row for every
    step, as they erase old rows badly.
    """

    title = "Repeat copy"
    summary = "repeat a sequence of bit vectors a given number of times"
    accepted = ((2, 400), (10, 2000), (100, 8))
    bits: int
    largest_training_complexity: int
    most_repeats: int
    memory: MemoryRule = ROWS_FOR_ALL

    @property
    def training_memory(self) -> MemoryRule:
        """Less than what is run with."""
        return ROWS_FOR_HALF

    @property
    def outputs(self) -> int:
        """The vectors, and the end marker."""
        return self.bits + 1

    def sample(self, complexity: Tensor, generator: torch.Generator) -> SequenceBatch:
        """L and r uniform over what the complexity allows."""
        device = complexity.device
        shorter = 1 + self._below(complexity.clamp_min(self.most_repeats), generator)
        beyond = complexity > self.largest_training_complexity
        length = torch.where(beyond, complexity, shorter)
        longest = int(length.max())
        repeats = 1 + self._below(complexity.clamp_max(self.most_repeats), generator)
        batch = self._blank(3 + length * (1 + repeats))
        vectors = random_bits((len(length), longest, self.bits), generator)
        present = torch.arange(longest, device=device) < length[:, None]
        everyone = torch.arange(len(length), device=device)
        batch.inputs[:, 0, self.start_channel] = 1
        batch.inputs[everyone, length + 1, self.stop_channel] = repeats / self.most_repeats
        put(batch.inputs, consecutive(torch.ones_like(length), longest), vectors, present)
        total = longest * self.most_repeats
        position = torch.arange(total, device=device) % length[:, None]
        unmarked = functional.pad(vectors, (0, 1))
        repeated = unmarked.gather(1, position[..., None].expand(-1, -1, self.outputs))
        wanted = torch.arange(total, device=device) < (length * repeats)[:, None]
        expect(batch, consecutive(length + 2, total), repeated, wanted)
        batch.targets[everyone, batch.steps - 1, self.bits] = 1
        batch.mask[everyone, batch.steps - 1, self.bits] = True
        return batch

    def weights(self, batch: SequenceBatch) -> Tensor:
        """The end marker weighs as much as all steps without it, or nobody would learn to count."""
        weights = batch.mask.float()
        marker = weights[..., self.bits]
        ends = batch.targets[..., self.bits] > 0
        weights[..., self.bits] = torch.where(ends, marker.sum(-1, keepdim=True), marker)
        return weights

    def error(self, probabilities: Tensor, batch: SequenceBatch) -> Tensor:
        """[K] in 0..1: the mean of the share of wrong bits, and of whether any marker is wrong."""
        wrong = batch.wrong(probabilities)
        bits = wrong[..., : self.bits].sum((-1, -2)) / batch.mask[..., : self.bits].sum((-1, -2))
        return (bits + wrong[..., self.bits].any(-1)) / 2

    def _definition(self, inputs: list[list[float]]) -> Answer:
        stop = [row[self.stop_channel] > 0 for row in inputs].index(True)
        repeats = round(inputs[stop][self.stop_channel] * self.most_repeats)
        vectors = [[*row[: self.bits], 0.0] for row in inputs[1:stop]] * repeats
        answer = {
            (stop + 1 + i, j): bit
            for i, vector in enumerate(vectors)
            for j, bit in enumerate(vector)
        }
        return {**answer, (stop + 1 + len(vectors), self.bits): 1.0}
