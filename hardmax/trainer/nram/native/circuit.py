"""One timestep's circuit, eq. (1) and (3), and its adjoint: a call for each module of the wiring.

What a decision yields is a sum of values weighted by its choice: a product for the dense ones, two
multiplications for a boolean, an addition for a constant. The adjoint goes through the modules
backwards and pulls the gradient of each output from all later decisions, whose own gradients are
complete by then: nothing is added up in memory.
"""

from __future__ import annotations

from collections.abc import Sequence

from hardmax.runtime.nram.gates import Gate
from hardmax.trainer.nram.native import modules
from hardmax.trainer.nram.native.frame import Frame
from hardmax.trainer.nram.native.layout import BOOLEANS, CONSTANTS, Layout
from hardmax.trainer.nram.native.modules import clipped
from hardmax.trainer.nram.native.vector_code import STRIPS, Code, Module, Value

EXTREMA = (Gate.MIN, Gate.MAX)


class Circuit:
    """Functions that run all samples of a group through one timestep."""

    def __init__(self, module: Module, layout: Layout, frame: Frame) -> None:
        self.module = module
        self.layout = layout
        self.frame = frame
        self.wiring = layout.wiring
        self.side_by_side = max(1, module.registers.accumulators // STRIPS[0])

    def forward(self) -> Value:
        """``(frame, timestep)``: new tape, and the registers of the next timestep."""
        return self.module.function("circuit", "pi", self._forward)

    def adjoint(self) -> Value:
        """``(frame, timestep)``: gradients of all choices; those of tape and registers replaced."""
        return self.module.function("circuit_adjoint", "pi", self._adjoint)

    # Forward

    def _forward(self, code: Code, frame: Value, timestep: Value) -> None:
        steps = _Rows(self, code, frame, timestep)
        m = steps.cells
        for module, gate in enumerate(self.wiring.modules):
            decisions = self.wiring.operands[module]
            if not decisions:
                continue
            operands = [steps.operand(d) for d in decisions]
            self._blend(steps, decisions, operands[0])
            if gate is Gate.WRITE:
                tape, written = steps.tape(module), steps.tape(module, after=True)
                code.call(modules.write(self.module), *operands, tape, written, m)
                continue
            output = steps.value(module)
            if gate is Gate.READ:
                code.call(modules.read(self.module), *operands, steps.tape(module), output, m)
            elif gate is Gate.INC:
                code.call(modules.rotate(self.module, 1), *operands, output, m)
            elif gate is Gate.DEC:
                code.call(modules.rotate(self.module, -1), *operands, output, m)
            elif gate is Gate.ADD:
                code.call(modules.convolve(self.module), *operands, output, steps.doubled, m)
            elif gate is Gate.SUB:
                code.call(modules.correlate(self.module), *operands, output, steps.doubled, m)
            elif gate in EXTREMA:
                code.call(modules.extremum(self.module, gate), *operands, output, m)
            else:
                assert gate in BOOLEANS
                code.call(modules.compare(self.module, gate), *operands, output, m)
        self._blend(steps, self._updates, steps.next_registers)

    @property
    def _updates(self) -> range:
        return range(self.wiring.updates.start, self.wiring.updates.stop)

    def _blend(self, steps: _Rows, decisions: range, out: Value) -> None:
        """Sums weighted by decisions that may choose among the same, normalised, side by side."""
        code, m = steps.code, steps.cells
        dense = self.layout.decisions[decisions.start].dense
        for first in range(0, len(decisions), self.side_by_side):
            some = decisions[first : first + self.side_by_side]
            place = code.at(out, code.multiply(m, first))
            code.call(self._product(len(some)), steps.choice(some[0]), steps.dense, place, dense, m)
        for i, d in enumerate(decisions):
            row = code.at(out, code.multiply(m, i))
            self._add_sparse(steps, d, row)
            code.call(self._normalise(), row, m)

    def _product(self, count: int) -> Value:
        """``(choices, values, out, dense, cells)``: out = choices x values."""

        def body(code: Code, choices: Value, values: Value, out: Value, n: Value, m: Value) -> None:
            def strip(cell: Value, width: int) -> None:
                def value(j: Value, *sums: Value) -> list[Value]:
                    row = code.at(values, code.add(code.multiply(j, m), cell))
                    masses = [code.get(row, i) for i in range(width)]
                    weight = code.at(choices, j)
                    weights = [code.get(weight, d * self.wiring.values) for d in range(count)]
                    pairs = [(w, mass) for w in weights for mass in masses]
                    return [code.fma(*pair, s) for pair, s in zip(pairs, sums, strict=True)]

                sums = code.loop(n, value, [code.number(0.0)] * (count * width))
                for d in range(count):
                    row = code.at(out, code.add(code.multiply(m, d), cell))
                    for i in range(width):
                        code.put(row, i, sums[d * width + i])

            code.strips(m, strip)

        return self.module.function(f"blend_{count}", "pppii", body)

    def _add_sparse(self, steps: _Rows, d: int, row: Value) -> None:
        """Add the share of booleans and constants to a decision's sum."""
        code, decision = steps.code, self.layout.decisions[d]
        choice = steps.choice(d)
        shares: dict[int, list[Value]] = {0: [], 1: [], 2: []}
        for slot, number in decision.constants:
            shares[number].append(code.get(choice, slot))
        sums = {number: _sum(code, parts) for number, parts in shares.items()}
        for boolean in range(decision.booleans):
            weight = code.get(choice, len(self.layout.dense) + boolean)
            for number in (0, 1):
                mass = code.get(steps.booleans, 2 * boolean + number)
                before = sums[number]
                sums[number] = (
                    code.times(weight, mass) if before is None else code.fma(weight, mass, before)
                )
        for number, total in sums.items():
            if total is not None:
                place = steps.places[number]
                code.put(row, place, code.plus(code.get(row, place), total))

    def _normalise(self) -> Value:
        """``(row, cells)``: divide by the sum, as ``constrain`` does."""

        def body(code: Code, row: Value, cells: Value) -> None:
            mass = code.total(cells, lambda m: code.get(row, m))
            share = code.over(code.number(1.0), mass)
            code.loop(cells, lambda m: code.put(row, m, code.times(code.get(row, m), share)))

        return self.module.function("normalise", "pi", body)

    # Adjoint

    def _adjoint(self, code: Code, frame: Value, timestep: Value) -> None:
        steps = _Rows(self, code, frame, timestep)
        m = steps.cells
        registers = self.wiring.registers
        updates = steps.gradient(self.wiring.updates.start)
        code.loop(
            code.multiply(m, registers),
            lambda i: code.put(updates, i, clipped(code, code.get(steps.d_registers, i))),
        )
        self._choice_gradients(steps, self._updates)
        for module, gate in reversed(list(enumerate(self.wiring.modules))):
            decisions = self.wiring.operands[module]
            if not decisions:
                continue
            self._module_adjoint(steps, module, gate, decisions)
            self._choice_gradients(steps, decisions)
        everyone = self.wiring.decisions
        code.call(
            self._pull(registers),
            steps.choice(0),
            steps.gradient(0),
            steps.d_registers,
            everyone,
            m,
        )

    def _module_adjoint(self, steps: _Rows, module: int, gate: Gate, decisions: range) -> None:
        code, m, own = steps.code, steps.cells, self.module
        operands = [steps.operand(d) for d in decisions]
        gradients = [steps.gradient(d) for d in decisions]
        if gate is Gate.WRITE:
            tape = steps.tape(module)
            code.call(modules.write_adjoint(own), *operands, tape, steps.d_tape, *gradients, m)
            return
        later = range(decisions.stop, self.wiring.decisions)
        slot = self.layout.slots[self.wiring.registers + module]
        choice = code.at(steps.choices, later.start * self.wiring.values + slot)
        if gate in BOOLEANS:
            masses = [
                self._pull_one(steps, choice, later, steps.places[number]) for number in (0, 1)
            ]
            code.call(modules.compare_adjoint(own, gate), *operands, *masses, *gradients, m)
            return
        output = steps.d_value
        code.call(self._pull(1), choice, steps.gradient(later.start), output, len(later), m)
        if gate is Gate.READ:
            tape = steps.tape(module)
            code.call(
                modules.read_adjoint(own), *operands, tape, output, *gradients, steps.d_tape, m
            )
            return
        if gate in EXTREMA:
            code.call(modules.extremum_adjoint(own, gate), *operands, output, *gradients, m)
            return
        if gate is Gate.INC:
            code.call(modules.rotate(own, -1), output, *gradients, m)
        elif gate is Gate.DEC:
            code.call(modules.rotate(own, 1), output, *gradients, m)
        else:
            assert gate in (Gate.ADD, Gate.SUB)
            a, b = operands
            d_a, d_b = gradients
            first = modules.correlate(own) if gate is Gate.ADD else modules.convolve(own)
            code.call(first, output, b, d_a, steps.doubled, m)
            # Both are sums over k of x[k] y[(k - j) mod M].
            x, y = (output, a) if gate is Gate.ADD else (a, output)
            code.call(modules.correlate(own), x, y, d_b, steps.doubled, m)
        for gradient in gradients:
            code.loop(m, lambda i, row=gradient: code.put(row, i, clipped(code, code.get(row, i))))

    def _pull(self, count: int) -> Value:
        """``(choice, gradients, out, decisions, cells)``: the gradients of ``count`` values.

        ``choice`` is the first decision's choice of the first value, ``gradients`` its row.
        """

        def body(
            code: Code, choice: Value, gradients: Value, out: Value, decisions: Value, m: Value
        ) -> None:
            def some(first: int, number: int) -> None:
                def strip(cell: Value, width: int) -> None:
                    def decision(d: Value, *sums: Value) -> list[Value]:
                        row = code.at(gradients, code.add(code.multiply(d, m), cell))
                        slopes = [code.get(row, i) for i in range(width)]
                        start = code.multiply(d, self.wiring.values)
                        weight = code.at(choice, code.add(start, first))
                        weights = [code.get(weight, j) for j in range(number)]
                        pairs = [(w, slope) for w in weights for slope in slopes]
                        return [code.fma(*pair, s) for pair, s in zip(pairs, sums, strict=True)]

                    sums = code.loop(decisions, decision, [code.number(0.0)] * (number * width))
                    for j in range(number):
                        row = code.at(out, code.add(code.multiply(m, first + j), cell))
                        for i in range(width):
                            code.put(row, i, sums[j * width + i])

                code.strips(m, strip)

            for first in range(0, count, self.side_by_side):
                some(first, min(self.side_by_side, count - first))

        return self.module.function(f"pull_{count}", "pppii", body)

    def _pull_one(self, steps: _Rows, choice: Value, later: range, place: Value) -> Value:
        """The gradient of one cell of a value."""
        code, m = steps.code, steps.cells
        first = code.at(steps.gradient(later.start), place)
        return code.total(
            code.index(len(later)),
            lambda d: code.times(
                code.get(choice, code.multiply(d, self.wiring.values)),
                code.get(first, code.multiply(d, m)),
            ),
        )

    def _choice_gradients(self, steps: _Rows, decisions: range) -> None:
        """The gradients of choices, from those of the sums that they weight."""
        code, m = steps.code, steps.cells
        dense = self.layout.decisions[decisions.start].dense
        for first in range(0, len(decisions), self.side_by_side):
            some = decisions[first : first + self.side_by_side]
            rows = steps.gradient(some[0]), steps.dense, steps.d_choice(some[0])
            code.call(self._choices(len(some)), *rows, dense, m)
        for d in decisions:
            decision, gradient, out = self.layout.decisions[d], steps.gradient(d), steps.d_choice(d)
            slopes = {
                number: code.get(gradient, place) for number, place in enumerate(steps.places)
            }
            for slot, number in decision.constants:
                code.put(out, slot, slopes[number])
            for boolean in range(decision.booleans):
                false, true = (code.get(steps.booleans, 2 * boolean + n) for n in (0, 1))
                slope = code.fma(slopes[1], true, code.times(slopes[0], false))
                code.put(out, len(self.layout.dense) + boolean, slope)

    def _choices(self, count: int) -> Value:
        """``(gradients, values, out, dense, cells)``: out[d, j] = gradients[d] . values[j]."""

        def body(
            code: Code, gradients: Value, values: Value, out: Value, n: Value, m: Value
        ) -> None:
            def strip(j: Value, width: int) -> None:
                first = code.at(values, code.multiply(j, m))
                rows = [code.at(first, code.multiply(m, i)) for i in range(width)]

                def cell(c: Value, *sums: Value) -> list[Value]:
                    masses = [code.get(row, c) for row in rows]
                    slopes = [
                        code.get(gradients, code.add(code.multiply(m, d), c)) for d in range(count)
                    ]
                    pairs = [(slope, mass) for slope in slopes for mass in masses]
                    return [code.fma(*pair, s) for pair, s in zip(pairs, sums, strict=True)]

                sums = code.loop(m, cell, [code.number(0.0)] * (count * width))
                for d in range(count):
                    row = code.at(out, code.add(j, d * self.wiring.values))
                    for i in range(width):
                        code.put(row, i, sums[d * width + i])

            code.strips(n, strip)

        return self.module.function(f"choices_{count}", "pppii", body)


class _Rows:
    """Where a timestep's rows lie, as code."""

    def __init__(self, circuit: Circuit, code: Code, frame: Value, timestep: Value) -> None:
        self.circuit = circuit
        self.code = code
        fields, layout = circuit.frame, circuit.layout
        self.layout = layout
        self.cells = fields.index(code, frame, "cells")
        self.choices = fields.row(code, frame, "choices", timestep)
        self.operands = fields.row(code, frame, "operands", timestep)
        self.dense = fields.row(code, frame, "dense", timestep)
        self.next_registers = fields.row(code, frame, "dense", code.add(timestep, 1))
        self.booleans = fields.row(code, frame, "booleans", timestep)
        self.tapes = fields.row(code, frame, "tapes", timestep)
        self.d_choices = fields.row(code, frame, "d_choices")
        self.d_operands = fields.row(code, frame, "d_operands")
        self.d_value = fields.row(code, frame, "d_value")
        self.d_registers = fields.row(code, frame, "d_registers")
        self.d_tape = fields.row(code, frame, "d_tape")
        self.doubled = fields.row(code, frame, "doubled")
        self.places = [
            code.builder.urem(code.index(number), self.cells)
            for number in sorted(set(CONSTANTS.values()))
        ]

    def choice(self, d: int) -> Value:
        """A decision's distribution, by slots."""
        return self.code.at(self.choices, d * self.layout.wiring.values)

    def d_choice(self, d: int) -> Value:
        """The gradient of the same."""
        return self.code.at(self.d_choices, d * self.layout.wiring.values)

    def operand(self, d: int) -> Value:
        """What a decision of a module yielded."""
        return self.code.at(self.operands, self.code.multiply(self.cells, d))

    def gradient(self, d: int) -> Value:
        """The gradient of what a decision yielded."""
        return self.code.at(self.d_operands, self.code.multiply(self.cells, d))

    def value(self, module: int) -> Value:
        """A module's output: M vectors, or 2 of a boolean."""
        slot = self.layout.slots[self.layout.wiring.registers + module]
        boolean = slot - len(self.layout.dense)
        if boolean >= 0:
            return self.code.at(self.booleans, 2 * boolean)
        return self.code.at(self.dense, self.code.multiply(self.cells, slot))

    def tape(self, module: int, *, after: bool = False) -> Value:
        """The tape that a module sees, or leaves behind."""
        written = self.layout.wiring.modules[:module].count(Gate.WRITE) + after
        size = self.code.multiply(self.cells, self.cells)
        return self.code.at(self.tapes, self.code.multiply(size, written))


def _sum(code: Code, parts: Sequence[Value]) -> Value | None:
    """The sum, or None of nothing."""
    total = None
    for part in parts:
        total = part if total is None else code.plus(total, part)
    return total
