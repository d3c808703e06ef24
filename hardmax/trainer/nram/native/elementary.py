"""Exponential, logarithm and trigonometric functions of vectors, as polynomials.

The polynomials interpolate at Chebyshev's points, whose error is near the smallest possible. In
double precision all are exact to a few units of the last place, in single precision as well.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
from llvmlite import ir
from numpy.polynomial import Chebyshev, Polynomial
from numpy.typing import NDArray

from hardmax.trainer.nram.native.vector_code import I32, I64, Code, Value

Numbers = NDArray[np.float64]


@cache
def interpolation(
    function: Callable[[Numbers], Numbers], low: float, high: float, degree: int
) -> tuple[float, ...]:
    """Coefficients, lowest first, of the polynomial that is like a function on an interval."""
    fitted = Chebyshev.interpolate(function, degree, domain=[low, high])
    return tuple(float(c) for c in fitted.convert(kind=Polynomial).coef)


def polynomial(code: Code, x: Value, coefficients: Sequence[float]) -> Value:
    """Horner's scheme."""
    result = code.number(coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        result = code.fma(result, x, code.number(coefficient))
    return result


class _Format:
    """How a number of the module's type is laid out in bits."""

    def __init__(self, code: Code) -> None:
        double = code.module.double
        self.mantissa = 52 if double else 23
        self.bias = 1023 if double else 127
        self.integer: Value = ir.VectorType(I64 if double else I32, code.module.lanes)
        self.lanes = code.module.lanes

    def constant(self, value: int) -> Value:
        return ir.Constant(self.integer, [value] * self.lanes)


HALF_LOG_2 = math.log(2) / 2

LOG_2_HIGH = 0.693359375
"""log 2 in so few bits that its product with an exponent is exact."""


def exponential(code: Code, x: Value) -> Value:
    """e^x; x is cut where the result would leave the normal numbers."""
    bits, builder, double = _Format(code), code.builder, code.module.double
    limit = (bits.bias - 1.5) * math.log(2)
    x = code.smaller(code.larger(x, code.number(-limit)), code.number(limit))
    # Added to this number, another is rounded to an integer, which its lowest bits then hold.
    magic = code.number(1.5 * 2**bits.mantissa)
    rounded = code.fma(x, code.number(1 / math.log(2)), magic)
    whole = code.minus(rounded, magic)
    rest = code.fma(whole, code.number(-LOG_2_HIGH), x)
    rest = code.fma(whole, code.number(LOG_2_HIGH - math.log(2)), rest)
    shape = interpolation(np.exp, -HALF_LOG_2, HALF_LOG_2, 12 if double else 6)
    result = builder.bitcast(polynomial(code, rest, shape), bits.integer)
    shift = builder.shl(builder.bitcast(rounded, bits.integer), bits.constant(bits.mantissa))
    return builder.bitcast(builder.add(result, shift), code.module.vector)


def _area(square: Numbers) -> Numbers:
    """2 artanh(s) / s as a function of s^2."""
    s = np.sqrt(np.maximum(square, 1e-300))
    return np.where(square < 1e-12, 2.0 + 2.0 * square / 3.0, 2.0 * np.arctanh(s) / s)


def logarithm(code: Code, x: Value) -> Value:
    """log x, for normal x > 0."""
    bits, builder, double = _Format(code), code.builder, code.module.double
    raw = builder.bitcast(x, bits.integer)
    # So shifted, the exponent grows at sqrt(2), and the mantissa lies in sqrt(1/2)..sqrt(2).
    real = np.float64 if double else np.float32
    middle = int(np.array(math.sqrt(0.5), real).view(np.int64 if double else np.int32))
    shifted = builder.sub(raw, bits.constant(middle))
    exponent = builder.ashr(shifted, bits.constant(bits.mantissa))
    mantissa = builder.sub(raw, builder.shl(exponent, bits.constant(bits.mantissa)))
    m = builder.bitcast(mantissa, code.module.vector)
    one = code.number(1.0)
    s = code.over(code.minus(m, one), code.plus(m, one))
    widest = ((math.sqrt(2) - 1) / (math.sqrt(2) + 1)) ** 2
    area = interpolation(_area, 0.0, widest, 10 if double else 4)
    log_mantissa = code.times(s, polynomial(code, code.times(s, s), area))
    return code.fma(
        builder.sitofp(exponent, code.module.vector), code.number(math.log(2)), log_mantissa
    )


def sigmoid(code: Code, x: Value) -> Value:
    """1 / (1 + e^-x)."""
    one = code.number(1.0)
    negative = code.minus(code.number(0.0), x)
    return code.over(one, code.plus(one, exponential(code, negative)))


def hyperbolic_tangent(code: Code, x: Value) -> Value:
    """2 sigmoid(2x) - 1."""
    return code.fma(code.number(2.0), sigmoid(code, code.plus(x, x)), code.number(-1.0))


def _cosine(square: Numbers) -> Numbers:
    return np.cos(2 * np.pi * np.sqrt(np.maximum(square, 0.0)))


def _sine(square: Numbers) -> Numbers:
    """sin(2 pi x) / x as a function of x^2."""
    ratio: Numbers = 2 * np.pi * np.sinc(2 * np.sqrt(np.maximum(square, 0.0)))
    return ratio


def cosine_and_sine(code: Code, turns: Value) -> tuple[Value, Value]:
    """Cosine and sine of so many whole turns, -1/2..1/2; to about 1e-7."""
    square = code.times(turns, turns)
    cosine = polynomial(code, square, interpolation(_cosine, 0.0, 0.25, 8))
    sine = polynomial(code, square, interpolation(_sine, 0.0, 0.25, 8))
    return cosine, code.times(turns, sine)
