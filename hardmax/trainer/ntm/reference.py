"""The NTM in NumPy, float64, one sequence at a time, with its gradients: written to be read.

It shares nothing with the torch machine but the meaning of the weights, and is what that one is
held against. Every operation is followed by its backward pass, which takes the gradient of a loss
with respect to what the operation gave and returns it with respect to what the operation took.
Equations are those of Graves, Wayne, Danihelka 2014.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hardmax.runtime.ntm.program import EPSILON, SHIFTS
from hardmax.trainer.ntm.tape import NORM_FLOOR, WEIGHT_FLOOR, TapeConfig
from hardmax.trainer.sequence.machine import SequenceConfig

Array = NDArray[np.float64]
Weights = Mapping[str, Array]
"""What a machine's state_dict holds for one member, by the same names."""


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x))."""
    result: Array = 1 / (1 + np.exp(-x))
    return result


def softplus(x: Array) -> Array:
    """ln(1 + exp(x))."""
    result: Array = np.logaddexp(0.0, x)
    return result


def softmax(x: Array) -> Array:
    """exp(x_i) / sum over j of exp(x_j)."""
    powers = np.exp(x - x.max())
    result: Array = powers / powers.sum()
    return result


def softmax_backward(y: Array, dy: Array) -> Array:
    """y is what softmax gave."""
    return y * (dy - y @ dy)


@dataclass
class Similarity:
    """Equation 6: the cosine of a key (W) and of every row of a memory (N, W)."""

    key: Array
    rows: Array

    def forward(self) -> Array:
        """(N,)."""
        self.key_norm = np.sqrt(self.key @ self.key + NORM_FLOOR)
        self.norms = np.sqrt((self.rows**2).sum(1) + NORM_FLOOR)
        self.sizes = self.key_norm * self.norms + EPSILON
        cosines: Array = self.rows @ self.key / self.sizes
        self.cosines = cosines
        return cosines

    def backward(self, d_cosines: Array) -> tuple[Array, Array]:
        """Gradients of key and rows."""
        d_products = d_cosines / self.sizes
        d_sizes = -d_cosines * self.cosines / self.sizes
        d_key = self.rows.T @ d_products + (d_sizes @ self.norms) * self.key / self.key_norm
        d_norms = d_sizes * self.key_norm
        d_rows = np.outer(d_products, self.key) + (d_norms / self.norms)[:, None] * self.rows
        return d_key, d_rows


@dataclass
class HeadGradients:
    """What :meth:`Head.backward` returns: gradients of all that :meth:`Head.forward` took."""

    key: Array
    strength: float
    gate: float
    shift: Array
    sharpness: float
    previous: Array
    rows: Array


@dataclass
class Head:
    """How a head moves: section 3.3.

    Attributes:
        key: (W,); strength: beta >= 1; gate: g in 0..1; shift: (3,), over SHIFTS, sum 1;
        sharpness: gamma >= 1.
    """

    key: Array
    strength: float
    gate: float
    shift: Array
    sharpness: float

    def forward(self, previous: Array, rows: Array) -> Array:
        """From one weighting (N,) to the next, over a memory (N, W)."""
        self.previous = previous
        self.similarity = Similarity(self.key, rows)
        self.cosines = self.similarity.forward()
        self.content = softmax(self.strength * self.cosines)  # equation 5
        self.gated = self.gate * self.content + (1 - self.gate) * previous  # equation 7
        self.rotated: Array = sum(  # equation 8
            (s * np.roll(self.gated, step) for s, step in zip(self.shift, SHIFTS, strict=True)),
            start=np.zeros_like(previous),
        )
        self.logarithms = np.log(np.maximum(self.rotated, WEIGHT_FLOOR))
        self.weighting = softmax(self.sharpness * self.logarithms)  # equation 9
        return self.weighting

    def backward(self, d_weighting: Array) -> HeadGradients:
        """Gradients of all that :meth:`forward` took."""
        d_powers = softmax_backward(self.weighting, d_weighting)
        above = self.rotated > WEIGHT_FLOOR
        d_rotated = np.where(above, self.sharpness * d_powers / np.where(above, self.rotated, 1), 0)
        d_gated = sum(
            (s * np.roll(d_rotated, -step) for s, step in zip(self.shift, SHIFTS, strict=True)),
            start=np.zeros_like(d_rotated),
        )
        d_scores = softmax_backward(self.content, self.gate * d_gated)
        d_key, d_rows = self.similarity.backward(self.strength * d_scores)
        return HeadGradients(
            key=d_key,
            strength=float(d_scores @ self.cosines),
            gate=float(d_gated @ (self.content - self.previous)),
            shift=np.array([d_rotated @ np.roll(self.gated, step) for step in SHIFTS]),
            sharpness=float(d_powers @ self.logarithms),
            previous=(1 - self.gate) * d_gated,
            rows=d_rows,
        )


@dataclass
class Write:
    """Equations 3 and 4: M (1 - w e^T) + w a^T."""

    rows: Array
    weighting: Array
    erase: Array
    add: Array

    def forward(self) -> Array:
        """The rows afterwards, (N, W)."""
        kept = self.rows * (1 - np.outer(self.weighting, self.erase))
        return kept + np.outer(self.weighting, self.add)

    def backward(self, d_rows: Array) -> tuple[Array, Array, Array, Array]:
        """Gradients of rows, weighting, erase and add."""
        return (
            d_rows * (1 - np.outer(self.weighting, self.erase)),
            (d_rows * (self.add - self.rows * self.erase)).sum(1),
            -(d_rows * self.rows).T @ self.weighting,
            d_rows.T @ self.weighting,
        )


@dataclass
class Cell:
    """A standard LSTM cell, or a layer of tanh, on what the controller sees.

    Attributes:
        weight, bias: (seen, parts * H) and (parts * H,), of 4 parts (forget, input, output,
            candidate) or of 1.
        recurrent: whether it is an LSTM.
    """

    weight: Array
    bias: Array
    recurrent: bool

    def forward(self, seen: Array, hidden: Array, cell: Array) -> tuple[Array, Array]:
        """The hidden layer and the cells, both (H,), from what they were in the previous step."""
        self.taken = np.concatenate((seen, hidden)) if self.recurrent else seen
        self.before = cell
        sums = self.taken @ self.weight + self.bias
        if not self.recurrent:
            self.hidden: Array = np.tanh(sums)
            return self.hidden, cell
        forget, input_gate, output_gate, candidate = np.split(sums, 4)
        self.forget, self.input_gate, self.output_gate = (
            sigmoid(forget),
            sigmoid(input_gate),
            sigmoid(output_gate),
        )
        self.candidate = np.tanh(candidate)
        self.squashed = np.tanh(self.forget * cell + self.input_gate * self.candidate)
        return (
            self.output_gate * self.squashed,
            self.forget * cell + self.input_gate * self.candidate,
        )

    def backward(
        self, d_hidden: Array, d_cell: Array, into: dict[str, Array]
    ) -> tuple[Array, Array, Array]:
        """Gradients of seen, previous hidden layer and previous cells.

        Args:
            into: to which the gradients of weight and bias are added.
        """
        d_before = d_cell
        if self.recurrent:
            d_cell = d_cell + d_hidden * self.output_gate * (1 - self.squashed**2)
            d_sums = np.concatenate(
                (
                    d_cell * self.before * self.forget * (1 - self.forget),
                    d_cell * self.candidate * self.input_gate * (1 - self.input_gate),
                    d_hidden * self.squashed * self.output_gate * (1 - self.output_gate),
                    d_cell * self.input_gate * (1 - self.candidate**2),
                )
            )
            d_before = d_cell * self.forget
        else:
            d_sums = d_hidden * (1 - self.hidden**2)
        into["controller.weight"] += np.outer(self.taken, d_sums)
        into["controller.bias"][0] += d_sums
        d_taken = self.weight @ d_sums
        if not self.recurrent:
            return d_taken, np.zeros_like(d_hidden), d_before
        seen = len(d_taken) - len(d_hidden)
        return d_taken[:seen], d_taken[seen:], d_before


@dataclass
class _Step:
    """What a step's backward pass needs."""

    cell: Cell
    hidden: Array
    interface: dict[str, Array]
    heads: list[Head]
    writes: list[Write]
    rows: Array
    reading: Array


@dataclass
class ReferenceNtm:
    """One machine; :meth:`forward` and then :meth:`backward` once.

    Attributes:
        config: sizes.
        weights: by the names of ``hardmax.trainer.sequence.machine.SequenceMachine``, without
            the axis of members.
    """

    config: SequenceConfig
    weights: Weights
    steps: list[_Step] = field(default_factory=list)

    @property
    def tape(self) -> TapeConfig:
        """Sizes of the memory."""
        assert isinstance(self.config.memory, TapeConfig)
        return self.config.memory

    @property
    def recurrent(self) -> bool:
        """Whether the controller is an LSTM."""
        return self.config.controller.kind == "lstm"

    def sections(self, interface: Array) -> dict[str, Array]:
        """What the controller tells the heads: logits (H, ...) by name, in the weights' order."""
        tape = self.tape
        writers, heads = tape.write_heads, tape.write_heads + tape.read_heads
        shapes = {
            "key": (heads, tape.width),
            "add": (writers, tape.width),
            "erase": (writers, tape.width),
            "strength": (heads,),
            "sharpness": (heads,),
            "gate": (heads,),
            "shift": (heads, len(SHIFTS)),
        }
        parts = np.split(interface, np.cumsum([np.prod(shape) for shape in shapes.values()])[:-1])
        return {
            name: part.reshape(shape)
            for (name, shape), part in zip(shapes.items(), parts, strict=True)
        }

    def forward(self, inputs: Array, rows: int) -> Array:
        """Output logits (T, V') of a sequence (T, V), with a memory of N rows."""
        weights, tape = self.weights, self.tape
        memory = np.tile(weights["memory.initial_row"], (rows, 1))
        reading = weights["memory.initial_reads"].reshape(-1)
        standing = np.zeros(rows)
        standing[0] = 1
        weightings = [standing] * (tape.write_heads + tape.read_heads)
        hidden = cells = np.zeros(self.config.controller.hidden)
        self.steps = []
        answers = []
        for x in inputs:
            cell = Cell(weights["controller.weight"], weights["controller.bias"][0], self.recurrent)
            hidden, cells = cell.forward(np.concatenate((x, reading)), hidden, cells)
            interface = self.sections(
                hidden @ weights["interface.weight"] + weights["interface.bias"][0]
            )
            heads, writes = [], []
            for number, previous in enumerate(weightings):
                head = Head(
                    key=np.tanh(interface["key"][number]),
                    strength=1 + float(softplus(interface["strength"][number])),
                    gate=float(sigmoid(interface["gate"][number])),
                    shift=softmax(interface["shift"][number]),
                    sharpness=1 + float(softplus(interface["sharpness"][number])),
                )
                heads.append(head)
                weightings[number] = head.forward(previous, memory)
                if number < tape.write_heads:
                    erase = sigmoid(interface["erase"][number])
                    add = np.tanh(interface["add"][number])
                    writes.append(Write(memory, weightings[number], erase, add))
                    memory = writes[-1].forward()
            reading = np.concatenate([w @ memory for w in weightings[tape.write_heads :]])
            self.steps.append(_Step(cell, hidden, interface, heads, writes, memory, reading))
            visible = np.concatenate((hidden, reading))
            answers.append(visible @ weights["output.weight"] + weights["output.bias"][0])
        return np.array(answers)

    def backward(self, d_logits: Array) -> dict[str, Array]:
        """Gradients of all weights, where those of the output logits are (T, V')."""
        weights, tape = self.weights, self.tape
        gradients = {name: np.zeros_like(value) for name, value in weights.items()}
        writers, width = tape.write_heads, tape.width
        units = self.config.controller.hidden
        d_hidden, d_cells = np.zeros(units), np.zeros(units)
        d_reading = np.zeros(tape.read_heads * width)
        d_memory = np.zeros_like(self.steps[0].rows)
        d_weightings = [np.zeros(len(d_memory))] * (writers + tape.read_heads)
        for step, d_answer in zip(reversed(self.steps), d_logits[::-1], strict=True):
            visible = np.concatenate((step.hidden, step.reading))
            gradients["output.weight"] += np.outer(visible, d_answer)
            gradients["output.bias"][0] += d_answer
            d_visible = weights["output.weight"] @ d_answer
            d_hidden = d_hidden + d_visible[:units]
            d_reading = d_reading + d_visible[units:]

            d_interface = {name: np.zeros_like(part) for name, part in step.interface.items()}
            for number in reversed(range(len(step.heads))):
                head = step.heads[number]
                if number < writers:
                    write = step.writes[number]
                    d_memory, d_weighting, d_erase, d_add = write.backward(d_memory)
                    d_interface["erase"][number] = d_erase * write.erase * (1 - write.erase)
                    d_interface["add"][number] = d_add * (1 - write.add**2)
                else:
                    read = number - writers
                    d_row = d_reading[read * width : (read + 1) * width]
                    d_weighting = step.rows @ d_row
                    d_memory = d_memory + np.outer(head.weighting, d_row)
                moved = head.backward(d_weightings[number] + d_weighting)
                d_weightings[number] = moved.previous
                d_memory = d_memory + moved.rows
                logits = {
                    name: part[number]
                    for name, part in step.interface.items()
                    if name not in ("add", "erase")
                }
                d_interface["key"][number] = moved.key * (1 - head.key**2)
                d_interface["strength"][number] = moved.strength * sigmoid(logits["strength"])
                d_interface["sharpness"][number] = moved.sharpness * sigmoid(logits["sharpness"])
                d_interface["gate"][number] = moved.gate * head.gate * (1 - head.gate)
                d_interface["shift"][number] = softmax_backward(head.shift, moved.shift)

            d_told = np.concatenate([part.reshape(-1) for part in d_interface.values()])
            gradients["interface.weight"] += np.outer(step.hidden, d_told)
            gradients["interface.bias"][0] += d_told
            d_hidden = d_hidden + weights["interface.weight"] @ d_told
            d_seen, d_hidden, d_cells = step.cell.backward(d_hidden, d_cells, gradients)
            d_reading = d_seen[self.config.inputs :]
        gradients["memory.initial_row"] += d_memory.sum(0)
        gradients["memory.initial_reads"] += d_reading.reshape(tape.read_heads, width)
        return gradients
