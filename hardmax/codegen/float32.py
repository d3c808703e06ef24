"""The arithmetic of ``hardmax.runtime.float32`` as LLVM IR: layers, and the functions between them.

Every float operation is one of that room, in its order, so that each bit is the same. What can be
done side by side without a change of order is the outputs of a layer: LANES of them are kept in one
vector, and layers are padded with zeros to a multiple of that. Weights are read-only constants.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from llvmlite import ir

from hardmax.codegen.llvm_types import I32, I64, ZERO, Value
from hardmax.runtime import float32
from hardmax.runtime.float32 import Layer

LANES = 16
"""Outputs of a layer computed side by side: an AVX-512 register, or four of SSE or Neon."""

FLOAT = ir.FloatType()
FLOATS = ir.VectorType(FLOAT, LANES)
INTEGERS = ir.VectorType(I32, LANES)


def splat(value: float) -> ir.Constant:
    """A vector of one float."""
    return ir.Constant(FLOATS, [ir.Constant(FLOAT, value)] * LANES)


def splat_integer(value: int) -> ir.Constant:
    """A vector of one integer."""
    return ir.Constant(INTEGERS, [ir.Constant(I32, value)] * LANES)


def index(value: int) -> ir.Constant:
    """A constant that counts elements."""
    return ir.Constant(I64, value)


def _tiled(numbers: list[float]) -> list[list[float]]:
    """Numbers in vectors, the last padded with zeros."""
    padded = numbers + [0.0] * (-len(numbers) % LANES)
    return [padded[start : start + LANES] for start in range(0, len(padded), LANES)]


def loop(
    builder: ir.IRBuilder,
    count: int | Value,
    initial: Sequence[Value],
    body: Callable[[Value, list[Value]], Sequence[Value]],
) -> list[Value]:
    """Emit ``for i in 0 .. count-1: carried = body(i, carried)`` and return the last ``carried``.

    Args:
        count: at least 1; a constant or an i64.
    """
    end = index(count) if isinstance(count, int) else count
    before = builder.block
    top = builder.append_basic_block("loop")
    builder.branch(top)
    builder.position_at_end(top)
    i = builder.phi(I64)
    carried = [builder.phi(value.type) for value in initial]
    after = body(i, list(carried))
    following = builder.add(i, index(1))
    bottom = builder.block
    done = builder.append_basic_block("done")
    builder.cbranch(builder.icmp_unsigned("==", following, end), done, top)
    for phi, first, later in zip(
        (i, *carried), (index(0), *initial), (following, *after), strict=True
    ):
        phi.add_incoming(first, before)
        phi.add_incoming(later, bottom)
    builder.position_at_end(done)
    return list(after)


@dataclass(frozen=True)
class Dense:
    """A layer as constants: vector t, i is the weights from input i to outputs 16 t .. 16 t + 15.

    Attributes:
        weights: pointer to tiles * inputs vectors.
        biases: pointer to one vector a tile.
        inputs: number of inputs.
        tiles: number of output vectors.
    """

    weights: Value
    biases: Value
    inputs: int
    tiles: int

    @staticmethod
    def of(module: ir.Module, name: str, layers: Sequence[Layer]) -> Dense:
        """Add the constants of layers with the same inputs to a module, each padded by itself."""
        inputs = len(layers[0].weight)
        biases = [tile for layer in layers for tile in _tiled(layer.bias.tolist())]
        rows = zip(*(layer.weight.tolist() for layer in layers), strict=True)
        by_input = [[tile for part in row for tile in _tiled(part)] for row in rows]
        weights = [tiles[t] for t in range(len(biases)) for tiles in by_input]
        return Dense(
            _constants(module, f"{name}.weight", weights),
            _constants(module, f"{name}.bias", biases),
            inputs,
            len(biases),
        )

    def emit(
        self, builder: ir.IRBuilder, sources: Sequence[tuple[Value, int]], target: Value
    ) -> None:
        """Apply the layer.

        Args:
            sources: pointers to floats and how many of them; together the inputs in order.
            target: pointer to one vector a tile.
        """

        def tile(t: Value, _: list[Value]) -> list[Value]:
            total = load_lanes(builder, self.biases, t)
            row = builder.mul(t, index(self.inputs))
            for pointer, count in sources:
                (total,) = loop(builder, count, [total], self._adder(builder, pointer, row))
                row = builder.add(row, index(count))
            store_lanes(builder, total, target, t)
            return []

        loop(builder, self.tiles, [], tile)

    def _adder(
        self, builder: ir.IRBuilder, pointer: Value, row: Value
    ) -> Callable[[Value, list[Value]], list[Value]]:
        """The body of a loop that adds what input i, a float at ``pointer``, contributes."""

        def add(i: Value, totals: list[Value]) -> list[Value]:
            value = builder.load(at(builder, pointer, FLOAT, i), typ=FLOAT)
            weights = load_lanes(builder, self.weights, builder.add(row, i))
            product = builder.fmul(broadcast(builder, value), weights)
            return [builder.fadd(totals[0], product)]

        return add


def _constants(module: ir.Module, name: str, vectors: list[list[float]]) -> ir.GlobalVariable:
    """A private read-only array of vectors."""
    rows = [
        ir.Constant(FLOATS, [ir.Constant(FLOAT, value) for value in vector]) for vector in vectors
    ]
    return array(module, name, FLOATS, rows)


def array(
    module: ir.Module, name: str, kind: ir.Type, elements: list[ir.Constant]
) -> ir.GlobalVariable:
    """A private read-only array."""
    array = ir.ArrayType(kind, len(elements))
    variable = ir.GlobalVariable(module, array, name)
    variable.linkage = "private"
    variable.global_constant = True
    variable.initializer = ir.Constant(array, elements)
    return variable


def at(builder: ir.IRBuilder, pointer: Value, kind: ir.Type, index: Value) -> Value:
    """Element ``index`` of an array, as a pointer."""
    return builder.gep(pointer, [index], inbounds=True, source_etype=kind)


def load_lanes(
    builder: ir.IRBuilder, pointer: Value, tile: Value, align: int | None = None
) -> Value:
    """Vector ``tile`` of an array; ``align`` where the array has not a vector's own alignment."""
    return builder.load(at(builder, pointer, FLOATS, tile), typ=FLOATS, align=align)


def store_lanes(
    builder: ir.IRBuilder, value: Value, pointer: Value, tile: Value, align: int | None = None
) -> None:
    """As :func:`load_lanes`."""
    builder.store(value, at(builder, pointer, FLOATS, tile), align=align)


def broadcast(builder: ir.IRBuilder, value: Value) -> Value:
    """A vector of one float that is known at run time only."""
    undefined = ir.Constant(FLOATS, ir.Undefined)
    first = builder.insert_element(undefined, value, ZERO)
    return builder.shuffle_vector(first, undefined, splat_integer(0))


def _at_most(builder: ir.IRBuilder, x: Value, limit: float) -> Value:
    above = builder.fcmp_ordered(">", x, splat(limit))
    return builder.select(above, splat(limit), x)


def _exponential(builder: ir.IRBuilder, x: Value) -> Value:
    """:func:`hardmax.runtime.float32.exponential` of a vector."""
    scaled = builder.fmul(x, splat(float32.LOG2_E))
    shifted = builder.fadd(scaled, splat(float32.ROUNDER))
    n = builder.fsub(shifted, splat(float32.ROUNDER))
    r = builder.fsub(x, builder.fmul(n, splat(float32.LN2_HIGH)))
    r = builder.fsub(r, builder.fmul(n, splat(float32.LN2_LOW)))
    power: Value = splat(float32.EXP_COEFFICIENTS[0])
    for coefficient in float32.EXP_COEFFICIENTS[1:]:
        power = builder.fadd(builder.fmul(power, r), splat(coefficient))
    bits = builder.bitcast(shifted, INTEGERS)
    bits = builder.sub(bits, splat_integer(float32.ROUNDER_BITS))
    bits = builder.add(bits, splat_integer(float32.EXPONENT_BIAS))
    scale = builder.shl(bits, splat_integer(float32.FRACTION_BITS))
    return builder.fmul(power, builder.bitcast(scale, FLOATS))


def sigmoid(builder: ir.IRBuilder, x: Value) -> Value:
    """:func:`hardmax.runtime.float32.sigmoid` of a vector."""
    limit = float32.LARGEST_EXPONENT
    below = builder.fcmp_ordered("<", x, splat(-limit))
    clamped = _at_most(builder, builder.select(below, splat(-limit), x), limit)
    e = _exponential(builder, builder.fneg(clamped))
    return builder.fdiv(splat(1.0), builder.fadd(splat(1.0), e))


def tanh(builder: ir.IRBuilder, x: Value) -> Value:
    """:func:`hardmax.runtime.float32.tanh` of a vector."""
    negative = builder.fcmp_ordered("<", x, splat(0.0))
    size = builder.select(negative, builder.fneg(x), x)
    clamped = _at_most(builder, size, float32.LARGEST_EXPONENT / 2)
    e = _exponential(builder, builder.fneg(builder.fadd(clamped, clamped)))
    t = builder.fdiv(builder.fsub(splat(1.0), e), builder.fadd(splat(1.0), e))
    return builder.select(negative, builder.fneg(t), t)


def lstm_cell(
    builder: ir.IRBuilder,
    gates: Value,
    tiles: int,
    hidden: Value,
    cell: Value,
    align: int | None = None,
) -> None:
    """:func:`hardmax.runtime.float32.lstm_cell`.

    Args:
        gates: pointer to 4 * tiles vectors.
        hidden: pointer to h, tiles vectors, with alignment ``align``.
        cell: pointer to c, likewise.
    """

    def step(tile: Value) -> None:
        forget_gate, input_gate, output_gate, candidate = (
            load_lanes(builder, gates, builder.add(tile, index(part * tiles))) for part in range(4)
        )
        kept = builder.fmul(sigmoid(builder, forget_gate), load_lanes(builder, cell, tile, align))
        added = builder.fmul(sigmoid(builder, input_gate), tanh(builder, candidate))
        memory = builder.fadd(kept, added)
        store_lanes(builder, memory, cell, tile, align)
        h = builder.fmul(sigmoid(builder, output_gate), tanh(builder, memory))
        store_lanes(builder, h, hidden, tile, align)

    loop(builder, tiles, [], each(step))


def each(body: Callable[[Value], None]) -> Callable[[Value, list[Value]], list[Value]]:
    """The body of a loop that carries nothing."""

    def run(i: Value, _: list[Value]) -> list[Value]:
        body(i)
        return []

    return run
