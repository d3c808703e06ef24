"""The controller of a group of samples: a timestep forward, its adjoint, and weights in and out.

What a layer's outputs were is replaced by their gradients on the way back, so that the weights'
gradients are one product a layer over all timesteps.
"""

from __future__ import annotations

from hardmax.trainer.nram.native import products
from hardmax.trainer.nram.native.elementary import hyperbolic_tangent, sigmoid
from hardmax.trainer.nram.native.frame import Frame
from hardmax.trainer.nram.native.layout import Layout
from hardmax.trainer.nram.native.vector_code import Code, Module, Value

LAYER_ROWS = {
    "inputs": ("zero", "first"),
    "hidden": ("second_input", "second"),
    "cell": ("second_input", "second"),
    "output": ("features", "logits"),
}
"""For every layer the regions of its inputs and of its outputs."""


class Network:
    """Functions of the controller."""

    def __init__(self, module: Module, layout: Layout, frame: Frame) -> None:
        self.module = module
        self.layout = layout
        self.frame = frame
        self.hidden = layout.config.hidden
        self.second = layout.hidden_layers[1]

    def forward(self) -> Value:
        """``(frame, timestep)``: logits, from the zero-probabilities in the row ``zero``.

        With an LSTM, the timestep before must have run, or :meth:`start`.
        """
        return self.module.function("controller", "pi", self._forward)

    def adjoint(self) -> Value:
        """``(frame, timestep)``: the row ``d_zero``, from the gradients of the logits."""
        return self.module.function("controller_adjoint", "pi", self._adjoint)

    def _forward(self, code: Code, frame: Value, timestep: Value) -> None:
        hidden, one = self.hidden, code.number(1.0)
        zero, first, second_input, second, features, logits = (
            self.frame.row(code, frame, name, timestep)
            for name in ("zero", "first", "second_input", "second", "features", "logits")
        )
        code.put(zero, self.layout.wiring.registers, one)
        code.put(second_input, self.layout.layers[self.second].inputs, one)
        code.put(features, hidden, one)
        self._affine(code, frame, "inputs", zero, first)
        _rectify(code, first, second_input, hidden)
        if self.layout.recurrent:
            self._recall(code, frame, timestep, second_input)
        self._affine(code, frame, self.second, second_input, second)
        if self.layout.recurrent:
            self._cells(code, frame, timestep, second, features)
        else:
            _rectify(code, second, features, hidden)
        self._affine(code, frame, "output", features, logits)

    def _affine(self, code: Code, frame: Value, layer: str, x: Value, y: Value) -> None:
        weights = self.frame.pointer(code, frame, f"packed.{layer}")
        code.call(products.affine(self.module, self.layout.layers[layer]), weights, x, y)

    def _recall(self, code: Code, frame: Value, timestep: Value, second_input: Value) -> None:
        """Put the previous output beside the input: 0 in the first timestep."""
        target = code.at(second_input, self.hidden)
        began = code.builder.icmp_signed("==", timestep, code.index(0))
        with code.builder.if_else(began) as (then, otherwise):
            with then:
                code.clear(target, self.hidden)
                code.clear(self.frame.row(code, frame, "memory_cells"), self.hidden)
            with otherwise:
                before = self.frame.row(code, frame, "features", code.subtract(timestep, 1))
                code.copy(before, target, self.hidden)

    def _cells(
        self, code: Code, frame: Value, timestep: Value, second: Value, features: Value
    ) -> None:
        """The LSTM cells; of the gates' logits their activations are left."""
        before = self.frame.row(code, frame, "memory_cells", timestep)
        after = self.frame.row(code, frame, "memory_cells", code.add(timestep, 1))
        forget_gates, input_gates, output_gates, candidates = self._gates(code, second)

        def unit(h: Value) -> None:
            for gate in (forget_gates, input_gates, output_gates):
                code.put(gate, h, sigmoid(code, code.get(gate, h)))
            code.put(candidates, h, hyperbolic_tangent(code, code.get(candidates, h)))
            admitted = code.times(code.get(input_gates, h), code.get(candidates, h))
            cell = code.fma(code.get(forget_gates, h), code.get(before, h), admitted)
            code.put(after, h, cell)
            shown = hyperbolic_tangent(code, cell)
            code.put(features, h, code.times(code.get(output_gates, h), shown))

        code.loop(self.hidden, unit)

    def _gates(self, code: Code, second: Value) -> list[Value]:
        return [code.at(second, i * self.hidden) for i in range(4)]

    def _adjoint(self, code: Code, frame: Value, timestep: Value) -> None:
        hidden = self.hidden
        first, second_input, second, features, logits = (
            self.frame.row(code, frame, name, timestep)
            for name in ("first", "second_input", "second", "features", "logits")
        )
        d_zero, d_second_input, d_features = (
            self.frame.row(code, frame, name) for name in ("d_zero", "d_second_input", "d_features")
        )
        self._pull(code, frame, "output", logits, d_features)
        if self.layout.recurrent:
            self._cells_adjoint(code, frame, timestep, second, d_features)
        else:
            _rectify_adjoint(code, features, d_features, second, hidden)
        self._pull(code, frame, self.second, second, d_second_input)
        if self.layout.recurrent:
            recurrent = self.frame.row(code, frame, "d_recurrent")
            code.copy(code.at(d_second_input, hidden), recurrent, hidden)
        _rectify_adjoint(code, second_input, d_second_input, first, hidden)
        self._pull(code, frame, "inputs", first, d_zero)

    def _pull(self, code: Code, frame: Value, layer: str, dy: Value, dx: Value) -> None:
        weights = self.frame.pointer(code, frame, f"packed.{layer}")
        code.call(products.adjoint(self.module, self.layout.layers[layer]), weights, dy, dx)

    def _cells_adjoint(
        self, code: Code, frame: Value, timestep: Value, second: Value, d_features: Value
    ) -> None:
        """Gradients of the gates' logits, in their place, and of the cells before."""
        before = self.frame.row(code, frame, "memory_cells", timestep)
        after = self.frame.row(code, frame, "memory_cells", code.add(timestep, 1))
        d_cells = self.frame.row(code, frame, "d_memory_cells")
        d_recurrent = self.frame.row(code, frame, "d_recurrent")
        forget_gates, input_gates, output_gates, candidates = self._gates(code, second)
        one = code.number(1.0)

        def unit(h: Value) -> None:
            forget_gate, input_gate, output_gate, candidate = (
                code.get(row, h) for row in (forget_gates, input_gates, output_gates, candidates)
            )
            d_output = code.plus(code.get(d_features, h), code.get(d_recurrent, h))
            shown = hyperbolic_tangent(code, code.get(after, h))
            square = code.times(shown, shown)
            d_cell = code.fma(
                code.times(d_output, output_gate), code.minus(one, square), code.get(d_cells, h)
            )

            def switch(gradient: Value, gate: Value) -> Value:
                return code.times(gradient, code.times(gate, code.minus(one, gate)))

            code.put(output_gates, h, switch(code.times(d_output, shown), output_gate))
            code.put(forget_gates, h, switch(code.times(d_cell, code.get(before, h)), forget_gate))
            code.put(input_gates, h, switch(code.times(d_cell, candidate), input_gate))
            slope = code.minus(one, code.times(candidate, candidate))
            code.put(candidates, h, code.times(code.times(d_cell, input_gate), slope))
            code.put(d_cells, h, code.times(d_cell, forget_gate))

        code.loop(self.hidden, unit)

    def end(self, code: Code, frame: Value) -> None:
        """Before the adjoint of the last timestep: nothing follows."""
        if self.layout.recurrent:
            for name in ("d_memory_cells", "d_recurrent"):
                code.clear(self.frame.row(code, frame, name), self.hidden)

    def weight_gradients(self, code: Code, frame: Value, steps: Value) -> None:
        """Add a group's share to the gradients of all packed weights."""
        for layer, shape in self.layout.layers.items():
            arguments = []
            for region in LAYER_ROWS[layer]:
                arguments.append(self.frame.pointer(code, frame, region))
                arguments.append(self.frame.index(code, frame, f"stride.{region}"))
            gradient = self.frame.pointer(code, frame, f"gradient.{layer}")
            product = products.weight_gradient(self.module, shape)
            code.call(product, *arguments, steps, gradient)

    # Weights

    def pack(self) -> Value:
        """``(frame, member)``: the member's weights, as the products want them."""

        def body(code: Code, frame: Value, member: Value) -> None:
            for parameter, layer, row, rows in self._places():
                source = self._parameter(code, frame, parameter, member)
                packed = self.frame.pointer(code, frame, f"packed.{layer}")
                self._move(code, parameter, layer, row, rows, source, packed, unpack=False)

        return self.module.function("pack_weights", "pi", body)

    def unpack(self) -> Value:
        """``(frame)``: the gradient as one array, parameter by parameter.

        The weights of logits that are not allowed are left out: theirs must be 0 already.
        """

        def body(code: Code, frame: Value) -> None:
            flat = self.frame.pointer(code, frame, "gradient")
            start = 0
            starts = {}
            for parameter, (rows, columns) in self.layout.parameters.items():
                starts[parameter] = start
                start += rows * columns
            for parameter, layer, row, rows in self._places():
                packed = self.frame.pointer(code, frame, f"gradient.{layer}")
                target = code.element(flat, starts[parameter])
                self._move(code, parameter, layer, row, rows, target, packed, unpack=True)

        return self.module.function("unpack_gradient", "p", body)

    def _places(self) -> list[tuple[str, str, int, int]]:
        """For every parameter its layer, and its first row there and how many rows it has."""
        found = []
        for parameter, (rows, _) in self.layout.parameters.items():
            name, part = parameter.split(".")
            layer = name if name in self.layout.layers else "output"
            first = 0 if part == "weight" else self.layout.layers[layer].inputs
            found.append((parameter, layer, first, rows))
        return found

    def _parameter(self, code: Code, frame: Value, parameter: str, member: Value) -> Value:
        rows, columns = self.layout.parameters[parameter]
        base = self.frame.pointer(code, frame, parameter)
        return code.element(base, code.multiply(member, rows * columns))

    def _move(
        self,
        code: Code,
        parameter: str,
        layer: str,
        row: int,
        rows: int,
        outside: Value,
        packed: Value,
        *,
        unpack: bool,
    ) -> None:
        """Copy a parameter of one member to its packed rows, or a gradient back from there."""
        _, columns = self.layout.parameters[parameter]
        width = self.layout.layers[layer].columns

        def copy(there: Value, here: Value, count: Value | int) -> None:
            source, target = (here, there) if unpack else (there, here)
            code.loop(count, lambda i: code.put_number(target, i, code.get_number(source, i)))

        def each(h: Value) -> None:
            there = code.element(outside, code.multiply(h, columns))
            here = code.element(packed, code.multiply(code.add(h, row), width))
            name = parameter.split(".")[0]
            if name == "halting":
                copy(there, code.element(here, self.layout.logits), 1)
            elif name == "decisions":
                firsts = self.module.table([d.logits for d in self.layout.decisions])
                counts = self.module.table([d.allowed for d in self.layout.decisions])

                def decision(d: Value) -> None:
                    copy(
                        code.element(there, code.multiply(d, self.layout.wiring.values)),
                        code.element(here, code.get_index(firsts, d)),
                        code.get_index(counts, d),
                    )

                code.loop(self.layout.wiring.decisions, decision)
            else:
                copy(there, here, columns)

        code.loop(rows, each)


def _rectify(code: Code, x: Value, y: Value, count: int) -> None:
    """y = max(x, 0)."""
    zero = code.number(0.0)
    code.loop(count, lambda h: code.put(y, h, code.larger(code.get(x, h), zero)))


def _rectify_adjoint(code: Code, y: Value, dy: Value, dx: Value, count: int) -> None:
    """dx = dy where y > 0, else 0."""
    zero = code.number(0.0)

    def unit(h: Value) -> None:
        active = code.compare(">", code.get(y, h), zero)
        code.put(dx, h, code.select(active, code.get(dy, h), zero))

    code.loop(count, unit)
