"""The LLVM meaning of every gate: i32 arithmetic mod M that cannot overflow, for M in 1..2^32-1.

Operands and results are unsigned and below M; nothing widens to 64 bits but addresses.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from llvmlite import ir

from hardmax.codegen.llvm_types import I32, I64, LIKELY, ONE, TWO, ZERO, Value, constant
from hardmax.runtime.nram.gates import Gate


@dataclass(frozen=True)
class Modulus:
    """M and what depends on M alone; i32 values, computed once a run.

    Attributes:
        size: M.
        last: M - 1.
        one: 1 mod M.
        two: 2 mod M.
    """

    size: Value
    last: Value
    one: Value
    two: Value

    @staticmethod
    def of(builder: ir.IRBuilder, size: Value) -> Modulus:
        """Emit the values for a memory of ``size`` >= 1 cells."""
        return Modulus(
            size=size,
            last=builder.sub(size, ONE, name="last"),
            one=builder.select(builder.icmp_unsigned(">", size, ONE), ONE, ZERO, name="one"),
            two=builder.select(builder.icmp_unsigned(">", size, TWO), TWO, ZERO, name="two"),
        )

    @staticmethod
    def of_large(builder: ir.IRBuilder, size: Value) -> Modulus:
        """The values for a memory of ``size`` >= 3 cells, in which 1 and 2 are what they are."""
        return Modulus(size=size, last=builder.sub(size, ONE, name="last"), one=ONE, two=TWO)


@dataclass(frozen=True)
class Machine:
    """What gates work on beside their operands.

    Attributes:
        memory: pointer to the first of M cells.
        modulus: M.
        value_out_of_range: the block that ends the run when a READ meets a value not below M.
    """

    memory: Value
    modulus: Modulus
    value_out_of_range: ir.Block


Lowering = Callable[[ir.IRBuilder, Modulus, Value, Value], Value]
"""``(builder, M, a, b) -> value`` of a gate that does not touch memory, as ``gates.Meaning``"""


def _zero(builder: ir.IRBuilder, m: Modulus, a: Value, b: Value) -> Value:
    return ZERO


def _one(builder: ir.IRBuilder, m: Modulus, a: Value, b: Value) -> Value:
    return m.one


def _two(builder: ir.IRBuilder, m: Modulus, a: Value, b: Value) -> Value:
    return m.two


def _inc(builder: ir.IRBuilder, m: Modulus, a: Value, b: Value) -> Value:
    wraps = builder.icmp_unsigned("==", a, m.last)
    higher = builder.add(a, constant(a.type, 1), flags=["nuw"])
    return builder.select(wraps, constant(a.type, 0), higher)


def _add(builder: ir.IRBuilder, m: Modulus, a: Value, b: Value) -> Value:
    """a + b < M exactly where a < M - b, and M - b is in 1..M."""
    room = builder.sub(m.size, b)
    fits = builder.icmp_unsigned("<", a, room)
    return builder.select(fits, builder.add(a, b), builder.sub(a, room))


def _sub(builder: ir.IRBuilder, m: Modulus, a: Value, b: Value) -> Value:
    """Where a < b, a - b wraps mod 2^32 and adding M wraps it back."""
    difference = builder.sub(a, b)
    fits = builder.icmp_unsigned(">=", a, b)
    return builder.select(fits, difference, builder.add(difference, m.size))


def _dec(builder: ir.IRBuilder, m: Modulus, a: Value, b: Value) -> Value:
    wraps = builder.icmp_unsigned("==", a, constant(a.type, 0))
    return builder.select(wraps, m.last, builder.sub(a, constant(a.type, 1)))


def _comparison(relation: str) -> Lowering:
    """1 mod M where ``a relation b`` holds, else 0."""

    def lowering(builder: ir.IRBuilder, m: Modulus, a: Value, b: Value) -> Value:
        return builder.select(builder.icmp_unsigned(relation, a, b), m.one, constant(a.type, 0))

    return lowering


def _choice(relation: str) -> Lowering:
    """The operand a where ``a relation b`` holds, else b."""

    def lowering(builder: ir.IRBuilder, m: Modulus, a: Value, b: Value) -> Value:
        return builder.select(builder.icmp_unsigned(relation, a, b), a, b)

    return lowering


ARITHMETIC: dict[Gate, Lowering] = {
    Gate.ZERO: _zero,
    Gate.ONE: _one,
    Gate.TWO: _two,
    Gate.INC: _inc,
    Gate.ADD: _add,
    Gate.SUB: _sub,
    Gate.DEC: _dec,
    Gate.LESS_THAN: _comparison("<"),
    Gate.LESS_OR_EQUAL_THAN: _comparison("<="),
    Gate.EQUALITY_TEST: _comparison("=="),
    Gate.MIN: _choice("<"),
    Gate.MAX: _choice(">="),
}
"""Every gate that does not touch memory."""


UNWRAPPED: dict[Gate, Lowering] = {
    Gate.INC: lambda builder, m, a, b: builder.add(a, ONE, flags=["nuw"]),
    Gate.ADD: lambda builder, m, a, b: builder.add(a, b, flags=["nuw"]),
    Gate.DEC: lambda builder, m, a, b: builder.sub(a, ONE, flags=["nuw"]),
}
"""The gates that are simpler where it is known that the result does not wrap around."""


WRAPS: dict[Gate, Lowering] = {
    Gate.INC: lambda builder, m, a, b: builder.icmp_unsigned("==", a, m.last),
    Gate.ADD: lambda builder, m, a, b: builder.icmp_unsigned(">=", a, builder.sub(m.size, b)),
    Gate.DEC: lambda builder, m, a, b: builder.icmp_unsigned("==", a, ZERO),
}
"""Whether the result of a gate in ``UNWRAPPED`` wraps around, an i1."""


def emit_gate(
    builder: ir.IRBuilder,
    machine: Machine,
    gate: Gate,
    operands: Sequence[Value],
    *,
    wraps: bool = True,
) -> Value:
    """Emit one gate and return its output; after a READ the builder stands in a new block.

    Args:
        operands: i32 values below M, as many as the gate uses.
        wraps: whether a gate in ``UNWRAPPED`` may wrap around.
    """
    if gate is Gate.READ:
        return _emit_read(builder, machine, *operands)
    if gate is Gate.WRITE:
        address, value = operands
        builder.store(value, cell(builder, machine, address))
        return ZERO
    a, b = (*operands, ZERO, ZERO)[:2]
    lowering = ARITHMETIC[gate] if wraps else UNWRAPPED[gate]
    return lowering(builder, machine.modulus, a, b)


def _emit_read(builder: ir.IRBuilder, machine: Machine, address: Value) -> Value:
    value = builder.load(cell(builder, machine, address), typ=I32)
    in_range = builder.append_basic_block("in_range")
    below = builder.icmp_unsigned("<", value, machine.modulus.size)
    builder.cbranch(below, in_range, machine.value_out_of_range).set_weights(LIKELY)
    builder.position_at_end(in_range)
    return value


def cell(builder: ir.IRBuilder, machine: Machine, address: Value) -> Value:
    """A pointer to the cell of an address, an i32."""
    index = builder.zext(address, I64)
    return builder.gep(machine.memory, [index], inbounds=True, source_etype=I32)
