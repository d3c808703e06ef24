"""The instruction set: the 14 modules of the NRAM paper (section 4.3), defined once.

Every other meaning of a gate (fuzzy in ``hardmax.trainer.nram.gates``, LLVM in
``hardmax.codegen.nram.gates``, the search kernel's) is keyed by :class:`Gate` and held against
:data:`GATES` by ``tests/runtime/nram/test_gates.py``.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass


class Gate(enum.Enum):
    """A module of the machine; members are in the paper's module order."""

    READ = "READ"
    ZERO = "ZERO"
    ONE = "ONE"
    TWO = "TWO"
    INC = "INC"
    ADD = "ADD"
    SUB = "SUB"
    DEC = "DEC"
    LESS_THAN = "LESS-THAN"
    LESS_OR_EQUAL_THAN = "LESS-OR-EQUAL-THAN"
    EQUALITY_TEST = "EQUALITY-TEST"
    MIN = "MIN"
    MAX = "MAX"
    WRITE = "WRITE"


Meaning = Callable[[int, int, int], int]
"""``(a, b, M) -> value``: the integer meaning of a gate that does not touch memory, a, b < M."""


@dataclass(frozen=True)
class GateDefinition:
    """What a gate is: the operands it uses, named as in the paper's figures, and what it yields.

    ``meaning`` is None for READ and WRITE, whose value depends on the memory tape. The functions
    are plain arithmetic on ints so that numba can compile the very same ones.
    """

    operands: tuple[str, ...]
    meaning: Meaning | None

    @property
    def arity(self) -> int:
        """How many of the two formal arguments the gate looks at."""
        return len(self.operands)


def _zero(a: int, b: int, m: int) -> int:
    return 0


def _one(a: int, b: int, m: int) -> int:
    return 1 % m


def _two(a: int, b: int, m: int) -> int:
    return 2 % m


def _inc(a: int, b: int, m: int) -> int:
    return a + 1 if a + 1 < m else 0


def _add(a: int, b: int, m: int) -> int:
    return a + b if a + b < m else a + b - m


def _sub(a: int, b: int, m: int) -> int:
    return a - b if a >= b else a - b + m


def _dec(a: int, b: int, m: int) -> int:
    return a - 1 if a >= 1 else m - 1


def _less_than(a: int, b: int, m: int) -> int:
    return 1 % m if a < b else 0


def _less_or_equal_than(a: int, b: int, m: int) -> int:
    return 1 % m if a <= b else 0


def _equality_test(a: int, b: int, m: int) -> int:
    return 1 % m if a == b else 0


def _min(a: int, b: int, m: int) -> int:
    return a if a < b else b


def _max(a: int, b: int, m: int) -> int:
    return b if a < b else a


GATES: dict[Gate, GateDefinition] = {
    Gate.READ: GateDefinition(("p",), None),
    Gate.ZERO: GateDefinition((), _zero),
    Gate.ONE: GateDefinition((), _one),
    Gate.TWO: GateDefinition((), _two),
    Gate.INC: GateDefinition(("a",), _inc),
    Gate.ADD: GateDefinition(("a", "b"), _add),
    Gate.SUB: GateDefinition(("a", "b"), _sub),
    Gate.DEC: GateDefinition(("a",), _dec),
    Gate.LESS_THAN: GateDefinition(("x", "y"), _less_than),
    Gate.LESS_OR_EQUAL_THAN: GateDefinition(("x", "y"), _less_or_equal_than),
    Gate.EQUALITY_TEST: GateDefinition(("a", "b"), _equality_test),
    Gate.MIN: GateDefinition(("a", "b"), _min),
    Gate.MAX: GateDefinition(("a", "b"), _max),
    Gate.WRITE: GateDefinition(("p", "a"), None),
}

STANDARD_MODULES: tuple[Gate, ...] = tuple(Gate)[:14]
"""The paper's sequence of 14 modules; a machine repeats it one or more times.

Trained models depend on it, so that gates which are added later stand behind these in ``Gate``.
"""

EFFECTS: frozenset[Gate] = frozenset({Gate.READ, Gate.WRITE})
"""Gates that always count as used: WRITE changes memory, READ can end the run with a status."""

OBSERVABLE: frozenset[Gate] = frozenset({Gate.WRITE})
"""The gates with an effect on a machine whose cells all hold values below M."""
