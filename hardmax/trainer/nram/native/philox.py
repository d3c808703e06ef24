"""Random numbers that depend on a counter and a key only: Philox 4x32-10 (Salmon et al. 2011).

What is drawn is the same whatever the number of threads, lanes or the order of the work.
"""

from __future__ import annotations

from llvmlite import ir

from hardmax.trainer.nram.native.elementary import cosine_and_sine, logarithm
from hardmax.trainer.nram.native.vector_code import I32, I64, Code, Value

ROUNDS = 10
MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
WEYL = (0x9E3779B9, 0xBB67AE85)

GUMBEL, GRADIENT_NOISE = 0, 1
"""The last word of a counter: what the numbers are for."""


def philox(code: Code, counter: list[Value], key: Value) -> list[Value]:
    """Four vectors of random bits, i32.

    Args:
        counter: four vectors of i32.
        key: i64.
    """
    builder = code.builder
    low = code.spread(builder.trunc(key, I32))
    high = code.spread(builder.trunc(builder.lshr(key, ir.Constant(I64, 32)), I32))
    wide = ir.VectorType(I64, code.module.lanes)
    half = ir.Constant(wide, [32] * code.module.lanes)

    def product(factor: Value, multiplier: int) -> tuple[Value, Value]:
        constant = ir.Constant(wide, [multiplier] * code.module.lanes)
        whole = builder.mul(builder.zext(factor, wide), constant)
        return (
            builder.trunc(builder.lshr(whole, half), code.module.integers),
            builder.trunc(whole, code.module.integers),
        )

    c0, c1, c2, c3 = counter
    for round_number in range(ROUNDS):
        if round_number > 0:
            low = builder.add(low, code.integer(WEYL[0]))
            high = builder.add(high, code.integer(WEYL[1]))
        high0, low0 = product(c0, MULTIPLIERS[0])
        high1, low1 = product(c2, MULTIPLIERS[1])
        c0 = builder.xor(builder.xor(high1, c1), low)
        c2 = builder.xor(builder.xor(high0, c3), high)
        c1, c3 = low1, low0
    return [c0, c1, c2, c3]


def uniform(code: Code, bits: Value) -> Value:
    """Numbers strictly between 0 and 1 of random bits."""
    builder = code.builder
    whole = builder.lshr(bits, code.integer(9))  # 23 bits: half more is exact in single precision
    number = builder.uitofp(whole, code.module.vector)
    return code.times(code.plus(number, code.number(0.5)), code.number(2.0**-23))


def gumbel(code: Code, bits: Value) -> Value:
    """Standard Gumbel noise, -log(-log(u))."""
    zero = code.number(0.0)
    inner = code.minus(zero, logarithm(code, uniform(code, bits)))
    return code.minus(zero, logarithm(code, inner))


def normal(code: Code, bits: list[Value]) -> list[Value]:
    """As many standard normal numbers as words of random bits, an even number (Box and Muller)."""
    numbers = []
    for first, second in zip(bits[::2], bits[1::2], strict=True):
        radius = code.square_root(
            code.times(code.number(-2.0), logarithm(code, uniform(code, first)))
        )
        turns = code.minus(uniform(code, second), code.number(0.5))
        cosine, sine = cosine_and_sine(code, turns)
        numbers += [code.times(radius, cosine), code.times(radius, sine)]
    return numbers


def counter(code: Code, first_lane: Value, *words: Value | int) -> list[Value]:
    """A counter whose first word is the number of the lane, counted from ``first_lane``, an i64.

    Args:
        words: the other three, each an i64 or an ``int``.
    """
    lanes = ir.Constant(code.module.integers, list(range(code.module.lanes)))
    start = code.spread(code.builder.trunc(first_lane, I32))
    rest = [
        code.integer(word) if isinstance(word, int) else code.spread(code.builder.trunc(word, I32))
        for word in words
    ]
    return [code.builder.add(lanes, start), *rest]
