"""The run of a RecurrentProgram: float32 layers, and gates whose operands are chosen at run time.

The generated ``hardmax_run``, as pseudocode::

    start:
        values[0 .. R-1] = 0                # the registers; module outputs come after them
        h, c = 0, 0
        steps = 0
    timestep:
        if steps == max_steps:
            leave(STEP_LIMIT, steps)
    decide:
        x[i] = values[i] == 0
        y = max(inputs(x), 0)
        gates = cell(y ++ h)
        c = sigmoid(remember) * c + sigmoid(admit) * tanh(candidate)
        h = sigmoid(emit) * tanh(c)
        logits, halting = decisions(h), halting(h)
        for every decision d:
            choice[d] = the first of the largest among logits[first[d] .. last[d]]
    circuit:
        values[R] = READ(values[choice[0]])
        values[R + 1] = ZERO
        ...
        steps = steps + 1
        if halting > 0:
            leave(HALTED, steps)
        values[0 .. R-1] = values[choice[..]]
        goto timestep

Every float operation is one of ``runtime.recurrent``, in its order, so that each bit is the same.
What can be done side by side without a change of order is the outputs of a layer: LANES of them
are kept in one vector, and layers are padded with zeros to a multiple of that. Weights are
read-only constants. Everything else lies in fixed arrays on the stack, and no timestep costs time
in M.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from llvmlite import ir

from codegen.frame import NO_STEPS, ONE_STEP, Frame
from codegen.gates import I32, I64, ZERO, Machine, Modulus, Value, emit_gate
from runtime import float32
from runtime.abi import Status
from runtime.float32 import Layer
from runtime.gates import GATES
from runtime.recurrent import RecurrentProgram

LANES = 16
"""Outputs of a layer computed side by side: an AVX-512 register, or four of SSE or Neon."""

_FLOAT = ir.FloatType()
_FLOATS = ir.VectorType(_FLOAT, LANES)
_INTEGERS = ir.VectorType(I32, LANES)


def emit_recurrent(function: ir.Function, program: RecurrentProgram) -> None:
    """Emit the body of ``hardmax_run``."""
    _Run(function, program).emit()


def _splat(value: float) -> ir.Constant:
    return ir.Constant(_FLOATS, [ir.Constant(_FLOAT, value)] * LANES)


def _splat_integer(value: int) -> ir.Constant:
    return ir.Constant(_INTEGERS, [ir.Constant(I32, value)] * LANES)


def _index(value: int) -> ir.Constant:
    return ir.Constant(I64, value)


def _tiled(numbers: list[float]) -> list[list[float]]:
    """Numbers in vectors, the last padded with zeros."""
    padded = numbers + [0.0] * (-len(numbers) % LANES)
    return [padded[start : start + LANES] for start in range(0, len(padded), LANES)]


def _loop(
    builder: ir.IRBuilder,
    count: int,
    initial: Sequence[Value],
    body: Callable[[Value, list[Value]], Sequence[Value]],
) -> list[Value]:
    """Emit ``for i in 0 .. count-1: carried = body(i, carried)`` and return the last ``carried``.

    Args:
        count: at least 1.
    """
    before = builder.block
    top = builder.append_basic_block("loop")
    builder.branch(top)
    builder.position_at_end(top)
    i = builder.phi(I64)
    carried = [builder.phi(value.type) for value in initial]
    after = body(i, list(carried))
    following = builder.add(i, _index(1))
    bottom = builder.block
    done = builder.append_basic_block("done")
    builder.cbranch(builder.icmp_unsigned("==", following, _index(count)), done, top)
    for phi, start, end in zip(
        (i, *carried), (_index(0), *initial), (following, *after), strict=True
    ):
        phi.add_incoming(start, before)
        phi.add_incoming(end, bottom)
    builder.position_at_end(done)
    return list(after)


@dataclass(frozen=True)
class _Dense:
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
    def of(module: ir.Module, name: str, layers: Sequence[Layer]) -> _Dense:
        """Add the constants of layers with the same inputs to a module, each padded by itself."""
        inputs = len(layers[0].weight)
        biases = [tile for layer in layers for tile in _tiled(layer.bias.tolist())]
        rows = zip(*(layer.weight.tolist() for layer in layers), strict=True)
        by_input = [[tile for part in row for tile in _tiled(part)] for row in rows]
        weights = [tiles[t] for t in range(len(biases)) for tiles in by_input]
        return _Dense(
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
            total = _load(builder, self.biases, t)
            row = builder.mul(t, _index(self.inputs))
            for pointer, count in sources:
                (total,) = _loop(builder, count, [total], self._adder(builder, pointer, row))
                row = builder.add(row, _index(count))
            _store(builder, total, target, t)
            return []

        _loop(builder, self.tiles, [], tile)

    def _adder(
        self, builder: ir.IRBuilder, pointer: Value, row: Value
    ) -> Callable[[Value, list[Value]], list[Value]]:
        """The body of a loop that adds what input i, a float at ``pointer``, contributes."""

        def add(i: Value, totals: list[Value]) -> list[Value]:
            value = builder.load(_at(builder, pointer, _FLOAT, i), typ=_FLOAT)
            weights = _load(builder, self.weights, builder.add(row, i))
            product = builder.fmul(_broadcast(builder, value), weights)
            return [builder.fadd(totals[0], product)]

        return add


def _constants(module: ir.Module, name: str, vectors: list[list[float]]) -> ir.GlobalVariable:
    """A private read-only array of vectors."""
    rows = [
        ir.Constant(_FLOATS, [ir.Constant(_FLOAT, value) for value in vector]) for vector in vectors
    ]
    return _array(module, name, _FLOATS, rows)


def _array(
    module: ir.Module, name: str, kind: ir.Type, elements: list[ir.Constant]
) -> ir.GlobalVariable:
    array = ir.ArrayType(kind, len(elements))
    variable = ir.GlobalVariable(module, array, name)
    variable.linkage = "private"
    variable.global_constant = True
    variable.initializer = ir.Constant(array, elements)
    return variable


def _at(builder: ir.IRBuilder, pointer: Value, kind: ir.Type, index: Value) -> Value:
    return builder.gep(pointer, [index], inbounds=True, source_etype=kind)


def _load(builder: ir.IRBuilder, pointer: Value, tile: Value) -> Value:
    return builder.load(_at(builder, pointer, _FLOATS, tile), typ=_FLOATS)


def _store(builder: ir.IRBuilder, value: Value, pointer: Value, tile: Value) -> None:
    builder.store(value, _at(builder, pointer, _FLOATS, tile))


def _broadcast(builder: ir.IRBuilder, value: Value) -> Value:
    undefined = ir.Constant(_FLOATS, ir.Undefined)
    first = builder.insert_element(undefined, value, ZERO)
    return builder.shuffle_vector(first, undefined, _splat_integer(0))


def _at_most(builder: ir.IRBuilder, x: Value, limit: float) -> Value:
    above = builder.fcmp_ordered(">", x, _splat(limit))
    return builder.select(above, _splat(limit), x)


def _exponential(builder: ir.IRBuilder, x: Value) -> Value:
    """:func:`runtime.float32.exponential` of a vector."""
    scaled = builder.fmul(x, _splat(float32.LOG2_E))
    shifted = builder.fadd(scaled, _splat(float32.ROUNDER))
    n = builder.fsub(shifted, _splat(float32.ROUNDER))
    r = builder.fsub(x, builder.fmul(n, _splat(float32.LN2_HIGH)))
    r = builder.fsub(r, builder.fmul(n, _splat(float32.LN2_LOW)))
    power: Value = _splat(float32.EXP_COEFFICIENTS[0])
    for coefficient in float32.EXP_COEFFICIENTS[1:]:
        power = builder.fadd(builder.fmul(power, r), _splat(coefficient))
    bits = builder.bitcast(shifted, _INTEGERS)
    bits = builder.sub(bits, _splat_integer(float32.ROUNDER_BITS))
    bits = builder.add(bits, _splat_integer(float32.EXPONENT_BIAS))
    scale = builder.shl(bits, _splat_integer(float32.FRACTION_BITS))
    return builder.fmul(power, builder.bitcast(scale, _FLOATS))


def _sigmoid(builder: ir.IRBuilder, x: Value) -> Value:
    """:func:`runtime.float32.sigmoid` of a vector."""
    limit = float32.LARGEST_EXPONENT
    below = builder.fcmp_ordered("<", x, _splat(-limit))
    clamped = _at_most(builder, builder.select(below, _splat(-limit), x), limit)
    e = _exponential(builder, builder.fneg(clamped))
    return builder.fdiv(_splat(1.0), builder.fadd(_splat(1.0), e))


def _tanh(builder: ir.IRBuilder, x: Value) -> Value:
    """:func:`runtime.float32.tanh` of a vector."""
    negative = builder.fcmp_ordered("<", x, _splat(0.0))
    size = builder.select(negative, builder.fneg(x), x)
    clamped = _at_most(builder, size, float32.LARGEST_EXPONENT / 2)
    e = _exponential(builder, builder.fneg(builder.fadd(clamped, clamped)))
    t = builder.fdiv(builder.fsub(_splat(1.0), e), builder.fadd(_splat(1.0), e))
    return builder.select(negative, builder.fneg(t), t)


class _Run:
    """``hardmax_run`` under construction."""

    def __init__(self, function: ir.Function, program: RecurrentProgram) -> None:
        self.program = program
        self.frame = Frame(function)
        module = function.module
        self.inputs = _Dense.of(module, "inputs", [program.inputs])
        self.cell = _Dense.of(module, "cell", program.cell.split(4))
        self.answers = _Dense.of(module, "answers", [program.decisions, program.halting])
        self.tiles = self.inputs.tiles
        ends = [ir.Constant(I32, end) for end in itertools.accumulate(program.choices)]
        self.ends = _array(module, "ends", I32, ends)

    def emit(self) -> None:
        builder, modulus = self.frame.enter()
        program, tiles = self.program, self.tiles
        registers = program.registers
        values = builder.alloca(I32, registers + len(program.modules), name="values")
        choices = builder.alloca(I32, len(program.choices), name="choices")
        x = builder.alloca(_FLOAT, registers, name="x")
        y = builder.alloca(_FLOATS, tiles, name="y")
        h = builder.alloca(_FLOATS, tiles, name="h")
        c = builder.alloca(_FLOATS, tiles, name="c")
        gates = builder.alloca(_FLOATS, 4 * tiles, name="gates")
        logits = builder.alloca(_FLOATS, self.answers.tiles, name="logits")
        for register in range(registers):
            builder.store(ZERO, _at(builder, values, I32, _index(register)))
        for tile in range(tiles):
            _store(builder, _splat(0.0), h, _index(tile))
            _store(builder, _splat(0.0), c, _index(tile))
        start = builder.block

        timestep = builder.append_basic_block("timestep")
        decide = builder.append_basic_block("decide")
        builder.branch(timestep)
        builder.position_at_end(timestep)
        steps = builder.phi(I64, "steps")
        steps.add_incoming(NO_STEPS, start)
        at_limit = builder.icmp_unsigned("==", steps, self.frame.max_steps)
        builder.cbranch(at_limit, self.frame.leaving, decide)
        self.frame.leaves(builder.block, Status.STEP_LIMIT, steps)

        builder.position_at_end(decide)
        self._emit_bits(builder, values, x)
        self.inputs.emit(builder, [(x, registers)], y)
        _loop(builder, tiles, [], _each(partial(self._emit_relu, builder, y)))
        self.cell.emit(builder, [(y, program.hidden), (h, program.hidden)], gates)
        _loop(builder, tiles, [], _each(partial(self._emit_cell, builder, gates, h, c)))
        self.answers.emit(builder, [(h, program.hidden)], logits)
        self._emit_choices(builder, logits, choices)
        # The halting logit is padded by itself: it is the first of the last vector.
        last = _at(builder, logits, _FLOATS, _index(self.answers.tiles - 1))
        halting = builder.load(last, typ=_FLOAT)
        halts = builder.fcmp_ordered(">", halting, ir.Constant(_FLOAT, 0.0))

        updates = self._emit_circuit(builder, modulus, values, choices, steps)
        completed = builder.add(steps, ONE_STEP)
        goes_on = builder.append_basic_block("update")
        builder.cbranch(halts, self.frame.leaving, goes_on)
        self.frame.leaves(builder.block, Status.HALTED, completed)
        builder.position_at_end(goes_on)
        for register, value in enumerate(updates):
            builder.store(value, _at(builder, values, I32, _index(register)))
        steps.add_incoming(completed, builder.block)
        builder.branch(timestep)
        self.frame.close()

    def _emit_bits(self, builder: ir.IRBuilder, values: Value, x: Value) -> None:
        for register in range(self.program.registers):
            value = builder.load(_at(builder, values, I32, _index(register)), typ=I32)
            is_zero = builder.icmp_unsigned("==", value, ZERO)
            builder.store(
                builder.uitofp(is_zero, _FLOAT), _at(builder, x, _FLOAT, _index(register))
            )

    def _emit_relu(self, builder: ir.IRBuilder, y: Value, tile: Value) -> None:
        value = _load(builder, y, tile)
        positive = builder.fcmp_ordered(">", value, _splat(0.0))
        _store(builder, builder.select(positive, value, _splat(0.0)), y, tile)

    def _emit_cell(
        self, builder: ir.IRBuilder, gates: Value, h: Value, c: Value, tile: Value
    ) -> None:
        remember, admit, emit, candidate = (
            _load(builder, gates, builder.add(tile, _index(part * self.tiles))) for part in range(4)
        )
        kept = builder.fmul(_sigmoid(builder, remember), _load(builder, c, tile))
        added = builder.fmul(_sigmoid(builder, admit), _tanh(builder, candidate))
        memory = builder.fadd(kept, added)
        _store(builder, memory, c, tile)
        _store(builder, builder.fmul(_sigmoid(builder, emit), _tanh(builder, memory)), h, tile)

    def _emit_choices(self, builder: ir.IRBuilder, logits: Value, choices: Value) -> None:
        """For every decision the first of its largest logits; every decision has at least one."""

        def decision(d: Value, carried: list[Value]) -> list[Value]:
            (first,) = carried
            end = builder.zext(builder.load(_at(builder, self.ends, I32, d), typ=I32), I64)
            best = builder.load(_at(builder, logits, _FLOAT, first), typ=_FLOAT)
            before = builder.block
            top = builder.append_basic_block("rival")
            done = builder.append_basic_block("chosen")
            second = builder.add(first, _index(1))
            builder.cbranch(builder.icmp_unsigned("==", second, end), done, top)
            builder.position_at_end(top)
            i, leader, choice = builder.phi(I64), builder.phi(_FLOAT), builder.phi(I64)
            rival = builder.load(_at(builder, logits, _FLOAT, i), typ=_FLOAT)
            larger = builder.fcmp_ordered(">", rival, leader)
            new_leader = builder.select(larger, rival, leader)
            new_choice = builder.select(larger, i, choice)
            following = builder.add(i, _index(1))
            for phi, start, end_value in (
                (i, second, following),
                (leader, best, new_leader),
                (choice, first, new_choice),
            ):
                phi.add_incoming(start, before)
                phi.add_incoming(end_value, top)
            builder.cbranch(builder.icmp_unsigned("==", following, end), done, top)
            builder.position_at_end(done)
            chosen = builder.phi(I64)
            chosen.add_incoming(first, before)
            chosen.add_incoming(new_choice, top)
            number = builder.trunc(builder.sub(chosen, first), I32)
            builder.store(number, _at(builder, choices, I32, d))
            return [end]

        _loop(builder, len(self.program.choices), [_index(0)], decision)

    def _emit_circuit(
        self,
        builder: ir.IRBuilder,
        modulus: Modulus,
        values: Value,
        choices: Value,
        steps: Value,
    ) -> list[Value]:
        """Run the modules on the values that were chosen; return the new registers."""
        registers = self.program.registers
        value_out_of_range = builder.append_basic_block("value_out_of_range")
        leave = ir.IRBuilder(value_out_of_range)
        leave.branch(self.frame.leaving)
        self.frame.leaves(value_out_of_range, Status.VALUE_OUT_OF_RANGE, steps)
        machine = Machine(self.frame.memory, modulus, value_out_of_range)

        def chosen(decision: int) -> Value:
            choice = builder.load(_at(builder, choices, I32, _index(decision)), typ=I32)
            return builder.load(_at(builder, values, I32, builder.zext(choice, I64)), typ=I32)

        decision = 0
        for module, gate in enumerate(self.program.modules):
            operands = [chosen(decision + i) for i in range(GATES[gate].arity)]
            decision += len(operands)
            output = emit_gate(builder, machine, gate, operands)
            builder.store(output, _at(builder, values, I32, _index(registers + module)))
        return [chosen(decision + register) for register in range(registers)]


def _each(body: Callable[[Value], None]) -> Callable[[Value, list[Value]], list[Value]]:
    """The body of a loop that carries nothing."""

    def run(i: Value, _: list[Value]) -> list[Value]:
        body(i)
        return []

    return run
