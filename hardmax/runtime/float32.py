"""Binary32 arithmetic that is exact to the last bit: layers and the functions between them.

Every number is an IEEE 754 binary32 and every operation is rounded to nearest even, one at a time,
in the order in which this file writes it down; nothing is fused and nothing is reordered. So an
interpreter made of these definitions and compiled code agree bit for bit on any processor.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hardmax.runtime.errors import HardmaxError

Floats = NDArray[np.float32]
"""float32 of shape (B, n): B controllers side by side."""

LARGEST = 1e38
"""No layer's output may exceed this, whatever its input, so that no operation overflows."""

LARGEST_EXPONENT = 80.0
"""Arguments of exp are clamped to +-80: the result is then a normal number."""

LOG2_E = 1.44269502162933349609375
LN2_HIGH, LN2_LOW = 0.693359375, -2.12194442981854081154e-4
"""log2(e), and ln(2) as the sum of a number of 9 bits and a small one; all are binary32."""

ROUNDER = 12582912.0
"""1.5 * 2^23: x + ROUNDER - ROUNDER is x rounded to an integer, for |x| < 2^22."""

ROUNDER_BITS = 0x4B400000
EXPONENT_BIAS, FRACTION_BITS = 127, 23

EXP_COEFFICIENTS = tuple(
    float(np.float32(1 / factorial)) for factorial in (5040, 720, 120, 24, 6, 2, 1, 1)
)
"""1/7!, 1/6!, ..., 1/0!: exp(r) for |r| <= ln(2) / 2, by Horner's rule."""


def exponential(x: Floats) -> Floats:
    """exp(x) for |x| <= LARGEST_EXPONENT, within 2e-7 of it relatively."""
    shifted = x * np.float32(LOG2_E) + np.float32(ROUNDER)
    n = shifted - np.float32(ROUNDER)
    r = x - n * np.float32(LN2_HIGH) - n * np.float32(LN2_LOW)
    power = np.full_like(x, EXP_COEFFICIENTS[0])
    for coefficient in EXP_COEFFICIENTS[1:]:
        power = power * r + np.float32(coefficient)
    bits = shifted.view(np.int32) - np.int32(ROUNDER_BITS) + np.int32(EXPONENT_BIAS)
    scale: Floats = (bits << np.int32(FRACTION_BITS)).view(np.float32)
    result: Floats = power * scale
    return result


def sigmoid(x: Floats) -> Floats:
    """1 / (1 + exp(-x)), within 2e-7 of it absolutely, for any finite x."""
    limit = np.float32(LARGEST_EXPONENT)
    clamped = np.where(x > limit, limit, np.where(x < -limit, -limit, x))
    result: Floats = np.float32(1) / (np.float32(1) + exponential(-clamped))
    return result


def tanh(x: Floats) -> Floats:
    """(1 - e) / (1 + e) with e = exp(-2 |x|), and x's sign; within 2e-7 of tanh(x) absolutely."""
    size = np.where(x < 0, -x, x)
    limit = np.float32(LARGEST_EXPONENT / 2)
    clamped = np.where(size > limit, limit, size)
    e = exponential(-(clamped + clamped))
    t = (np.float32(1) - e) / (np.float32(1) + e)
    return np.where(x < 0, -t, t)


def margin(logits: Floats) -> Floats:
    """(B,): the largest of each row less the second; infinite where there is only one."""
    if logits.shape[1] == 1:
        return np.full(len(logits), np.inf, dtype=np.float32)
    second, first = np.partition(logits, -2, axis=1)[:, -2:].T
    result: Floats = first - second
    return result


def lstm_cell(gates: Floats, cell: Floats) -> tuple[Floats, Floats]:
    """The new h and c of an LSTM, in that order.

    They are c = sigmoid(forget_gate) * c + sigmoid(input_gate) * tanh(candidate) and then
    h = sigmoid(output_gate) * tanh(c).

    Args:
        gates: (B, 4 H): forget gate, input gate, output gate, candidate.
        cell: (B, H), c.
    """
    forget_gate, input_gate, output_gate, candidate = np.split(gates, 4, axis=1)
    cell = sigmoid(forget_gate) * cell + sigmoid(input_gate) * tanh(candidate)
    return sigmoid(output_gate) * tanh(cell), cell


@dataclass(frozen=True, eq=False)
class Layer:
    """An affine map of finite binary32 numbers; equal where all bits are.

    Attributes:
        weight: (inputs, outputs), read-only.
        bias: (outputs,), read-only.
    """

    weight: Floats
    bias: Floats

    def __post_init__(self) -> None:
        for name in ("weight", "bias"):
            array = np.array(getattr(self, name), dtype=np.float32, order="C")
            if not np.isfinite(array).all():
                raise HardmaxError(f"expected finite weights, found others in a {name}")
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        if self.weight.ndim != 2 or self.bias.shape != self.weight.shape[1:]:
            raise HardmaxError(
                f"expected a layer of (inputs, outputs) and (outputs,), "
                f"found {self.weight.shape} and {self.bias.shape}"
            )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Layer) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    @cached_property
    def _key(self) -> tuple[tuple[int, ...], bytes, bytes]:
        return self.weight.shape, self.weight.tobytes(), self.bias.tobytes()

    def __call__(self, x: Floats) -> Floats:
        """(B, inputs) -> (B, outputs): the bias, then input after input is added."""
        total = np.repeat(self.bias[None], len(x), axis=0)
        for value, weight in zip(x.T, self.weight, strict=True):
            total = total + value[:, None] * weight
        return total

    def split(self, ends: int | Sequence[int]) -> list[Layer]:
        """The outputs in so many equal parts, or in parts with these ends but the last's."""
        weights, biases = np.split(self.weight, ends, axis=1), np.split(self.bias, ends)
        return [Layer(weight, bias) for weight, bias in zip(weights, biases, strict=True)]

    @staticmethod
    def join(layers: Sequence[Layer]) -> Layer:
        """The outputs of layers with the same inputs, one after the other."""
        return Layer(
            np.concatenate([layer.weight for layer in layers], axis=1),
            np.concatenate([layer.bias for layer in layers]),
        )

    def largest(self, inputs: NDArray[np.float64]) -> NDArray[np.float64]:
        """Bounds on the outputs' magnitudes for inputs of at most the given magnitudes."""
        bounds: NDArray[np.float64] = inputs @ abs(self.weight.astype(np.float64))
        return bounds + abs(self.bias)


def layer_to_data(name: str, layer: Layer) -> dict[str, str]:
    """A layer as two fields of a text form: base64 of little-endian binary32."""
    return {f"{name}.{part}": floats_to_text(getattr(layer, part)) for part in ("weight", "bias")}


def layer_from_data(data: Mapping[str, Any], name: str, inputs: int) -> Layer:
    """Read the fields of :func:`layer_to_data` back.

    Raises:
        HardmaxError, KeyError, TypeError, ValueError: the data are not of that form.
    """
    weight, bias = (floats_from_text(data[f"{name}.{part}"]) for part in ("weight", "bias"))
    return Layer(weight.reshape(inputs, len(bias)), bias)


def floats_to_text(numbers: Floats) -> str:
    """Numbers in base64, as little-endian binary32."""
    return base64.b64encode(numbers.astype("<f4").tobytes()).decode()


def floats_from_text(text: str) -> Floats:
    """Read :func:`floats_to_text` back, as one dimension.

    Raises:
        TypeError, ValueError: the text is not of that form.
    """
    return np.frombuffer(base64.b64decode(text, validate=True), dtype="<f4")
