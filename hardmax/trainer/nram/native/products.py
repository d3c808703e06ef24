"""The controller's products: an affine map forward, its adjoint, and its weights' gradient.

A layer's packed weights are a matrix of numbers [rows, columns], row by row: a row for every input
and one for the bias, whose input is always 1, then zeros up to a whole number of blocks; columns
likewise. Inputs and outputs are rows of vectors, so that a weight is one number for all samples.
"""

from __future__ import annotations

from dataclasses import dataclass

from llvmlite import ir

from hardmax.trainer.nram.native.vector_code import I32, Code, Module, Value


def padded(count: int, block: int) -> int:
    """The least multiple of ``block`` that is no smaller than ``count``."""
    return -(-count // block) * block


@dataclass(frozen=True)
class Shape:
    """Of one layer.

    Attributes:
        inputs, outputs: as in the network.
        rows, columns: of its packed weights.
    """

    inputs: int
    outputs: int
    rows: int
    columns: int

    @classmethod
    def of(cls, inputs: int, outputs: int, block: int) -> Shape:
        """The shape of a layer whose loops take so many rows or columns at once."""
        return cls(inputs, outputs, padded(inputs + 1, block), padded(outputs, block))

    @property
    def size(self) -> int:
        """Packed weights."""
        return self.rows * self.columns


def affine(module: Module, shape: Shape) -> Value:
    """``(weights, x, y)``: y = x W, for x of ``inputs + 1`` vectors; fills ``columns`` of y."""
    block = module.registers.accumulators

    def body(code: Code, weights: Value, x: Value, y: Value) -> None:
        def columns(k: Value) -> None:
            def row(h: Value, *sums: Value) -> list[Value]:
                factor = code.get(x, h)
                first = code.element(weights, code.add(code.multiply(h, shape.columns), k))
                return [
                    code.fma(factor, code.broadcast(first, i), total)
                    for i, total in enumerate(sums)
                ]

            sums = code.loop(shape.inputs + 1, row, [code.number(0.0)] * block)
            for i, total in enumerate(sums):
                code.put(y, code.add(k, i), total)

        code.loop(shape.columns, columns, step=block)

    return module.function(f"affine_{shape.inputs}_{shape.outputs}", "ppp", body)


def adjoint(module: Module, shape: Shape) -> Value:
    """``(weights, dy, dx)``: dx = dy W^T; fills ``inputs`` of dx up to a whole block."""
    block = module.registers.accumulators

    def body(code: Code, weights: Value, dy: Value, dx: Value) -> None:
        def rows(h: Value) -> None:
            first = code.element(weights, code.multiply(h, shape.columns))

            def column(k: Value, *sums: Value) -> list[Value]:
                factor = code.get(dy, k)
                weight = code.element(first, k)
                return [
                    code.fma(factor, code.broadcast(weight, i * shape.columns), total)
                    for i, total in enumerate(sums)
                ]

            sums = code.loop(shape.outputs, column, [code.number(0.0)] * block)
            for i, total in enumerate(sums):
                code.put(dx, code.add(h, i), total)

        code.loop(padded(shape.inputs, block), rows, step=block)

    return module.function(f"adjoint_{shape.inputs}_{shape.outputs}", "ppp", body)


def weight_gradient(module: Module, shape: Shape) -> Value:
    """``(x, x_stride, dy, dy_stride, steps, gradient)``: gradient += the sum over steps of x^T dy.

    Strides are in vectors. A tile is of as many weights as there are lanes: their sums over the
    lanes make one vector.
    """
    lanes = module.lanes
    height = 1 << (lanes.bit_length() // 2)  # lanes = height * width, as square as can be
    height = min(height, lanes)
    width = lanes // height

    def body(
        code: Code, x: Value, x_stride: Value, dy: Value, dy_stride: Value, steps: Value, out: Value
    ) -> None:
        def columns(k: Value) -> None:
            def rows(h: Value) -> None:
                def step(t: Value, *sums: Value) -> list[Value]:
                    inputs = code.at(x, code.add(code.multiply(t, x_stride), h))
                    outputs = code.at(dy, code.add(code.multiply(t, dy_stride), k))
                    left = [code.get(inputs, i) for i in range(height)]
                    right = [code.get(outputs, j) for j in range(width)]
                    pairs = [(a, b) for a in left for b in right]
                    return [
                        code.fma(a, b, total) for (a, b), total in zip(pairs, sums, strict=True)
                    ]

                sums = code.loop(steps, step, [code.number(0.0)] * lanes)
                tile = sums_over_lanes(code, sums)
                for i in range(height):
                    place = code.element(
                        out, code.add(code.multiply(code.add(h, i), shape.columns), k)
                    )
                    _add_to(code, place, _part(code, tile, i * width, width))

            code.loop(padded(shape.inputs + 1, height), rows, step=height)

        code.loop(padded(shape.outputs, width), columns, step=width)

    return module.function(f"weight_gradient_{shape.inputs}_{shape.outputs}", "pipiip", body)


def sums_over_lanes(code: Code, vectors: list[Value]) -> Value:
    """The vector whose lane i is the sum of the lanes of ``vectors[i]``; there are as many."""
    lanes = code.module.lanes
    width = lanes
    while len(vectors) > 1:
        half, count = width // 2, len(vectors) // 2
        # Halves of each group of lanes: those of the first vector, then those of the second.
        groups = range(0, lanes, width)
        low = [g + i + side for g in groups for side in (0, lanes) for i in range(half)]
        high = [index + half for index in low]
        vectors = [
            code.plus(_shuffle(code, a, b, low), _shuffle(code, a, b, high))
            for a, b in zip(vectors[:count], vectors[count:], strict=True)
        ]
        width = half
    return vectors[0]


def _shuffle(code: Code, a: Value, b: Value, indices: list[int]) -> Value:
    mask = ir.Constant(ir.VectorType(I32, len(indices)), indices)
    return code.builder.shuffle_vector(a, b, mask)


def _part(code: Code, vector: Value, start: int, count: int) -> Value:
    return _shuffle(code, vector, vector, list(range(start, start + count)))


def _add_to(code: Code, place: Value, values: Value) -> None:
    """Add a few numbers, a short vector, to those in memory."""
    alignment = code.number_bytes
    before = code.builder.load(place, typ=values.type, align=alignment)
    code.builder.store(code.builder.fadd(before, values), place, align=alignment)
