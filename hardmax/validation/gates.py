"""What the gates do to integers that z3 knows as terms of some number of bits.

Each meaning assumes 0 <= a, b < M and M >= 1, unsigned, as that of ``hardmax.runtime.nram.gates``
does, and no sum or difference in it wraps around unnoticed, however few bits there are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import z3

from hardmax.runtime.nram.gates import Gate

Word: TypeAlias = z3.BitVecRef
"""A term of sort BitVec."""


def _bit(condition: z3.BoolRef, m: Word) -> Word:
    """1 mod M where a condition holds, else 0."""
    return z3.If(z3.And(condition, m != 1), _number(1, m), _number(0, m))


def _number(value: int, m: Word) -> Word:
    return z3.BitVecVal(value, m.size())


def _two(a: Word, b: Word, m: Word) -> Word:
    return z3.If(z3.UGT(m, 2), _number(2, m), _number(0, m))


MEANING: dict[Gate, Callable[[Word, Word, Word], Word]] = {
    Gate.ZERO: lambda a, b, m: _number(0, m),
    Gate.ONE: lambda a, b, m: _bit(z3.BoolVal(True), m),
    Gate.TWO: _two,
    Gate.INC: lambda a, b, m: z3.If(a == m - 1, _number(0, m), a + 1),
    Gate.ADD: lambda a, b, m: z3.If(z3.ULT(a, m - b), a + b, a - (m - b)),
    Gate.SUB: lambda a, b, m: z3.If(z3.ULT(a, b), m - (b - a), a - b),
    Gate.DEC: lambda a, b, m: z3.If(a == 0, m - 1, a - 1),
    Gate.LESS_THAN: lambda a, b, m: _bit(z3.ULT(a, b), m),
    Gate.LESS_OR_EQUAL_THAN: lambda a, b, m: _bit(z3.ULE(a, b), m),
    Gate.EQUALITY_TEST: lambda a, b, m: _bit(a == b, m),
    Gate.MIN: lambda a, b, m: z3.If(z3.ULT(a, b), a, b),
    Gate.MAX: lambda a, b, m: z3.If(z3.ULT(a, b), b, a),
}
"""Every gate that does not touch memory."""
