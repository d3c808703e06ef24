"""The soft modules and their adjoints, on rows of M vectors; operands are distributions.

Eq. (2) of the paper in closed form, as in ``hardmax.trainer.nram.gates``, and its derivatives.
Operands are normalised: wherever the whole mass of one would be added up, it is taken to be 1.
"""

from __future__ import annotations

from collections.abc import Callable

from hardmax.runtime.nram.gates import Gate
from hardmax.trainer.gradient_clipping import ACTIVATION_GRADIENT_LIMIT
from hardmax.trainer.nram.native.vector_code import Code, Module, Value


def clipped(code: Code, gradient: Value) -> Value:
    """Crop to [-C_1, C_1]."""
    limit = ACTIVATION_GRADIENT_LIMIT
    gradient = code.smaller(gradient, code.number(limit))
    return code.larger(gradient, code.number(-limit))


def correlate(module: Module) -> Value:
    """``(x, y, z, doubled, cells)``: z[k] = sum over i of x[i] y[(i - k) mod M]."""
    return _circular(module, "correlate", sign=-1)


def convolve(module: Module) -> Value:
    """``(x, y, z, doubled, cells)``: z[k] = sum over i of x[i] y[(k - i) mod M]."""
    return _circular(module, "convolve", sign=1)


def _circular(module: Module, name: str, sign: int) -> Value:
    """``doubled`` is scratch of 2 M vectors: y twice, so that no index needs a modulus."""

    def body(code: Code, x: Value, y: Value, z: Value, doubled: Value, cells: Value) -> None:
        second = code.at(doubled, cells)
        code.copy(y, doubled, cells)
        code.copy(y, second, cells)

        def outputs(k: Value, width: int) -> None:
            def term(i: Value, *sums: Value) -> list[Value]:
                factor = code.get(x, i)
                offset = code.subtract(k, i) if sign > 0 else code.subtract(i, k)
                start = code.at(second, offset)
                return [
                    code.fma(factor, code.get(start, sign * n), total)
                    for n, total in enumerate(sums)
                ]

            sums = code.loop(cells, term, [code.number(0.0)] * width)
            for n, total in enumerate(sums):
                code.put(z, code.add(k, n), total)

        code.strips(cells, outputs)

    return module.function(name, "ppppi", body)


def rotate(module: Module, by: int) -> Value:
    """``(x, z, cells)``: z[(m + by) mod M] = x[m], for ``by`` 1 or -1."""

    def body(code: Code, x: Value, z: Value, cells: Value) -> None:
        last = code.subtract(cells, 1)
        if by > 0:
            code.copy(x, code.at(z, 1), last)
            code.put(z, 0, code.get(x, last))
        else:
            code.copy(code.at(x, 1), z, last)
            code.put(z, last, code.get(x))

    return module.function("increment" if by > 0 else "decrement", "ppi", body)


def descend(
    code: Code, cells: Value, body: Callable[..., list[Value]], carried: list[Value]
) -> list[Value]:
    """A loop from the highest value to the lowest."""
    result: list[Value] = code.loop(-1, body, carried, start=code.subtract(cells, 1), step=-1)
    return result


def compare(module: Module, gate: Gate) -> Value:
    """``(a, b, z, cells)``: z[0] = the mass of false, z[1] = that of true."""

    def body(code: Code, a: Value, b: Value, z: Value, cells: Value) -> None:
        if gate is Gate.EQUALITY_TEST:
            true = code.total(cells, lambda m: code.times(code.get(a, m), code.get(b, m)))
        else:

            def step(m: Value, above: Value, true: Value) -> list[Value]:
                reached = code.plus(above, code.get(b, m))
                counted = above if gate is Gate.LESS_THAN else reached
                return [reached, code.fma(code.get(a, m), counted, true)]

            _, true = descend(code, cells, step, [code.number(0.0)] * 2)
        code.put(z, 0, code.minus(code.number(1.0), true))
        code.put(z, 1, true)

    return module.function(gate.name.lower(), "pppi", body)


def compare_adjoint(module: Module, gate: Gate) -> Value:
    """``(a, b, d_false, d_true, d_a, d_b, cells)``; the gradients of a and b are clipped."""

    def body(
        code: Code, a: Value, b: Value, false: Value, true: Value, d_a: Value, d_b: Value, m: Value
    ) -> None:
        slope = code.minus(true, false)
        zero = code.number(0.0)

        def put(row: Value, i: Value, mass: Value) -> None:
            code.put(row, i, clipped(code, code.fma(slope, mass, false)))

        if gate is Gate.EQUALITY_TEST:

            def both(i: Value) -> None:
                put(d_a, i, code.get(b, i))
                put(d_b, i, code.get(a, i))

            code.loop(m, both)
            return
        strict = gate is Gate.LESS_THAN

        def above(i: Value, mass: Value) -> list[Value]:
            reached = code.plus(mass, code.get(b, i))
            put(d_a, i, mass if strict else reached)
            return [reached]

        def below(i: Value, mass: Value) -> list[Value]:
            reached = code.plus(mass, code.get(a, i))
            put(d_b, i, mass if strict else reached)
            return [reached]

        descend(code, m, above, [zero])
        code.loop(m, below, [zero])

    return module.function(f"{gate.name.lower()}_adjoint", "ppvvppi", body)


def _walk(
    code: Code, gate: Gate, cells: Value, body: Callable[..., list[Value]], carried: list[Value]
) -> None:
    """MIN from the highest value down, MAX from the lowest up: to what the other may not pass."""
    if gate is Gate.MIN:
        descend(code, cells, body, carried)
    else:
        code.loop(cells, body, carried)


def extremum(module: Module, gate: Gate) -> Value:
    """``(a, b, z, cells)``: MIN or MAX."""

    def body(code: Code, a: Value, b: Value, z: Value, cells: Value) -> None:
        def step(m: Value, passed_a: Value, passed_b: Value) -> list[Value]:
            mass_a, mass_b = code.get(a, m), code.get(b, m)
            reached = code.plus(passed_b, mass_b)
            code.put(z, m, code.fma(mass_a, reached, code.times(mass_b, passed_a)))
            return [code.plus(passed_a, mass_a), reached]

        _walk(code, gate, cells, step, [code.number(0.0)] * 2)

    return module.function(gate.name.lower(), "pppi", body)


def extremum_adjoint(module: Module, gate: Gate) -> Value:
    """``(a, b, d_z, d_a, d_b, cells)`` of MIN or MAX; the gradients of a and b are clipped.

    With z[m] = a[m] P(b no nearer) + b[m] P(a farther), an operand's mass counts once where it lies
    and once for all that the other has beyond.
    """

    def body(
        code: Code, a: Value, b: Value, d_z: Value, d_a: Value, d_b: Value, cells: Value
    ) -> None:
        zero = code.number(0.0)

        def own(m: Value, passed_a: Value, passed_b: Value) -> list[Value]:
            gradient = code.get(d_z, m)
            reached = code.plus(passed_b, code.get(b, m))
            code.put(d_a, m, code.times(gradient, reached))
            code.put(d_b, m, code.times(gradient, passed_a))
            return [code.plus(passed_a, code.get(a, m)), reached]

        def other(m: Value, from_a: Value, from_b: Value) -> list[Value]:
            gradient = code.get(d_z, m)
            reached = code.fma(gradient, code.get(a, m), from_a)
            code.put(d_a, m, clipped(code, code.plus(code.get(d_a, m), from_b)))
            code.put(d_b, m, clipped(code, code.plus(code.get(d_b, m), reached)))
            return [reached, code.fma(gradient, code.get(b, m), from_b)]

        opposite = Gate.MAX if gate is Gate.MIN else Gate.MIN
        _walk(code, gate, cells, own, [zero] * 2)
        _walk(code, opposite, cells, other, [zero] * 2)

    return module.function(f"{gate.name.lower()}_adjoint", "pppppi", body)


def read(module: Module) -> Value:
    """``(p, tape, z, cells)``: z[v] = sum over c of p[c] tape[c, v]."""

    def body(code: Code, p: Value, tape: Value, z: Value, cells: Value) -> None:
        def values(v: Value, width: int) -> None:
            def cell(c: Value, *sums: Value) -> list[Value]:
                mass = code.get(p, c)
                row = code.at(tape, code.add(code.multiply(c, cells), v))
                return [code.fma(mass, code.get(row, n), s) for n, s in enumerate(sums)]

            sums = code.loop(cells, cell, [code.number(0.0)] * width)
            for n, total in enumerate(sums):
                code.put(z, code.add(v, n), total)

        code.strips(cells, values)

    return module.function("read", "pppi", body)


def read_adjoint(module: Module) -> Value:
    """``(p, tape, d_z, d_p, d_tape, cells)``: d_p is clipped, d_tape added to."""

    def body(
        code: Code, p: Value, tape: Value, d_z: Value, d_p: Value, d_tape: Value, cells: Value
    ) -> None:
        def cell(c: Value) -> None:
            mass = code.get(p, c)
            start = code.multiply(c, cells)
            row, gradients = code.at(tape, start), code.at(d_tape, start)

            def value(v: Value) -> Value:
                gradient = code.get(d_z, v)
                code.put(gradients, v, code.fma(mass, gradient, code.get(gradients, v)))
                return code.times(gradient, code.get(row, v))

            code.put(d_p, c, clipped(code, code.total(cells, value)))

        code.loop(cells, cell)

    return module.function("read_adjoint", "pppppi", body)


def write(module: Module) -> Value:
    """``(p, a, tape, written, cells)``: written[c, v] = tape[c, v] + p[c] (a[v] - tape[c, v]).

    A cell is a mean of two distributions, so that its mass never drifts: it is not normalised.
    """

    def body(code: Code, p: Value, a: Value, tape: Value, written: Value, cells: Value) -> None:
        def cell(c: Value) -> None:
            mass = code.get(p, c)
            start = code.multiply(c, cells)
            before, after = code.at(tape, start), code.at(written, start)

            def value(v: Value) -> None:
                old = code.get(before, v)
                code.put(after, v, code.fma(mass, code.minus(code.get(a, v), old), old))

            code.loop(cells, value)

        code.loop(cells, cell)

    return module.function("write", "ppppi", body)


def write_adjoint(module: Module) -> Value:
    """``(p, a, tape, d_tape, d_p, d_a, cells)``: d_tape becomes that of the tape before.

    ``constrain`` clips the gradient of what was written; d_p and d_a are clipped as well.
    """

    def body(
        code: Code, p: Value, a: Value, tape: Value, d_tape: Value, d_p: Value, d_a: Value, m: Value
    ) -> None:
        code.clear(d_a, m)

        def cell(c: Value) -> None:
            mass = code.get(p, c)
            kept = code.minus(code.number(1.0), mass)
            start = code.multiply(c, m)
            before, gradients = code.at(tape, start), code.at(d_tape, start)

            def value(v: Value) -> Value:
                gradient = clipped(code, code.get(gradients, v))
                code.put(gradients, v, code.times(gradient, kept))
                code.put(d_a, v, code.fma(mass, gradient, code.get(d_a, v)))
                return code.times(gradient, code.minus(code.get(a, v), code.get(before, v)))

            code.put(d_p, c, clipped(code, code.total(m, value)))

        code.loop(m, cell)
        code.loop(m, lambda v: code.put(d_a, v, clipped(code, code.get(d_a, v))))

    return module.function("write_adjoint", "ppppppi", body)
