"""Binary addition (Joulin and Mikolov 2015, section 5), as a transduction."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from hardmax.trainer.stack.tasks.task import SymbolBatch, below, symbols_below
from hardmax.trainer.stack.tasks.transductions import Transduction

PLUS = 2


@dataclass(frozen=True)
class Addition(Transduction):
    """Two numbers, the most significant digit first; their sum, the least significant digit first.

    The sum has one digit more than the longer number. Complexity: the digits of that one; the other
    has any number of digits up to as many.
    """

    name = "addition"
    title = "Binary addition"
    summary = "add two binary numbers"
    largest_training_complexity: int = 8

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """Two digits and a sign."""
        return "0", "1", "+"

    @property
    def output_alphabet(self) -> tuple[str, ...]:
        """The digits."""
        return "0", "1"

    def sample(self, complexity: Tensor, generator: torch.Generator) -> SymbolBatch:
        """Digits are drawn uniformly."""
        device, samples, most = complexity.device, len(complexity), int(complexity.max())
        place = torch.arange(most, device=device)
        shorter = below(complexity + 1, generator)
        swapped = symbols_below(2, (samples,), generator).bool()
        lengths = (
            torch.where(swapped, shorter, complexity),
            torch.where(swapped, complexity, shorter),
        )
        # By place value; digits beyond a number's length are 0.
        numbers = [
            symbols_below(2, (samples, most), generator) * (place < length[:, None])
            for length in lengths
        ]
        sums, carry = [], torch.zeros(samples, dtype=torch.int64, device=device)
        for first, second in zip(*(number.unbind(1) for number in numbers), strict=True):
            total = first + second + carry
            sums.append(total % 2)
            carry = total // 2
        answer = torch.stack((*sums, carry), 1)
        given = torch.full((samples, 2 * most + 1), PLUS, device=device)
        step = torch.arange(2 * most + 1, device=device)
        for number, start, length in zip(
            numbers, (torch.zeros_like(shorter), lengths[0] + 1), lengths, strict=True
        ):
            value = start[:, None] + length[:, None] - 1 - step
            inside = (step >= start[:, None]) & (value >= 0)
            if most > 0:
                given = torch.where(inside, number.gather(1, value.clamp(0, most - 1)), given)
        return self.frame(given, lengths[0] + 1 + lengths[1], answer, complexity + 1)

    def answer(self, given: list[int]) -> list[int]:
        """The definition."""
        sign = given.index(PLUS)
        digits = [given[:sign], given[sign + 1 :]]
        if any(digit not in (0, 1) for number in digits for digit in number):
            raise ValueError("expected two numbers of digits 0 and 1 with one + between them")
        total = sum(int("".join(map(str, number)) or "0", 2) for number in digits)
        return [total >> place & 1 for place in range(max(map(len, digits)) + 1)]

    def sources(self, length: int) -> Iterator[tuple[int, ...]]:
        """Yield every sum of two numbers that have together a digit less."""
        for sign in range(length):
            for digits in itertools.product((0, 1), repeat=length - 1):
                yield (*digits[:sign], PLUS, *digits[sign:])
