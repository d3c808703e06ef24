"""One member's update: its samples in groups of as many as there are lanes, forward and back.

As pseudocode::

    pack the weights; gradients = 0
    for each group of samples:
        T = the largest step budget
        for t in 0..T-1:  controller, choices, circuit, outcome
        for t in T-1..0:  the adjoints of the same, in reverse
        gradients += inputs^T x output gradients over all timesteps and samples, layer by layer

A sample runs, for the gradient, to the end of its budget, also where a straight-through decision
has stopped it: so its gradient compares stopping with going on, and depends on no other sample.
"""

from __future__ import annotations

from hardmax.trainer.gradient_clipping import LOG_FLOOR
from hardmax.trainer.nram.native.adam import Adam, flat_vectors
from hardmax.trainer.nram.native.choosing import Choosing
from hardmax.trainer.nram.native.circuit import Circuit
from hardmax.trainer.nram.native.elementary import logarithm, sigmoid
from hardmax.trainer.nram.native.frame import Frame
from hardmax.trainer.nram.native.layout import OUTCOME, Layout
from hardmax.trainer.nram.native.network import Network
from hardmax.trainer.nram.native.vector_code import Code, Index, Module, Value


class Run:
    """Functions that run a member's samples."""

    def __init__(self, module: Module, layout: Layout) -> None:
        self.module = module
        self.layout = layout
        self.frame = Frame(layout)
        self.network = Network(module, layout, self.frame)
        self.choosing = Choosing(module, layout)
        self.circuit = Circuit(module, layout, self.frame)

    def gradient(self) -> Value:
        """``(frame, member)``, exported: the member's gradient, and its errors in ``wrong``."""

        def body(code: Code, frame: Value, member: Value) -> None:
            code.call(self.network.pack(), frame, member)
            for layer, shape in self.layout.layers.items():
                gradient = self.frame.pointer(code, frame, f"gradient.{layer}")
                zero = code.number(0.0)

                def clear(i: Value, gradient: Value = gradient, zero: Value = zero) -> None:
                    code.put(gradient, i, zero)

                code.loop(shape.size // self.module.lanes, clear)
            groups = self.frame.index(code, frame, "groups")
            first = code.multiply(member, groups)

            def group(g: Value) -> None:
                code.call(self._group(), frame, member, code.add(first, g), g)

            code.loop(groups, group)
            flat = self.frame.pointer(code, frame, "gradient")
            code.clear(flat, flat_vectors(self.layout, self.module.lanes))
            code.call(self.network.unpack(), frame)

        return self.module.function("gradient", "pi", body, exported=True)

    def update(self) -> Value:
        """``(frame, member)``, exported: the same, and a step of Adam."""

        def body(code: Code, frame: Value, member: Value) -> None:
            code.call(self.gradient(), frame, member)
            code.call(Adam(self.module, self.layout, self.frame).step(), frame, member)

        return self.module.function("update", "pi", body, exported=True)

    def _group(self) -> Value:
        """``(frame, member, group, number)``: ``group`` counts those of all members."""

        def body(code: Code, frame: Value, member: Value, group: Value, number: Value) -> None:
            samples = Samples(self, code, frame, member, group, number)
            steps = samples.longest()
            self._begin(samples)
            alive = self._forward(samples, steps)
            self._count_wrong(samples)
            self._backward(samples, steps, alive)
            self.network.weight_gradients(code, frame, steps)

        return self.module.function("group", "piii", body)

    # Forward

    def _begin(self, samples: Samples) -> None:
        """The tape at the start, registers 0, nothing read out."""
        code, frame, m = samples.code, samples.frame, samples.cells
        tape = self.frame.row(code, frame, "tapes")
        zero, one = code.number(0.0), code.number(1.0)

        def cell(c: Value) -> None:
            held = code.get_integers(samples.memory, c)
            row = code.at(tape, code.multiply(c, m))

            def value(v: Value) -> None:
                is_held = code.builder.icmp_signed("==", held, samples.everywhere(v))
                code.put(row, v, code.select(is_held, one, zero))

            code.loop(m, value)

        code.loop(m, cell)
        registers = self.frame.row(code, frame, "dense")
        count = self.layout.wiring.registers
        code.clear(registers, code.multiply(m, count))
        for r in range(count):
            code.put(registers, code.multiply(m, r), one)
        code.clear(self.frame.row(code, frame, "readout"), code.multiply(m, m))

    def _forward(self, samples: Samples, steps: Value) -> Value:
        """All timesteps. Returns the summed probabilities of going on, and notes the outcomes."""
        code, frame = samples.code, samples.frame
        one, zero = code.number(1.0), code.number(0.0)

        def step(t: Value, alive: Value, duration: Value) -> list[Value]:
            self.observe(code, frame, t, samples.cells)
            code.call(self.network.forward(), frame, t)
            logits = self.frame.row(code, frame, "logits", t)
            choices = self.frame.row(code, frame, "choices", t)

            def add_noise() -> None:
                lane = code.multiply(samples.number, self.module.lanes)
                noise = self.choosing.noise()
                code.call(noise, logits, code.spread(samples.gumbel), samples.key, t, lane)

            noisy = code.builder.fcmp_ordered(">", samples.gumbel, zero.type.element(0.0))
            code.when(noisy, add_noise)
            code.call(self.choosing.softmax(), logits, choices)
            code.when(
                samples.any_hard,
                lambda: code.call(self.choosing.harden(), logits, choices, samples.hard),
            )
            code.call(self.circuit.forward(), frame, t)

            logit = code.get(logits, self.layout.logits)
            soft = sigmoid(code, logit)
            threshold = code.select(code.compare(">", logit, zero), one, zero)
            halting = code.select(samples.hard_mask(), threshold, soft)
            forced = code.select(samples.at_end(t), one, halting)
            finish = code.times(alive, forced)
            surprise = self._surprise(samples, t)
            self._read_out(samples, t, finish)
            outcome = self.frame.row(code, frame, "outcome", t)
            noted = {"alive": alive, "halting": halting, "sigmoid": soft, "surprise": surprise}
            for place, name in enumerate(OUTCOME):
                code.put(outcome, place, noted[name])
            return [code.times(alive, code.minus(one, forced)), code.plus(duration, alive)]

        started = code.select(samples.present(), one, zero)
        _, duration = code.loop(steps, step, [started, zero])
        return duration

    def observe(self, code: Code, frame: Value, t: Value, cells: Value) -> None:
        """Put the registers' probabilities of being 0 where the controller sees them."""
        zero = self.frame.row(code, frame, "zero", t)
        registers = self.frame.row(code, frame, "dense", t)
        for r in range(self.layout.wiring.registers):
            code.put(zero, r, code.get(registers, code.multiply(cells, r)))

    def _surprise(self, samples: Samples, t: Value) -> Value:
        """-log of the probabilities of the expected values after a timestep, weighted."""
        code, m = samples.code, samples.cells
        tape = self._tape_after(samples, t)
        zero, least = code.number(0.0), code.number(LOG_FLOOR)

        def cell(c: Value) -> Value:
            row = code.at(tape, code.multiply(c, m))
            wanted = code.get_integers(samples.expected, c)

            def value(v: Value) -> Value:
                here = code.builder.icmp_signed("==", wanted, samples.everywhere(v))
                return code.select(here, code.get(row, v), zero)

            likelihood = code.larger(code.total(m, value), least)
            return code.times(samples.cell_weight(c), logarithm(code, likelihood))

        return code.minus(zero, code.total(m, cell))

    def _tape_after(self, samples: Samples, t: Value) -> Value:
        return self.frame.row(samples.code, samples.frame, "tapes", samples.code.add(t, 1))

    def _read_out(self, samples: Samples, t: Value, finish: Value) -> None:
        """Add a timestep's share of the expected memory."""
        code = samples.code
        tape = self._tape_after(samples, t)
        readout = self.frame.row(code, samples.frame, "readout")

        def value(i: Value) -> None:
            code.put(readout, i, code.fma(finish, code.get(tape, i), code.get(readout, i)))

        code.loop(code.multiply(samples.cells, samples.cells), value)

    def _count_wrong(self, samples: Samples) -> None:
        """How many output cells' most probable values are wrong."""
        code, m = samples.code, samples.cells
        readout = self.frame.row(code, samples.frame, "readout")
        one, zero = code.number(1.0), code.number(0.0)

        def cell(c: Value) -> Value:
            row = code.at(readout, code.multiply(c, m))

            def value(v: Value, most: Value, best: Value) -> list[Value]:
                mass = code.get(row, v)
                above = code.compare(">", mass, most)
                return [
                    code.select(above, mass, most),
                    code.select(above, samples.everywhere(v), best),
                ]

            _, best = code.loop(m, value, [code.get(row), code.integer(0)], start=1)
            return code.select(samples.is_wrong(c, best), one, zero)

        samples.put_wrong(code.total(m, cell))

    # Backward

    def _backward(self, samples: Samples, steps: Value, duration: Value) -> None:
        code, frame = samples.code, samples.frame
        zero, one = code.number(0.0), code.number(1.0)
        m = samples.cells
        d_registers = self.frame.row(code, frame, "d_registers")
        d_tape = self.frame.row(code, frame, "d_tape")
        registers = code.multiply(m, self.layout.wiring.registers)
        tape_size = code.multiply(m, m)
        code.clear(d_registers, registers)
        code.clear(d_tape, tape_size)
        self.network.end(code, frame)
        scale = samples.scale
        # A lane without a sample is never alive.
        per_timestep = code.over(one, code.larger(duration, one))
        entropy = code.times(scale("entropy_scale"), per_timestep)
        value_entropy = code.times(scale("value_scale"), per_timestep)
        values_count = code.builder.fcmp_ordered(
            "!=", samples.scalar("value_scale"), zero.type.element(0.0)
        )

        def step(t: Value, d_alive_after: Value) -> list[Value]:
            outcome = self.frame.row(code, frame, "outcome", t)
            alive, halting, soft, surprise = (code.get(outcome, i) for i in range(len(OUTCOME)))
            at_end = samples.at_end(t)
            forced = code.select(at_end, one, halting)
            finish = code.times(alive, forced)
            cost = code.times(surprise, scale("loss_scale"))
            d_forced = code.times(alive, code.minus(cost, d_alive_after))
            overrun = code.select(at_end, scale("overrun_scale"), zero)
            d_halting = code.select(at_end, zero, d_forced)
            d_halting = code.minus(d_halting, code.times(overrun, alive))
            d_alive = code.fma(code.minus(one, forced), d_alive_after, code.times(forced, cost))
            d_alive = code.fma(overrun, code.minus(one, halting), d_alive)

            self._surprise_adjoint(samples, t, code.times(finish, scale("loss_scale")))
            code.when(
                values_count,
                lambda: self._value_entropy_adjoint(samples, t, code.times(alive, value_entropy)),
            )
            code.call(self.circuit.adjoint(), frame, t)

            logits = self.frame.row(code, frame, "logits", t)
            rows = (
                *(logits, self.frame.row(code, frame, "choices", t)),
                *(self.frame.row(code, frame, "d_choices"), code.times(alive, entropy)),
                samples.hard,
            )
            with code.builder.if_else(samples.any_hard) as (then, otherwise):
                with then:
                    code.call(self.choosing.adjoint(straight_through=True), *rows)
                with otherwise:
                    code.call(self.choosing.adjoint(straight_through=False), *rows)
            slope = code.times(soft, code.minus(one, soft))
            code.put(logits, self.layout.logits, code.times(d_halting, slope))
            code.call(self.network.adjoint(), frame, t)
            d_zero = self.frame.row(code, frame, "d_zero")
            for r in range(self.layout.wiring.registers):
                place = code.multiply(m, r)
                total = code.plus(code.get(d_registers, place), code.get(d_zero, r))
                code.put(d_registers, place, total)
            return [d_alive]

        code.loop(-1, step, [zero], start=code.subtract(steps, 1), step=-1)

    def _surprise_adjoint(self, samples: Samples, t: Value, finish: Value) -> None:
        """Add the gradient of the expected loss to that of the tape."""
        code, m = samples.code, samples.cells
        tape = self._tape_after(samples, t)
        d_tape = self.frame.row(code, samples.frame, "d_tape")
        zero, one, least = code.number(0.0), code.number(1.0), code.number(LOG_FLOOR)

        def cell(c: Value) -> None:
            start = code.multiply(c, m)
            row, gradients = code.at(tape, start), code.at(d_tape, start)
            wanted = code.get_integers(samples.expected, c)
            pull = code.times(finish, samples.cell_weight(c))

            def value(v: Value) -> None:
                mass = code.get(row, v)
                here = code.builder.icmp_signed("==", wanted, samples.everywhere(v))
                here = code.builder.and_(here, code.compare(">=", mass, least))
                slope = code.over(pull, code.select(here, mass, one))
                slope = code.select(here, slope, zero)
                code.put(gradients, v, code.minus(code.get(gradients, v), slope))

            code.loop(m, value)

        code.loop(m, cell)

    def _value_entropy_adjoint(self, samples: Samples, t: Value, weight: Value) -> None:
        """Add the gradient of the entropy of registers and tape after a timestep."""
        code, frame, m = samples.code, samples.frame, samples.cells
        least, one = code.number(LOG_FLOOR), code.number(1.0)
        count = self.layout.wiring.registers

        def add(row: Value, gradients: Value, size: Value, share: Value) -> None:
            def value(i: Value) -> None:
                mass = code.get(row, i)
                above = code.compare(">=", mass, least)
                log = logarithm(code, code.larger(mass, least))
                slope = code.select(above, code.plus(log, one), log)
                before = code.get(gradients, i)
                code.put(gradients, i, code.minus(before, code.times(share, slope)))

            code.loop(size, value)

        registers = self.frame.row(code, frame, "dense", code.add(t, 1))
        d_registers = self.frame.row(code, frame, "d_registers")
        share = code.times(weight, code.number(1 / count))
        add(registers, d_registers, code.multiply(m, count), share)
        cells = code.builder.sitofp(m, self.module.real)
        share = code.over(weight, code.spread(cells))
        d_tape = self.frame.row(code, frame, "d_tape")
        add(self._tape_after(samples, t), d_tape, code.multiply(m, m), share)


class Samples:
    """A group's samples, and the settings of their member, as code."""

    def __init__(
        self, run: Run, code: Code, frame: Value, member: Value, group: Value, number: Value
    ) -> None:
        self.code = code
        self.frame = frame
        self.member = member
        self.number = number
        self._fields = run.frame
        self.cells = run.frame.index(code, frame, "cells")
        per_group = code.multiply(group, self.cells)

        def integers(name: str, start: Index) -> Value:
            base = run.frame.pointer(code, frame, name)
            return code.builder.gep(base, [code.index(start)], source_etype=run.module.integers)

        self.memory = integers("memory", per_group)
        self.expected = integers("expected", per_group)
        self.budget = code.get_integers(integers("budget", group))
        self.hard = integers("hard", group)
        self.weight = code.at(run.frame.pointer(code, frame, "weight"), per_group)
        self.wrong = code.at(run.frame.pointer(code, frame, "wrong"), group)
        self.gumbel = self.scalar("gumbel")
        self.key = code.get_index(run.frame.pointer(code, frame, "keys"), member)
        self.any_hard = code.builder.icmp_signed(
            "!=",
            code.reduce("or", code.get_integers(self.hard)),
            code.integer(0).type.element(0),
        )

    def scalar(self, name: str) -> Value:
        """A setting of the member."""
        return self.code.get_number(self._fields.pointer(self.code, self.frame, name), self.member)

    def scale(self, name: str) -> Value:
        """The same in every lane."""
        return self.code.spread(self.scalar(name))

    def longest(self) -> Value:
        """The largest budget of a sample."""
        return self.code.builder.sext(
            self.code.reduce("smax", self.budget), self.code.index(0).type
        )

    def cell_weight(self, cell: Value) -> Value:
        """A cell's weight in the loss; the tensor lies wherever PyTorch put it."""
        return self.code.get_unaligned(self.code.at(self.weight, cell))

    def put_wrong(self, count: Value) -> None:
        """Note how many output cells are wrong."""
        self.code.put_unaligned(self.wrong, count)

    def everywhere(self, value: Value) -> Value:
        """An i64 as an i32 in every lane."""
        integer = self.code.builder.trunc(value, self.code.module.integers.element)
        return self.code.spread(integer)

    def present(self) -> Value:
        """Which lanes have a sample."""
        return self.code.builder.icmp_signed(">", self.budget, self.code.integer(0))

    def at_end(self, t: Value) -> Value:
        """Where the output is forced in timestep t, counted from 0."""
        last = self.everywhere(self.code.add(t, 1))
        return self.code.builder.icmp_signed("==", self.budget, last)

    def hard_mask(self) -> Value:
        """Which samples decide straight-through."""
        code = self.code
        return code.builder.icmp_signed("!=", code.get_integers(self.hard), code.integer(0))

    def is_wrong(self, cell: Value, found: Value) -> Value:
        """Whether a cell is an output cell and another value was expected there."""
        code = self.code
        expected = code.get_integers(self.expected, cell)
        counts = code.compare(">", self.cell_weight(cell), code.number(0.0))
        return code.builder.and_(counts, code.builder.icmp_signed("!=", found, expected))
