"""What gates do to integers, in LLVM IR: of one sample, or of a vector of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir

from hardmax.runtime.nram.gates import Gate

Value = Any
"""An LLVM value, or a type: llvmlite has no types of its own for mypy."""

Meaning = Callable[[Value, list[Value], Value], Value]
"""``(builder, operands, M) -> value``, all of one type of integers, operands below M."""


def constant(kind: Value, value: int) -> Value:
    """A number of a type, in every lane of a vector."""
    if isinstance(kind, ir.VectorType):
        return ir.Constant(kind, [value] * kind.count)
    return ir.Constant(kind, value)


def _number(value: int) -> Meaning:
    def meaning(builder: Value, operands: list[Value], m: Value) -> Value:
        kind = m.type
        fits = builder.icmp_unsigned(">", m, constant(kind, value))
        # Only 2 mod 1 and 2 mod 2 are other than what is smaller than M: they are 0, as 1 mod 1.
        return builder.select(fits, constant(kind, value), constant(kind, 0))

    return meaning


def _wrapped(builder: Value, total: Value, m: Value) -> Value:
    """A number below 2 M, mod M."""
    within = builder.icmp_unsigned("<", total, m)
    return builder.select(within, total, builder.sub(total, m))


def _added(builder: Value, a: Value, b: Value, m: Value) -> Value:
    return _wrapped(builder, builder.add(a, b), m)


def _subtracted(builder: Value, a: Value, b: Value, m: Value) -> Value:
    return _wrapped(builder, builder.sub(builder.add(a, m), b), m)


def _compared(how: str) -> Meaning:
    def meaning(builder: Value, operands: list[Value], m: Value) -> Value:
        holds = builder.icmp_unsigned(how, *operands)
        return builder.select(holds, _number(1)(builder, [], m), constant(m.type, 0))

    return meaning


def _extremum(how: str) -> Meaning:
    def meaning(builder: Value, operands: list[Value], m: Value) -> Value:
        return builder.select(builder.icmp_unsigned(how, *operands), *operands)

    return meaning


INTEGER_MEANING: dict[Gate, Meaning] = {
    Gate.ZERO: _number(0),
    Gate.ONE: _number(1),
    Gate.TWO: _number(2),
    Gate.INC: lambda builder, x, m: _added(builder, x[0], constant(m.type, 1), m),
    Gate.ADD: lambda builder, x, m: _added(builder, x[0], x[1], m),
    Gate.SUB: lambda builder, x, m: _subtracted(builder, x[0], x[1], m),
    Gate.DEC: lambda builder, x, m: _subtracted(builder, x[0], constant(m.type, 1), m),
    Gate.LESS_THAN: _compared("<"),
    Gate.LESS_OR_EQUAL_THAN: _compared("<="),
    Gate.EQUALITY_TEST: _compared("=="),
    Gate.MIN: _extremum("<"),
    Gate.MAX: _extremum(">"),
}
"""Gates that do not touch memory; 2 M must fit into the type, without a sign."""
