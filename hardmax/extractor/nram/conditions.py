"""Sets of zero-bits as readable conditions on registers: ``r1=0 r3≠0``."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True)
class Condition:
    """A conjunction of zero tests: the bits that are set in ``mask`` are those of ``bits``."""

    mask: int
    bits: int

    def holds(self, bits: int) -> bool:
        """Whether registers with these zero-bits satisfy the condition."""
        return bits & self.mask == self.bits

    def tests(self) -> tuple[tuple[int, bool], ...]:
        """(register, whether it must be 0) for each register that is tested, in order."""
        return tuple(
            (register, bool(self.bits >> register & 1))
            for register in range(self.mask.bit_length())
            if self.mask >> register & 1
        )

    def __str__(self) -> str:
        """As in ``r1=0 r3≠0``; the empty conjunction is ``always``."""
        tests = (f"r{register + 1}{'=' if zero else '≠'}0" for register, zero in self.tests())
        return " ".join(tests) or "always"


def conditions(wanted: Collection[int], others: Collection[int]) -> tuple[Condition, ...]:
    """Short conditions that tell two disjoint sets of zero-bits apart.

    Returns:
        conditions of which at least one holds for each of ``wanted`` and none for any of
        ``others``; what they say of other bits is free.
    """
    found: list[Condition] = []
    for condition in _decide(sorted(wanted), sorted(others)):
        shorter = _shorten(condition, others)
        if shorter not in found:
            found.append(shorter)
    for condition in sorted(found, key=_length_first, reverse=True):
        rest = [other for other in found if other != condition]
        if all(any(other.holds(bits) for other in rest) for bits in wanted):
            found = rest
    return tuple(sorted(found, key=_length_first))


def _length_first(condition: Condition) -> tuple[int, int, int]:
    """Short conditions first, then those on the first registers, then those with = 0."""
    return condition.mask.bit_count(), condition.mask, -condition.bits


def _decide(wanted: list[int], others: list[int]) -> list[Condition]:
    """Conditions of the leaves of a decision tree that hold for ``wanted`` only."""
    if not wanted:
        return []
    if not others:
        return [Condition(0, 0)]
    bit = max(_varying_bits(wanted + others), key=lambda bit: _separation(bit, wanted, others))
    return [
        Condition(condition.mask | bit, condition.bits | (bit if one else 0))
        for one in (True, False)
        for condition in _decide(
            [bits for bits in wanted if bool(bits & bit) is one],
            [bits for bits in others if bool(bits & bit) is one],
        )
    ]


def _varying_bits(patterns: list[int]) -> list[int]:
    """The bits, as powers of two from the lowest on, in which the patterns differ."""
    varying = 0
    for pattern in patterns:
        varying |= pattern ^ patterns[0]
    return [1 << i for i in range(varying.bit_length()) if varying >> i & 1]


def _separation(bit: int, wanted: list[int], others: list[int]) -> int:
    """How well a bit tells the two sets apart: the difference of its frequencies in them."""
    in_wanted = sum(1 for bits in wanted if bits & bit)
    in_others = sum(1 for bits in others if bits & bit)
    return abs(in_wanted * len(others) - in_others * len(wanted))


def _shorten(condition: Condition, others: Collection[int]) -> Condition:
    """Leave out every test that is not needed to exclude the others, the last register's first."""
    for register in reversed(range(condition.mask.bit_length())):
        mask = condition.mask & ~(1 << register)
        shorter = Condition(mask, condition.bits & mask)
        if not any(shorter.holds(bits) for bits in others):
            condition = shorter
    return condition
