"""What the gates do to integers that z3 knows only as terms, keyed by the same enum.

Each meaning assumes 0 <= a, b < M and M >= 1, as that of ``hardmax.runtime.nram.gates`` does, and
is linear: ``mod`` does not appear.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import z3

from hardmax.runtime.nram.gates import Gate

Integer: TypeAlias = z3.ArithRef
"""A term of sort Int."""


def _bit(condition: z3.BoolRef, m: Integer) -> Integer:
    """1 mod M where a condition holds."""
    return z3.If(z3.And(condition, m != 1), 1, 0)


def _two(a: Integer, b: Integer, m: Integer) -> Integer:
    return z3.If(m > 2, 2, 0)


MEANING: dict[Gate, Callable[[Integer, Integer, Integer], Integer]] = {
    Gate.ZERO: lambda a, b, m: z3.IntVal(0),
    Gate.ONE: lambda a, b, m: z3.If(m > 1, 1, z3.IntVal(0)),
    Gate.TWO: _two,
    Gate.INC: lambda a, b, m: z3.If(a + 1 == m, 0, a + 1),
    Gate.ADD: lambda a, b, m: z3.If(a + b < m, a + b, a + b - m),
    Gate.SUB: lambda a, b, m: z3.If(a >= b, a - b, a - b + m),
    Gate.DEC: lambda a, b, m: z3.If(a == 0, m - 1, a - 1),
    Gate.LESS_THAN: lambda a, b, m: _bit(a < b, m),
    Gate.LESS_OR_EQUAL_THAN: lambda a, b, m: _bit(a <= b, m),
    Gate.EQUALITY_TEST: lambda a, b, m: _bit(a == b, m),
    Gate.MIN: lambda a, b, m: z3.If(a < b, a, b),
    Gate.MAX: lambda a, b, m: z3.If(a < b, b, a),
}
"""``(a, b, M) -> value``; READ and WRITE are the memory's (``hardmax.prover.timestep``)."""
