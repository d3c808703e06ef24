"""The abstract domain of the reachability analysis: how small a value is, what gates make of it.

A value is known as 0, 1, 2 or larger. That is enough for the constants and the truth values, and
in particular for the zero-bits that the controller sees. What a gate does to these classes is
not written down a second time: it is enumerated from the integer meaning in
``hardmax.runtime.nram.gates``.
"""

from __future__ import annotations

import enum
import functools
import itertools
from dataclasses import dataclass

from hardmax.runtime.nram.gates import GATES, Gate


class ValueClass(enum.IntEnum):
    """What is known of a value."""

    ZERO = 0
    ONE = 1
    TWO = 2
    LARGER = 3

    @staticmethod
    def of(value: int) -> ValueClass:
        """The class of a value that is at least 0."""
        return ValueClass(min(value, ValueClass.LARGER))


Outcomes = dict[tuple[ValueClass, ...], tuple[ValueClass, ...]]
"""For each combination of operand classes, the classes that the gate's value can have."""


@dataclass(frozen=True)
class MemorySizes:
    """Memory sizes M that are analysed together, and those of them that stand for all.

    Attributes:
        smallest: the smallest size of the group.
        largest: the largest; None where there is no limit.
        representatives: the sizes that are enumerated to find out what a gate can yield.
    """

    smallest: int
    largest: int | None
    representatives: tuple[int, ...]

    def classes(self) -> tuple[ValueClass, ...]:
        """The classes that some value below M has, in order."""
        return tuple(cls for cls in ValueClass if cls < max(self.representatives))


MEMORY_SIZES: tuple[MemorySizes, ...] = (
    *(MemorySizes(size, size, (size,)) for size in (1, 2, 3, 4)),
    MemorySizes(5, None, tuple(range(5, 13))),
)
"""Up to M = 4 a class is one value and the constants wrap around, so each size stands alone. From
5 on sums of constants do not wrap, and larger sizes bring nothing new (tests go on far beyond)."""


@functools.cache
def outcomes(gate: Gate, sizes: MemorySizes, equal_operands: bool) -> Outcomes:
    """What a gate can yield for each combination of operand classes.

    What READ and WRITE yield (any class, and 0) does not depend on their operands: they have the
    one combination ().

    Args:
        gate: the gate.
        sizes: the memory sizes in question.
        equal_operands: whether both operands are one and the same value, as in SUB(r1, r1) = 0;
            then the combinations have one class.
    """
    meaning = GATES[gate].meaning
    if meaning is None:
        classes = sizes.classes() if gate is Gate.READ else (ValueClass.ZERO,)
        return {(): classes}
    arity = GATES[gate].arity
    operands = 1 if equal_operands else arity
    found: dict[tuple[ValueClass, ...], set[ValueClass]] = {}
    for size in sizes.representatives:
        for values in itertools.product(range(size), repeat=operands):
            a, b = (*(values * arity if equal_operands else values), 0, 0)[:2]
            key = tuple(ValueClass.of(value) for value in values)
            found.setdefault(key, set()).add(ValueClass.of(meaning(a, b, size)))
    return {key: tuple(sorted(classes)) for key, classes in found.items()}
