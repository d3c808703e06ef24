"""Adam on one member: what ``hardmax.trainer.population.optimizer`` says, in one pass."""

from __future__ import annotations

import math

from llvmlite import ir

from hardmax.trainer.nram.native.frame import MOMENTS, Frame
from hardmax.trainer.nram.native.layout import Layout
from hardmax.trainer.nram.native.philox import GRADIENT_NOISE, counter, normal, philox
from hardmax.trainer.nram.native.vector_code import I64, Code, Module, Value
from hardmax.trainer.population.optimizer import (
    BETA1,
    BETA2,
    EPSILON,
    GRADIENT_NORM_LIMIT,
    WEIGHT_DECAY,
)

WORDS = 4
"""Random words that come at once."""


class Adam:
    """Functions that move a member's weights along its flat gradient."""

    def __init__(self, module: Module, layout: Layout, frame: Frame) -> None:
        self.module = module
        self.layout = layout
        self.frame = frame
        self.vectors = flat_vectors(layout, module.lanes)

    def step(self) -> Value:
        """``(frame, member)``: clip, add noise, move, if the gradient is finite."""

        def body(code: Code, frame: Value, member: Value) -> None:
            gradient = self.frame.pointer(code, frame, "gradient")

            def square(i: Value) -> Value:
                part = code.get(gradient, i)
                return code.times(part, part)

            total = code.spread(code.reduce("fadd", code.total(code.index(self.vectors), square)))
            norm = code.square_root(total)
            finite = code.compare("<", norm, code.number(math.inf))
            finite = code.builder.extract_element(finite, ir.Constant(I64, 0))
            noted = self.frame.pointer(code, frame, "finite")
            place = code.builder.gep(noted, [member], source_etype=I64)
            code.builder.store(code.builder.zext(finite, I64), place)
            limit = code.over(code.number(GRADIENT_NORM_LIMIT), norm)
            scale = code.smaller(limit, code.number(1.0))
            code.when(finite, lambda: self._move(code, frame, member, gradient, scale))

        return self.module.function("adam", "pi", body)

    def _move(self, code: Code, frame: Value, member: Value, gradient: Value, scale: Value) -> None:
        settings = [
            code.broadcast(self.frame.pointer(code, frame, name), member)
            for name in ("learning_rate", "first_share", "second_share")
        ]
        deviation = code.broadcast(self.frame.pointer(code, frame, "deviation"), member)
        key = code.get_index(self.frame.pointer(code, frame, "keys"), member)
        code.call(self._noise(), gradient, scale, deviation, key)
        start = 0
        for parameter, (rows, columns) in self.layout.parameters.items():
            size = rows * columns
            base = code.multiply(member, size)
            arrays = [
                code.element(self.frame.pointer(code, frame, name), base)
                for name in (parameter, *(f"{moment}.{parameter}" for moment in MOMENTS))
            ]
            part = code.element(gradient, start)
            start += size
            whole, rest = divmod(size, self.module.lanes)
            code.call(self._vectors(), *arrays, part, whole, *settings)
            if rest:
                self._rest(code, frame, arrays, part, whole * self.module.lanes, rest, settings)

    def _noise(self) -> Value:
        """``(gradient, scale, deviation, key)``: gradient = scale * gradient + noise."""

        def body(code: Code, gradient: Value, scale: Value, deviation: Value, key: Value) -> None:
            def words(i: Value) -> None:
                bits = philox(code, counter(code, code.index(0), i, 0, GRADIENT_NOISE), key)
                for k, draw in enumerate(normal(code, bits)):
                    place = code.add(i, k)
                    scaled = code.times(code.get(gradient, place), scale)
                    code.put(gradient, place, code.fma(draw, deviation, scaled))

            code.loop(self.vectors, words, step=WORDS)

        return self.module.function("gradient_noise", "pvvi", body)

    def _vectors(self) -> Value:
        """``(weights, the three moments, gradient, count, rate, first_share, second_share)``."""

        def body(
            code: Code,
            weights: Value,
            first: Value,
            second: Value,
            average: Value,
            gradient: Value,
            count: Value,
            rate: Value,
            first_share: Value,
            second_share: Value,
        ) -> None:
            def vector(i: Value) -> None:
                start = code.multiply(i, self.module.lanes)
                places = [code.element(p, start) for p in (weights, first, second, average)]
                weight, mean, square, average_weight = map(code.get_unaligned, places)
                slope = code.get_unaligned(code.element(gradient, start))

                def approach(old: Value, new: Value, share: float) -> Value:
                    return code.fma(code.minus(new, old), code.number(share), old)

                mean = approach(mean, slope, 1 - BETA1)
                square = approach(square, code.times(slope, slope), 1 - BETA2)
                root = code.square_root(code.times(square, second_share))
                move = code.over(
                    code.times(mean, first_share), code.plus(root, code.number(EPSILON))
                )
                weight = code.minus(weight, code.times(rate, move))
                average_weight = approach(average_weight, weight, 1 - WEIGHT_DECAY)
                for place, value in zip(
                    places, (weight, mean, square, average_weight), strict=True
                ):
                    code.put_unaligned(place, value)

            code.loop(count, vector)

        return self.module.function("adam_vectors", "pppppivvv", body)

    def _rest(
        self,
        code: Code,
        frame: Value,
        arrays: list[Value],
        gradient: Value,
        start: int,
        count: int,
        settings: list[Value],
    ) -> None:
        """What does not fill a vector is moved in one elsewhere."""
        rest = self.frame.row(code, frame, "rest")
        rows = [code.at(rest, i) for i in range(len(arrays))]

        def copy(source: Value, target: Value) -> None:
            code.loop(count, lambda i: code.put_number(target, i, code.get_number(source, i)))

        ends = [code.element(array, start) for array in arrays]
        for end, row in zip(ends, rows, strict=True):
            copy(end, row)
        code.call(self._vectors(), *rows, code.element(gradient, start), 1, *settings)
        for end, row in zip(ends, rows, strict=True):
            copy(row, end)


def flat_vectors(layout: Layout, lanes: int) -> int:
    """Vectors of the flat gradient: all parameters, then zeros up to a multiple of WORDS."""
    numbers = sum(rows * columns for rows, columns in layout.parameters.values())
    return -(-numbers // (lanes * WORDS)) * WORDS
