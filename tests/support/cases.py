"""The cases that every meaning of a gate is held to: integer, fuzzy, search kernel and LLVM."""

from __future__ import annotations

import itertools
from collections.abc import Callable

from hardmax.runtime.nram.gates import GATES, Gate

ARITHMETIC = tuple(gate for gate in Gate if GATES[gate].meaning is not None)
"""The gates that do not touch memory."""

LEVELS = (0, 1, 2, 3)
"""Every effort of LLVM, -O0 to -O3."""

SIZES = tuple(range(1, 9))
"""Memory sizes M at which all argument pairs are tried."""

PAPER: dict[Gate, Callable[[int, int, int], int]] = {
    Gate.ZERO: lambda a, b, m: 0,
    Gate.ONE: lambda a, b, m: 1 % m,
    Gate.TWO: lambda a, b, m: 2 % m,
    Gate.INC: lambda a, b, m: (a + 1) % m,
    Gate.ADD: lambda a, b, m: (a + b) % m,
    Gate.SUB: lambda a, b, m: (a - b) % m,
    Gate.DEC: lambda a, b, m: (a - 1) % m,
    Gate.LESS_THAN: lambda a, b, m: (a < b) % m,
    Gate.LESS_OR_EQUAL_THAN: lambda a, b, m: (a <= b) % m,
    Gate.EQUALITY_TEST: lambda a, b, m: (a == b) % m,
    Gate.MIN: lambda a, b, m: min(a, b),
    Gate.MAX: lambda a, b, m: max(a, b),
}
"""Section 4.3 of the paper to the letter; constants and truth values are taken mod M."""


def argument_pairs(size: int) -> list[tuple[int, int, int]]:
    """Every (a, b, M) for M = ``size``."""
    return [(a, b, size) for a, b in itertools.product(range(size), repeat=2)]
