"""Dynamic n-grams (section 4.4 of the NTM paper)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from hardmax.runtime.sequence.interface import MemoryRule
from hardmax.trainer.sequence.tasks.task import (
    Answer,
    SequenceBatch,
    SequenceTask,
)


@dataclass(frozen=True)
class Ngrams(SequenceTask):
    """A start, then bits drawn from a table over the n - 1 bits before; predict each next bit.

    T = the number of bits (section 4.4): the step that shows bit t asks for bit t + 1, from bit n
    on. Every sequence has its own table, of Beta(1/2, 1/2) probabilities. The targets are the
    predictions of :meth:`estimate`, than which none has a smaller loss in the mean over the bits:
    training on them is training on the bits with less noise. Complexity: tens of bits.
    """

    title = "Ngrams"
    summary = "predict the next bit of a random n-gram source"
    tolerance = 0.05
    n: int
    largest_training_complexity: int
    memory: MemoryRule
    bits: int = 1

    def sample(self, complexity: Tensor, generator: torch.Generator) -> SequenceBatch:
        """10 * complexity bits."""
        batch, _ = self.sample_with_bits(complexity, generator)
        return batch

    def sample_with_bits(
        self, complexity: Tensor, generator: torch.Generator
    ) -> tuple[SequenceBatch, Tensor]:
        """As :meth:`sample`, and the bit [K, T, 1] that follows each step."""
        steps, device = 10 * complexity, complexity.device
        samples, length, contexts = len(steps), int(steps.max()), 1 << (self.n - 1)
        # Beta(1/2, 1/2) is the arcsine distribution.
        angle = torch.rand((samples, contexts), generator=generator, device=device) * math.pi
        table = (1 - angle.cos()) / 2
        batch = self._blank(steps)
        batch.inputs[:, 0, self.start_channel] = 1
        everyone = torch.arange(samples, device=device)
        context = torch.zeros_like(steps)
        counts = torch.full((samples, contexts, 2), 0.5, device=device)
        following = torch.zeros(samples, length, 1, device=device)
        draws = torch.rand((samples, length), generator=generator, device=device)
        for t in range(length):
            free = t < self.n - 1
            chance = torch.full_like(draws[:, t], 0.5) if free else table[everyone, context]
            bit = (draws[:, t] < chance).long()
            following[:, t, 0] = bit
            if not free:
                seen = counts[everyone, context]
                batch.targets[:, t, 0] = seen[:, 1] / seen.sum(-1)
                batch.mask[:, t, 0] = t < steps
                counts[everyone, context, bit] += 1
            if t + 1 < length:
                batch.inputs[:, t + 1, 0] = bit * (t + 1 < steps)
            context = (context << 1 | bit) % contexts
        return batch, following

    def _definition(self, inputs: list[list[float]]) -> Answer:
        bits = [int(row[0]) for row in inputs[1:]]
        answer = {}
        for t in range(self.n - 1, len(inputs)):
            context = bits[t - self.n + 1 : t]
            follow = [
                bits[i + self.n - 1]
                for i in range(t - self.n + 1)
                if bits[i : i + self.n - 1] == context
            ]
            answer[t, 0] = self.estimate(follow.count(0), follow.count(1))
        return answer

    @staticmethod
    def estimate(zeros: int, ones: int) -> float:
        """The Bayes-optimal probability of a 1 (equation 10), of Krichevsky and Trofimov."""
        return (ones + 0.5) / (zeros + ones + 1)

    def error(self, probabilities: Tensor, batch: SequenceBatch) -> Tensor:
        """[K]: the loss above the optimal estimator's, in shares of what that has in the mean."""
        optimal = self.optimal_loss(batch)
        excess = cross_entropy(batch.targets, probabilities) - optimal
        mean = optimal[batch.mask].mean()
        return (excess * batch.mask).sum((-1, -2)) / batch.mask.sum((-1, -2)) / mean

    def optimal_loss(self, batch: SequenceBatch) -> Tensor:
        """[K, T, 1]: the expected loss of the optimal estimator, in nats."""
        return cross_entropy(batch.targets, batch.targets)


def cross_entropy(targets: Tensor, probabilities: Tensor) -> Tensor:
    """-(t ln p + (1 - t) ln (1 - p)), elementwise, in nats."""
    return functional.binary_cross_entropy(probabilities, targets, reduction="none")
