"""The discretized machine's error on a member's samples: hardmax decisions, integers for values.

The controller is the same code as for the soft machine; its circuit is then run sample by sample.
"""

from __future__ import annotations

from hardmax.runtime.nram.gates import Gate
from hardmax.trainer.nram.native.integer_gates import INTEGER_MEANING
from hardmax.trainer.nram.native.run import Run, Samples
from hardmax.trainer.nram.native.vector_code import I32, Code, Index, Module, Value


class Discretized:
    """Functions that measure."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.module: Module = run.module
        self.layout = run.layout
        self.wiring = run.layout.wiring

    def errors(self) -> Value:
        """``(frame, member)``, exported: how many output cells of each sample come out wrong."""

        def body(code: Code, frame: Value, member: Value) -> None:
            code.call(self.run.network.pack(), frame, member)
            groups = self.run.frame.index(code, frame, "groups")
            first = code.multiply(member, groups)
            code.loop(
                groups, lambda g: code.call(self._group(), frame, member, code.add(first, g), g)
            )

        return self.module.function("discretized", "pi", body, exported=True)

    def _group(self) -> Value:
        """``(frame, member, group, number)``, as that of a soft run."""

        def body(code: Code, frame: Value, member: Value, group: Value, number: Value) -> None:
            samples = Samples(self.run, code, frame, member, group, number)
            registers = self.wiring.registers
            zero, one = code.integer(0), code.integer(1)
            values = self.run.frame.row(code, frame, "integers")
            tape = self.run.frame.row(code, frame, "integer_tape")
            running_row = self.run.frame.row(code, frame, "running")
            for r in range(registers):
                code.put_integers(values, r, zero)
            self._constants(code, values, samples.cells)
            code.loop(
                samples.cells,
                lambda c: code.put_integers(tape, c, code.get_integers(samples.memory, c)),
            )
            running = code.select(samples.present(), one, zero)
            code.put_integers(running_row, 0, running)

            def step(t: Value) -> None:
                running = code.get_integers(running_row)
                going = code.builder.icmp_signed("!=", code.reduce("or", running), I32(0))
                code.when(going, lambda: self._timestep(samples, t, values, tape, running_row))

            code.loop(samples.longest(), step)
            wrong = code.total(
                samples.cells,
                lambda c: code.select(
                    samples.is_wrong(c, code.get_integers(tape, c)),
                    code.number(1.0),
                    code.number(0.0),
                ),
            )
            samples.put_wrong(wrong)

        return self.module.function("discretized_group", "piii", body)

    def _constants(self, code: Code, values: Value, cells: Value) -> None:
        """Fill in the outputs that never change."""
        for value in self.layout.constants:
            number = self.layout.constant_number(value)
            rest = code.builder.urem(code.index(number), cells)
            code.put_integers(values, value, code.spread(code.builder.trunc(rest, I32)))

    def _timestep(
        self, samples: Samples, t: Value, values: Value, tape: Value, running_row: Value
    ) -> None:
        code, frame = samples.code, samples.frame
        zeros = self.run.frame.row(code, frame, "zero", t)
        one, zero = code.number(1.0), code.number(0.0)
        for r in range(self.wiring.registers):
            is_zero = code.builder.icmp_signed("==", code.get_integers(values, r), code.integer(0))
            code.put(zeros, r, code.select(is_zero, one, zero))
        code.call(self.run.network.forward(), frame, t)
        logits = self.run.frame.row(code, frame, "logits", t)
        best = self.run.frame.row(code, frame, "best")
        code.call(self.run.choosing.first_maxima(), logits, best)
        code.call(self._execute(), best, values, tape, running_row, samples.cells)
        halts = code.compare(">", code.get(logits, self.layout.logits), zero)
        over = code.builder.or_(halts, samples.at_end(t))
        running = code.get_integers(running_row)
        code.put_integers(running_row, 0, code.select(over, code.integer(0), running))

    def _execute(self) -> Value:
        """``(best, values, tape, running, cells)``: one circuit in every sample still running."""

        def body(
            code: Code, best: Value, values: Value, tape: Value, running: Value, cells: Value
        ) -> None:
            m = code.builder.trunc(cells, I32)

            def lane(number: Value) -> None:
                sample = _Sample(code, number, best, values, tape)
                runs = code.builder.icmp_signed("!=", sample.get(running, 0), I32(0))
                code.when(runs, lambda: self._circuit(sample, m))

            code.loop(self.module.lanes, lane)

        return self.module.function("execute", "ppppi", body)

    def _circuit(self, sample: _Sample, m: Value) -> None:
        registers = self.wiring.registers
        for module, gate in enumerate(self.wiring.modules):
            decisions = self.wiring.operands[module]
            if not decisions:
                continue
            operands = [sample.chosen(d) for d in decisions]
            if gate is Gate.READ:
                output = sample.get(sample.tape, sample.wide(operands[0]))
            elif gate is Gate.WRITE:
                sample.put(sample.tape, sample.wide(operands[0]), operands[1])
                continue
            else:
                output = INTEGER_MEANING[gate](sample.code.builder, operands, m)
            sample.put(sample.values, registers + module, output)
        new = [sample.chosen(d) for d in range(self.wiring.updates.start, self.wiring.updates.stop)]
        for r, value in enumerate(new):
            sample.put(sample.values, r, value)


class _Sample:
    """One lane of rows of integers."""

    def __init__(self, code: Code, lane: Value, best: Value, values: Value, tape: Value) -> None:
        self.code = code
        self.lane = lane
        self.best = best
        self.values = values
        self.tape = tape

    def get(self, row: Value, index: Index) -> Value:
        return self.code.builder.load(self._place(row, index), typ=I32)

    def put(self, row: Value, index: Index, value: Value) -> None:
        self.code.builder.store(value, self._place(row, index))

    def _place(self, row: Value, index: Index) -> Value:
        code = self.code
        place = code.add(code.multiply(index, code.module.lanes), self.lane)
        return code.builder.gep(row, [place], source_etype=I32)

    def wide(self, integer: Value) -> Value:
        """An i32 as an index."""
        return self.code.builder.zext(integer, self.code.index(0).type)

    def chosen(self, decision: int) -> Value:
        """The value that a decision chose."""
        return self.get(self.values, self.wide(self.get(self.best, decision)))
