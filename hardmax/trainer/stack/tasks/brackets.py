"""Dyck-2, the words of two sorts of brackets that close each other: ( ) [ ] as 0 1 2 3."""

from __future__ import annotations

import itertools
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
from hardmax.trainer.stack.tasks.transductions import SHORT_INPUTS, Transduction

BRACKETS = ("(", ")", "[", "]")
NONE = len(BRACKETS)
"""The output where no bracket is open."""

NEITHER = "none"

BALANCED, UNFINISHED, WRONG = range(3)
"""What :class:`DyckCheck` says of a word."""


@dataclass(frozen=True)
class _Reading:
    """What is to be said of K words after each of their T brackets, each [K, T].

    Attributes:
        closer: the bracket that would close the innermost open one, NONE where none is open.
        depth: how many are open.
        wrong: whether some bracket so far closed one of the other sort, or none.
    """

    closer: Tensor
    depth: Tensor
    wrong: Tensor


def _read(words: Tensor) -> _Reading:
    samples, length = words.shape
    closers = torch.full((samples, length + 2), NONE, device=words.device)
    depth = torch.zeros(samples, dtype=torch.int64, device=words.device)
    wrong = torch.zeros(samples, dtype=torch.bool, device=words.device)
    found = []
    for bracket in words.unbind(1):
        opening = bracket % 2 == 0
        top = closers.gather(1, depth[:, None])[:, 0]
        wrong = wrong | (~opening & (bracket != top))
        depth = torch.where(opening, depth + 1, depth - 1).clamp_min(0)
        here = depth[:, None]
        entry = torch.where(opening, bracket + 1, closers.gather(1, here)[:, 0])
        closers.scatter_(1, here, torch.where(depth > 0, entry, NONE)[:, None])
        found.append((torch.where(depth > 0, entry, NONE), depth, wrong))
    return _Reading(*(torch.stack(column, 1) for column in zip(*found, strict=True)))


@dataclass(frozen=True)
class _Prefixes:
    """K words that can be completed.

    Attributes:
        words: int64 [K, T], of which the first brackets of each count, the others being 0.
        closers: int64 [K, T + 2], in 1..depth what closes the open brackets, outermost first.
        depth: int64 [K], how many are open at the end.
    """

    words: Tensor
    closers: Tensor
    depth: Tensor


def _random_prefixes(length: Tensor, generator: torch.Generator) -> _Prefixes:
    """Words of those lengths [K]; each opens brackets with a probability of its own."""
    samples, most, device = len(length), int(length.max()), length.device

    def uniform(*shape: int) -> Tensor:
        return torch.rand(shape, generator=generator, device=device)

    readiness = 0.3 + 0.4 * uniform(samples, 1)
    opens = uniform(samples, most) < readiness
    sorts = symbols_below(2, (samples, most), generator)
    words = torch.zeros_like(sorts)
    closers = torch.zeros((samples, most + 2), dtype=torch.int64, device=device)
    depth = torch.zeros_like(length)
    for step in range(most):
        within = step < length
        opening = (opens[:, step] | (depth == 0)) & within
        closing = ~opening & within
        top = closers.gather(1, depth[:, None])[:, 0]
        words[:, step] = torch.where(opening, 2 * sorts[:, step], top * within)
        depth = depth + opening.long() - closing.long()
        here = depth[:, None]
        kept = closers.gather(1, here)[:, 0]
        entry = torch.where(opening, 2 * sorts[:, step] + 1, kept)
        closers.scatter_(1, here, entry[:, None])
    return _Prefixes(words, closers, depth)


def _follow(word: list[int]) -> list[int]:
    """The brackets that close what a word leaves open, outermost first.

    Raises:
        ValueError: it cannot be completed.
    """
    closers: list[int] = []
    for bracket in word:
        if not 0 <= bracket < len(BRACKETS):
            raise ValueError(f"expected brackets 0..3, found {bracket}")
        if bracket % 2 == 0:
            closers.append(bracket + 1)
        elif not closers or closers.pop() != bracket:
            raise ValueError(f"bracket {bracket} closes nothing")
    return closers


def _prefixes(length: int) -> Iterator[tuple[int, ...]]:
    """Every word of that length that can be completed."""

    def grow(word: tuple[int, ...], closers: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        if len(word) == length:
            yield word
            return
        for opening in (0, 2):
            yield from grow((*word, opening), (*closers, opening + 1))
        if closers:
            yield from grow((*word, closers[-1]), closers[:-1])

    return grow((), ())


@dataclass(frozen=True)
class Dyck(SymbolTask):
    """At each bracket of a word, the one that would close the innermost open one, or none.

    Words need not be complete. Complexity: the length.
    """

    name = "dyck"
    title = "Dyck-2, next closing bracket"
    summary = "at each bracket, the one that closes the innermost open one"
    smallest_complexity = 1
    largest_training_complexity: int = 12

    @property
    def alphabet(self) -> tuple[str, ...]:
        """The brackets."""
        return BRACKETS

    @property
    def output_alphabet(self) -> tuple[str, ...]:
        """The brackets, and that none is open."""
        return (*BRACKETS, NEITHER)

    def sample(self, complexity: Tensor, generator: torch.Generator) -> SymbolBatch:
        """Random walks."""
        words = _random_prefixes(complexity, generator).words
        within = torch.arange(words.shape[1], device=words.device) < complexity[:, None]
        closer = _read(words).closer
        return SymbolBatch(words * within, torch.where(within, closer, NOTHING), complexity)

    def _definition(self, inputs: list[int]) -> Answer:
        closers = [_follow(inputs[: step + 1]) for step in range(len(inputs))]
        return {step: (open_[-1] if open_ else NONE) for step, open_ in enumerate(closers)}

    def short_inputs(self) -> Iterator[list[int]]:
        """Yield every prefix of a length of which there are not too many."""
        for length in itertools.count(1):
            words = list(itertools.islice(_prefixes(length), SHORT_INPUTS + 1))
            if len(words) > SHORT_INPUTS:
                return
            yield from map(list, words)


@dataclass(frozen=True)
class DyckClose(Transduction):
    """The brackets that close a prefix, innermost first, then that none is open.

    Complexity: the length of the prefix.
    """

    name = "dyck-close"
    title = "Dyck-2, closing brackets"
    summary = "close the open brackets of a word, innermost first"
    largest_training_complexity: int = 10

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """The brackets."""
        return BRACKETS

    @property
    def output_alphabet(self) -> tuple[str, ...]:
        """The brackets, and that none is open."""
        return (*BRACKETS, NEITHER)

    def sample(self, complexity: Tensor, generator: torch.Generator) -> SymbolBatch:
        """Random walks."""
        prefixes = _random_prefixes(complexity, generator)
        depth = prefixes.depth
        number = depth[:, None] - torch.arange(int(depth.max()) + 1, device=depth.device)
        answer = prefixes.closers.gather(1, number.clamp_min(0)).masked_fill(number <= 0, NONE)
        return self.frame(prefixes.words, complexity, answer, depth + 1)

    def answer(self, given: list[int]) -> list[int]:
        """The definition."""
        return [*reversed(_follow(given)), NONE]

    def sources(self, length: int) -> Iterator[tuple[int, ...]]:
        """Yield every prefix."""
        return _prefixes(length)


@dataclass(frozen=True)
class DyckCheck(SymbolTask):
    """After each bracket: is the word balanced, unfinished, or can nothing complete it any more?

    Complexity: the length. Half of the samples have one bracket exchanged for any other.
    """

    name = "dyck-check"
    title = "Dyck-2, check"
    summary = "at each bracket, whether the word is balanced, unfinished or wrong"
    smallest_complexity = 1
    largest_training_complexity: int = 10

    @property
    def alphabet(self) -> tuple[str, ...]:
        """The brackets."""
        return BRACKETS

    @property
    def output_alphabet(self) -> tuple[str, ...]:
        """What may be said."""
        return "balanced", "unfinished", "wrong"

    def sample(self, complexity: Tensor, generator: torch.Generator) -> SymbolBatch:
        """Random walks, some of them with an error."""
        samples = len(complexity)
        words = _random_prefixes(complexity, generator).words
        place = (torch.rand(samples, generator=generator) * complexity).long()[:, None]
        exchanged = words.scatter(1, place, symbols_below(4, (samples, 1), generator))
        words = torch.where(symbols_below(2, (samples, 1), generator) == 0, exchanged, words)
        within = torch.arange(words.shape[1], device=words.device) < complexity[:, None]
        reading = _read(words)
        said = torch.where(reading.depth > 0, UNFINISHED, BALANCED)
        said = torch.where(reading.wrong, WRONG, said)
        return SymbolBatch(words * within, torch.where(within, said, NOTHING), complexity)

    def _definition(self, inputs: list[int]) -> Answer:
        answer: Answer = {}
        for step in range(len(inputs)):
            try:
                answer[step] = UNFINISHED if _follow(inputs[: step + 1]) else BALANCED
            except ValueError:
                answer[step] = WRONG
        if any(not 0 <= bracket < len(BRACKETS) for bracket in inputs):
            raise ValueError("expected brackets 0..3")
        return answer

    def short_inputs(self) -> Iterator[list[int]]:
        """Yield every word of a length of which there are not too many."""
        for length in itertools.count(1):
            if len(BRACKETS) ** length > SHORT_INPUTS:
                return
            yield from map(list, itertools.product(range(len(BRACKETS)), repeat=length))
