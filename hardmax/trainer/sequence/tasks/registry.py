"""The five tasks of the NTM paper (Graves, Wayne, Danihelka 2014, section 4), on sequences.

Input channels are V data bits, a start and a stop channel, and what else a task needs. Each task is
a batched source of random samples and, in plain Python that shares nothing with it, a definition.
"""

from __future__ import annotations

import math
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

ROWS_FOR_HALF, ROWS_FOR_ALL = MemoryRule(4, 2), MemoryRule(4, 1)
"""A row for every second step or for every step, and some more."""

Answer = dict[tuple[int, int], float]
"""{(step, output channel): what it is to be}."""


@dataclass(frozen=True)
class NtmBatch:
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

    def select(self, samples: Tensor) -> NtmBatch:
        """The samples of those numbers, int64 [J], each 0..K - 1."""
        return NtmBatch(*(getattr(self, field.name)[samples] for field in fields(self)))

    def join(self, other: NtmBatch) -> NtmBatch:
        """These samples and others of the same task, padded to the longer of the two."""
        length = max(self.inputs.shape[1], other.inputs.shape[1])

        def padded(sequences: Tensor) -> Tensor:
            return functional.pad(sequences, (0, 0, 0, length - sequences.shape[1]))

        inputs, targets, mask = (
            torch.cat([padded(getattr(batch, name)) for batch in (self, other)])
            for name in ("inputs", "targets", "mask")
        )
        return NtmBatch(inputs, targets, mask, torch.cat((self.steps, other.steps)))


class NtmTask(ABC):
    """One task at one size.

    Attributes:
        title, summary: for people.
        bits: V, the data channels.
        smallest_complexity, largest_training_complexity: what training draws.
        memory: the rows that a sequence needs.
        accepted: (factor, samples) for every multiple of the largest training complexity at which
            a machine must be right, too.
        tolerance: the largest error of a machine that is accepted.
    """

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
    def sample(self, complexity: Tensor, generator: torch.Generator) -> NtmBatch:
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

    def training_sample(self, complexity: Tensor, generator: torch.Generator) -> NtmBatch:
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

    def error(self, probabilities: Tensor, batch: NtmBatch) -> Tensor:
        """[K] in 0..1: the share of the outputs that count that are on the wrong side of 1/2."""
        wrong = batch.wrong(probabilities)
        return wrong.sum((-1, -2)) / batch.mask.sum((-1, -2))

    def weights(self, batch: NtmBatch) -> Tensor:
        """[K, T, V']: what every output weighs in the loss that is trained on."""
        return batch.mask.float()

    def _below(self, bound: Tensor, generator: torch.Generator) -> Tensor:
        """Integers 0..bound - 1, uniform."""
        draw = torch.rand(bound.shape, generator=generator, device=bound.device)
        return (draw * bound).long()

    def _blank(self, steps: Tensor) -> NtmBatch:
        """Nothing but zeros, for samples of so many steps."""
        shape = (len(steps), int(steps.max()))
        device = steps.device
        targets = torch.zeros(*shape, self.outputs, device=device)
        return NtmBatch(
            torch.zeros(*shape, self.inputs, device=device),
            targets,
            torch.zeros_like(targets, dtype=torch.bool),
            steps,
        )


def _bits(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    return torch.randint(2, shape, generator=generator, device=generator.device).float()


def _put(into: Tensor, at: Tensor, values: Tensor, present: Tensor) -> None:
    """into[k, at[k, j], :C] = values[k, j] where present[k, j]; C numbers a value."""
    samples, places = present.nonzero(as_tuple=True)
    into[samples, at[samples, places], : values.shape[-1]] = values[samples, places].to(into.dtype)


def _expect(batch: NtmBatch, at: Tensor, values: Tensor, present: Tensor) -> None:
    """Ask for values [K, J, C] in steps at [K, J], where present."""
    _put(batch.targets, at, values, present)
    _put(batch.mask, at, torch.ones_like(values), present)


def _steps(first: Tensor, count: int) -> Tensor:
    """[K, count]: consecutive steps from first [K] on."""
    return first[:, None] + torch.arange(count, device=first.device)


@dataclass(frozen=True)
class Copy(NtmTask):
    """Start, L vectors, stop; then the vectors again: T = 2 L + 2 (section 4.1). Complexity: L."""

    title = "Copy"
    summary = "repeat a sequence of bit vectors"
    accepted = ((2, 400), (10, 10_000), (100, 8))
    bits: int
    largest_training_complexity: int
    memory: MemoryRule = ROWS_FOR_HALF

    def sample(self, complexity: Tensor, generator: torch.Generator) -> NtmBatch:
        """L = complexity."""
        length = complexity
        longest = int(length.max())
        batch = self._blank(2 * length + 2)
        vectors = _bits((len(length), longest, self.bits), generator)
        present = torch.arange(longest, device=length.device) < length[:, None]
        everyone = torch.arange(len(length), device=length.device)
        batch.inputs[:, 0, self.start_channel] = 1
        batch.inputs[everyone, length + 1, self.stop_channel] = 1
        _put(batch.inputs, _steps(torch.ones_like(length), longest), vectors, present)
        _expect(batch, _steps(length + 2, longest), vectors, present)
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
class RepeatCopy(NtmTask):
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

    def sample(self, complexity: Tensor, generator: torch.Generator) -> NtmBatch:
        """L and r uniform over what the complexity allows."""
        device = complexity.device
        shorter = 1 + self._below(complexity.clamp_min(self.most_repeats), generator)
        beyond = complexity > self.largest_training_complexity
        length = torch.where(beyond, complexity, shorter)
        longest = int(length.max())
        repeats = 1 + self._below(complexity.clamp_max(self.most_repeats), generator)
        batch = self._blank(3 + length * (1 + repeats))
        vectors = _bits((len(length), longest, self.bits), generator)
        present = torch.arange(longest, device=device) < length[:, None]
        everyone = torch.arange(len(length), device=device)
        batch.inputs[:, 0, self.start_channel] = 1
        batch.inputs[everyone, length + 1, self.stop_channel] = repeats / self.most_repeats
        _put(batch.inputs, _steps(torch.ones_like(length), longest), vectors, present)
        total = longest * self.most_repeats
        position = torch.arange(total, device=device) % length[:, None]
        unmarked = functional.pad(vectors, (0, 1))
        repeated = unmarked.gather(1, position[..., None].expand(-1, -1, self.outputs))
        wanted = torch.arange(total, device=device) < (length * repeats)[:, None]
        _expect(batch, _steps(length + 2, total), repeated, wanted)
        batch.targets[everyone, batch.steps - 1, self.bits] = 1
        batch.mask[everyone, batch.steps - 1, self.bits] = True
        return batch

    def weights(self, batch: NtmBatch) -> Tensor:
        """The end marker weighs as much as all steps without it, or nobody would learn to count."""
        weights = batch.mask.float()
        marker = weights[..., self.bits]
        ends = batch.targets[..., self.bits] > 0
        weights[..., self.bits] = torch.where(ends, marker.sum(-1, keepdim=True), marker)
        return weights

    def error(self, probabilities: Tensor, batch: NtmBatch) -> Tensor:
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


@dataclass(frozen=True)
class Recall(NtmTask):
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

    def sample(self, complexity: Tensor, generator: torch.Generator) -> NtmBatch:
        """k = complexity, at most the number of different items."""
        return self._sample(complexity, 0.0, generator)

    def training_sample(self, complexity: Tensor, generator: torch.Generator) -> NtmBatch:
        """As :meth:`sample`, but half of the samples have items near each other."""
        return self._sample(complexity, 0.5, generator)

    def _sample(self, complexity: Tensor, near: float, generator: torch.Generator) -> NtmBatch:
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
        starts = _steps(torch.zeros_like(count), most) * (1 + width)
        samples, numbers = present.nonzero(as_tuple=True)
        batch.inputs[samples, numbers * (1 + width), self.start_channel] = 1
        at = starts[..., None] + 1 + torch.arange(width, device=device)
        _put(
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
        _put(batch.inputs, _steps(stop + 1, width), items[everyone, asked], everything)
        _expect(batch, _steps(stop + width + 2, width), items[everyone, asked + 1], everything)
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


@dataclass(frozen=True)
class Ngrams(NtmTask):
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

    def sample(self, complexity: Tensor, generator: torch.Generator) -> NtmBatch:
        """10 * complexity bits."""
        batch, _ = self.sample_with_bits(complexity, generator)
        return batch

    def sample_with_bits(
        self, complexity: Tensor, generator: torch.Generator
    ) -> tuple[NtmBatch, Tensor]:
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

    def error(self, probabilities: Tensor, batch: NtmBatch) -> Tensor:
        """[K]: the loss above the optimal estimator's, in shares of what that has in the mean."""
        optimal = self.optimal_loss(batch)
        excess = cross_entropy(batch.targets, probabilities) - optimal
        mean = optimal[batch.mask].mean()
        return (excess * batch.mask).sum((-1, -2)) / batch.mask.sum((-1, -2)) / mean

    def optimal_loss(self, batch: NtmBatch) -> Tensor:
        """[K, T, 1]: the expected loss of the optimal estimator, in nats."""
        return cross_entropy(batch.targets, batch.targets)


def cross_entropy(targets: Tensor, probabilities: Tensor) -> Tensor:
    """-(t ln p + (1 - t) ln (1 - p)), elementwise, in nats."""
    return functional.binary_cross_entropy(probabilities, targets, reduction="none")


GAPS_SHARE = 0.8
"""The share of the range of priorities that gaps between them may take up."""


@dataclass(frozen=True)
class Sort(NtmTask):
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

    def sample(self, complexity: Tensor, generator: torch.Generator) -> NtmBatch:
        """L = complexity."""
        return self.sample_with_gap(complexity, self.gap, generator)

    def training_sample(self, complexity: Tensor, generator: torch.Generator) -> NtmBatch:
        """As :meth:`sample`, but with the smaller gap."""
        return self.sample_with_gap(complexity, self.training_gap, generator)

    def sample_with_gap(
        self, complexity: Tensor, gap: float, generator: torch.Generator
    ) -> NtmBatch:
        """As :meth:`sample`, with a gap of one's own."""
        length, device = complexity, complexity.device
        longest, samples = int(length.max()), len(complexity)
        asked = torch.tensor([self.answers(n) for n in length.tolist()], device=device)
        batch = self._blank(length + 2 + asked)
        vectors = _bits((samples, longest, self.bits), generator)
        number = torch.arange(longest, device=device)
        present = number < length[:, None]
        most = 2 * GAPS_SHARE / (length - 1).clamp_min(1)
        gaps = most.clamp_max(gap)[:, None]
        loose = torch.rand((samples, longest), generator=generator, device=device)
        loose = loose.masked_fill(~present, 2).sort(1).values * (2 - gaps * (length[:, None] - 1))
        priority = (loose + gaps * number - 1).flip(1)  # highest first, absent ones before all
        order = torch.rand((samples, longest), generator=generator, device=device)
        order = order.masked_fill(~present, 2).argsort(1)  # rank i comes in place order[i]
        at = _steps(torch.ones_like(length), longest)
        ranked = torch.arange(longest, device=device) + (longest - length)[:, None]
        priority = priority.gather(1, ranked.clamp_max(longest - 1))
        everyone = torch.arange(samples, device=device)
        batch.inputs[:, 0, self.start_channel] = 1
        batch.inputs[everyone, length + 1, self.stop_channel] = 1
        places = at.gather(1, order)
        _put(batch.inputs, places, vectors, present)
        rows, ranks = present.nonzero(as_tuple=True)
        batch.inputs[rows, places[rows, ranks], self.priority_channel] = priority[rows, ranks]
        _expect(batch, _steps(length + 2, longest), vectors, number < asked[:, None])
        return batch

    def _definition(self, inputs: list[list[float]]) -> Answer:
        stop = [row[self.stop_channel] for row in inputs].index(1)
        given = sorted(inputs[1:stop], key=lambda row: -row[self.priority_channel])
        return {
            (stop + 1 + i, j): row[j]
            for i, row in enumerate(given[: self.answers(len(given))])
            for j in range(self.bits)
        }


_SIZES: tuple[tuple[NtmTask, NtmTask], ...] = (
    (Copy(4, 8), Copy(8, 20)),
    (RepeatCopy(3, 8, 4), RepeatCopy(8, 10, 10)),
    (Recall(4, 2, 6), Recall(6, 3, 6)),
    (Ngrams(3, 5, MemoryRule(8)), Ngrams(6, 20, MemoryRule(64))),
    (Sort(3, 5), Sort(8, 20, kept=0.8)),
)

NTM_TASKS: dict[str, dict[str, NtmTask]] = {
    sizes[0].name: dict(zip(PRESETS, sizes, strict=True)) for sizes in _SIZES
}
"""Every task by name and preset."""


def find_ntm_task(name: str, preset: str) -> NtmTask:
    """The task of that name at the sizes of a preset.

    Raises:
        HardmaxError: there is no such task, or no such preset.
    """
    presets = NTM_TASKS.get(name.lower())
    if presets is None:
        raise HardmaxError(f"unknown task {name!r}, expected one of {', '.join(NTM_TASKS)}")
    if preset not in presets:
        raise HardmaxError(f"unknown preset {preset!r}, expected {' or '.join(PRESETS)}")
    return presets[preset]
