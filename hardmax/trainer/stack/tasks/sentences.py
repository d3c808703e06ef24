"""Compact variants of the two tasks of Grefenstette et al. 2015 that come from a grammar.

Theirs translate sentences of inversion transduction grammars with hundreds of words. Of these the
phenomenon alone is kept: an article that takes the gender of the noun that follows, and verbs that
move to the end of their clause.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from hardmax.trainer.stack.tasks.task import SymbolBatch, below, symbols_below
from hardmax.trainer.stack.tasks.transductions import Transduction

ARTICLES = ("the", "a")
GENDERS = ("m", "f", "n")
NOUNS = ("man", "boy", "woman", "girl", "house", "book")
"""Two of each gender, in the order of GENDERS."""

VERBS = ("sees", "hears")
PARTS = (ARTICLES, NOUNS, VERBS)
"""In their order in a sentence."""


@dataclass(frozen=True)
class Gender(Transduction):
    """Articles take the gender of their nouns: "a man sees a book" -> "a.m man sees a.n book".

    Noun phrases with a verb between any two; complexity: how many.
    """

    name = "gender"
    title = "Gender conjugation"
    summary = "repeat a sentence, every article in the gender of the noun that follows"
    machine = "queue"
    first_level = 1
    largest_training_complexity: int = 4

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """Nouns, verbs, articles."""
        return NOUNS + VERBS + ARTICLES

    @property
    def output_alphabet(self) -> tuple[str, ...]:
        """As the vocabulary, but with an article of each gender."""
        conjugated = tuple(f"{article}.{gender}" for article in ARTICLES for gender in GENDERS)
        return NOUNS + VERBS + conjugated

    def sample(self, complexity: Tensor, generator: torch.Generator) -> SymbolBatch:
        """Words are drawn uniformly, each among those of its part of speech."""
        shape = (len(complexity), int(complexity.max()))
        noun = symbols_below(len(NOUNS), shape, generator)
        verb = len(NOUNS) + symbols_below(len(VERBS), shape, generator)
        article = symbols_below(len(ARTICLES), shape, generator)
        first = len(NOUNS) + len(VERBS)
        given = torch.stack((first + article, noun, verb), -1)
        gender = noun // (len(NOUNS) // len(GENDERS))
        answer = torch.stack((first + len(GENDERS) * article + gender, noun, verb), -1)
        length = (3 * complexity - 1).clamp_min(0)
        return self.frame(given.flatten(1), length, answer.flatten(1), length)

    def answer(self, given: list[int]) -> list[int]:
        """The definition."""
        words = [self.vocabulary[symbol] for symbol in given]
        for place, word in enumerate(words):
            if word not in PARTS[place % 3]:
                raise ValueError(f"expected one of {', '.join(PARTS[place % 3])}, found {word}")
        if words and len(words) % 3 != 2:
            raise ValueError("expected a sentence that ends with a noun")
        conjugated = []
        for place, word in enumerate(words):
            if word in ARTICLES:
                gender = GENDERS[NOUNS.index(words[place + 1]) // 2]
                word = f"{word}.{gender}"
            conjugated.append(self.output_alphabet.index(word))
        return conjugated

    def sources(self, length: int) -> Iterator[tuple[int, ...]]:
        """Yield every sentence."""
        if length > 0 and length % 3 != 2:
            return iter(())
        parts = [[self.vocabulary.index(word) for word in words] for words in PARTS]
        return itertools.product(*(parts[place % 3] for place in range(length)))


THINGS = ("man", "dog", "house", "book")
ACTIONS = ("sees", "hears", "likes")
AND = "and"
MOST_NOUNS, MOST_VERBS = 2, 2
"""Of a noun phrase and of a verb phrase."""

SHORTEST, LONGEST = 3, 2 * MOST_NOUNS + MOST_VERBS
"""Words of a clause; one of three phrases has one or two."""


@dataclass(frozen=True)
class Reordering(Transduction):
    """Subject, verb, object -> subject, object, verb, in each of several clauses joined by "and".

    A noun phrase is one or two nouns, a verb phrase one or two verbs. Complexity: how many words;
    as no sentence has one or two, nothing is given then.
    """

    name = "svo"
    title = "Subject-verb-object reordering"
    summary = "move the verbs of every clause to its end"
    machine = "queue"
    largest_training_complexity: int = 13

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """Nouns, verbs, and what joins clauses."""
        return (*THINGS, *ACTIONS, AND)

    def sample(self, complexity: Tensor, generator: torch.Generator) -> SymbolBatch:
        """How many clauses, which phrases have a second word, and all words: each uniformly."""
        device = complexity.device
        fewest = (complexity + 1 + LONGEST) // (1 + LONGEST)
        most = (complexity + 1) // (1 + SHORTEST)
        clauses = fewest + below(most - fewest + 1, generator)
        clauses = torch.where(complexity < SHORTEST, 0, clauses)
        number = torch.arange(max(int(clauses.max()), 1), device=device)
        clause = number < clauses[:, None]
        # Of the phrases that are there, so many have a second word.
        second = complexity + 1 - clauses * (1 + SHORTEST)
        draw = torch.rand((*clause.shape, SHORTEST), generator=generator, device=device)
        rank = draw.masked_fill(~clause[..., None], 2).flatten(1).argsort(1).argsort(1)
        longer = (rank < second[:, None]).view(draw.shape)
        phrases = []
        for part, (first, kinds) in enumerate(
            ((0, len(THINGS)), (len(THINGS), len(ACTIONS)), (0, len(THINGS)))
        ):
            words = first + symbols_below(kinds, (*clause.shape, 2), generator)
            there = torch.stack((clause, clause & longer[..., part]), -1)
            phrases.append((words, there))
        joined = torch.full((*clause.shape, 1), self.vocabulary.index(AND), device=device)
        join = joined, (number + 1 < clauses[:, None])[..., None]
        subject, verb, thing = phrases
        given, length = _compact((subject, verb, thing, join))
        answer, asked = _compact((subject, thing, verb, join))
        return self.frame(given, length, answer, asked)

    def answer(self, given: list[int]) -> list[int]:
        """The definition."""
        words = [self.vocabulary[symbol] for symbol in given]
        if not words:
            return []
        reordered: list[str] = []
        clauses = [list(clause) for is_and, clause in _clauses(words) if not is_and]
        if len(clauses) != words.count(AND) + 1:
            raise ValueError("expected a clause on either side of every 'and'")
        for number, clause in enumerate(clauses):
            kinds = "".join("n" if word in THINGS else "v" for word in clause)
            first, last = kinds.find("v"), kinds.rfind("v")
            phrases = clause[:first], clause[first : last + 1], clause[last + 1 :]
            right = (
                1 <= len(phrases[0]) <= MOST_NOUNS
                and 1 <= len(phrases[1]) <= MOST_VERBS
                and 1 <= len(phrases[2]) <= MOST_NOUNS
                and "n" not in kinds[first : last + 1]
                and first >= 0
            )
            if not right:
                raise ValueError(f"expected subject, verb and object, found {' '.join(clause)}")
            reordered += [*([AND] if number else []), *phrases[0], *phrases[2], *phrases[1]]
        return [self.vocabulary.index(word) for word in reordered]

    def sources(self, length: int) -> Iterator[tuple[int, ...]]:
        """Yield every sentence."""
        if length == 0:
            yield ()
        nouns, verbs = range(len(THINGS)), range(len(THINGS), len(THINGS) + len(ACTIONS))
        joined = self.vocabulary.index(AND)
        for sizes in itertools.product((1, MOST_NOUNS), (1, MOST_VERBS), (1, MOST_NOUNS)):
            clause = [*[nouns] * sizes[0], *[verbs] * sizes[1], *[nouns] * sizes[2]]
            rest = length - len(clause)
            if rest == 0:
                yield from itertools.product(*clause)
            elif rest > 1:
                for words in itertools.product(*clause):
                    for more in self.sources(rest - 1):
                        yield (*words, joined, *more)


def _clauses(words: list[str]) -> Iterator[tuple[bool, Iterator[str]]]:
    return itertools.groupby(words, key=lambda word: word == AND)


def _compact(phrases: tuple[tuple[Tensor, Tensor], ...]) -> tuple[Tensor, Tensor]:
    """One clause after another, without the words that are not there.

    Args:
        phrases: in the order of a clause, words [K, C, J] and whether they are there.

    Returns:
        Words [K, J'], and how many of them there are, [K].
    """
    words = torch.cat([words for words, _ in phrases], -1).flatten(1)
    there = torch.cat([there for _, there in phrases], -1).flatten(1)
    order = (~there).to(torch.int8).argsort(dim=1, stable=True)
    length = there.sum(1)
    return words.gather(1, order)[:, : int(length.max())], length
