"""The NtmProgram: a Neural Turing Machine whose addresses are integers.

Its meaning is exact to the last bit, as that of ``hardmax.runtime.float32``. What its soft model
does with weightings over all N rows of the memory (Graves, Wayne, Danihelka 2014, section 3) it
does with one row: each head decides by thresholds and maxima where it stands, so that a step needs
no time in N unless a head asks for a content search. What it erases, adds and reads stays real
numbers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from hardmax.runtime import notebook
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.float32 import (
    LARGEST,
    Floats,
    Layer,
    floats_from_text,
    floats_to_text,
    layer_from_data,
    layer_to_data,
)
from hardmax.runtime.json_form import integer, string
from hardmax.runtime.sequence.interface import (
    LARGEST_NUMBER,
    SequenceMetadata,
    memory_rule_from_data,
    memory_rule_to_data,
)
from hardmax.runtime.text import counted, printable

FORMAT = "hardmax-ntm-program"
FORMAT_VERSION = 1

MAX_HIDDEN = 4096
"""Largest number of hidden units."""

MAX_WIDTH = 4096
"""Largest number of input channels, of output channels, and of numbers in a row of the memory."""

MAX_HEADS = 16
"""Largest number of write heads, and of read heads."""

SHIFTS = (-1, 0, 1)
"""How far a head may move in a step."""

EPSILON = 1e-8
"""What is added to the product of two norms where they divide, as in the soft model."""


@dataclass(frozen=True, eq=False, repr=False)
class NtmProgram:
    """A discretized Neural Turing Machine; equal where all bits are.

    With V inputs, V' outputs, H hidden units, a memory of N rows of W numbers, and R read heads,
    one step does this, x being its inputs, r_i the numbers that read head i saw in the previous
    step, and all heads in order::

        z = x ++ r_1 ++ ... ++ r_R
        feedforward:
            h = tanh(controller(z))
        LSTM:
            forget_gate, input_gate, output_gate, candidate = controller(z ++ h), H numbers each
            c = sigmoid(forget_gate) * c + sigmoid(input_gate) * tanh(candidate)
            h = sigmoid(output_gate) * tanh(c)
        for each write head:
            key, gate, shift, erase, add = head(h), W + 1 + 3 + W + W numbers
            move the head; M[address] = M[address] * (1 - sigmoid(erase)) + tanh(add)
        for each read head i:
            key, gate, shift = head(h), W + 1 + 3 numbers
            move the head; r_i = M[address]
        outputs = sigmoid(output(h ++ r_1 ++ ... ++ r_R))

    To move a head is::

        base = search(tanh(key)) if gate > 0 else address
        address = (base + (the first of the largest of shift's three) - 1) mod N

        search(k) = the first n with the largest dot(k, M[n]) / (|k| * |M[n]| + EPSILON)
        |m| = sqrt(dot(m, m))
        dot(a, b) = ((0 + a_1 * b_1) + a_2 * b_2) + ...

    At the start every row is ``initial_row``, r is ``initial_reads``, h and c are 0, and every head
    stands at row 0.

    Attributes:
        kind: the kind of machine, a key of ``hardmax.runtime.kinds.KINDS``.
        recurrent: whether the controller is an LSTM.
        controller: V + R W -> H, or V + R W + H -> 4 H of an LSTM.
        write_heads: H -> 3 W + 4 each, 1..MAX_HEADS of them.
        read_heads: H -> W + 4 each, 1..MAX_HEADS of them.
        output: H + R W -> V'.
        initial_row: (W,), no number larger than LARGEST_NUMBER.
        initial_reads: (R, W), likewise.
        metadata: task, memory rule and origin.
    """

    kind: ClassVar[str] = "ntm"

    recurrent: bool
    controller: Layer
    write_heads: tuple[Layer, ...]
    read_heads: tuple[Layer, ...]
    output: Layer
    initial_row: Floats
    initial_reads: Floats
    metadata: SequenceMetadata

    def __post_init__(self) -> None:
        for name in ("initial_row", "initial_reads"):
            array = np.array(getattr(self, name), dtype=np.float32, order="C")
            if not (abs(array) <= LARGEST_NUMBER).all():
                raise HardmaxError(f"expected numbers of at most {LARGEST_NUMBER:g} in {name}")
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        reads = len(self.read_heads) * self.word_size
        controller_inputs, controller_outputs = self.controller.weight.shape
        for name, found, most in (
            ("input channels", self.input_width, MAX_WIDTH),
            ("output channels", self.output_width, MAX_WIDTH),
            ("numbers in a row", self.word_size, MAX_WIDTH),
            ("hidden units", self.hidden, MAX_HIDDEN),
            ("write heads", len(self.write_heads), MAX_HEADS),
            ("read heads", len(self.read_heads), MAX_HEADS),
        ):
            if not 1 <= found <= most:
                raise HardmaxError(f"expected 1..{most} {name}, found {found}")
        for name, found_shape, expected in (
            ("initial_row", self.initial_row.shape, (self.word_size,)),
            ("initial_reads", self.initial_reads.shape, (len(self.read_heads), self.word_size)),
            (
                "controller",
                (controller_inputs, controller_outputs),
                (controller_inputs, self.hidden * (4 if self.recurrent else 1)),
            ),
            *(
                (f"write head {i}", head.weight.shape, (self.hidden, 3 * self.word_size + 4))
                for i, head in enumerate(self.write_heads)
            ),
            *(
                (f"read head {i}", head.weight.shape, (self.hidden, self.word_size + 4))
                for i, head in enumerate(self.read_heads)
            ),
            ("output", self.output.weight.shape, (self.hidden + reads, self.output_width)),
        ):
            if found_shape != expected:
                raise HardmaxError(f"expected {name} to be {expected}, found {found_shape}")
        seen = np.full(self.input_width + reads, LARGEST_NUMBER)
        ones = np.ones(self.hidden)
        bounds = [
            self.controller.largest(np.append(seen, ones) if self.recurrent else seen),
            *(head.largest(ones) for head in (*self.write_heads, *self.read_heads)),
            self.output.largest(np.append(ones, seen[:reads])),
        ]
        if max(bound.max() for bound in bounds) > LARGEST:
            raise HardmaxError(f"weights are so large that numbers can exceed {LARGEST:g}")

    @property
    def input_width(self) -> int:
        """V, the number of input channels."""
        own = len(self.read_heads) * self.word_size + (self.hidden if self.recurrent else 0)
        return len(self.controller.weight) - own

    @property
    def output_width(self) -> int:
        """V', the number of output channels."""
        return len(self.output.bias)

    @property
    def word_size(self) -> int:
        """W, the numbers in a row of the memory."""
        return self.initial_row.size

    @property
    def hidden(self) -> int:
        """H, the number of hidden units."""
        return len(self.controller.bias) // (4 if self.recurrent else 1)

    @property
    def heads(self) -> tuple[Layer, ...]:
        """All heads in the order of a step's addresses: those that write, then those that read."""
        return (*self.write_heads, *self.read_heads)

    @property
    def head_names(self) -> tuple[str, ...]:
        """For people: what each of :attr:`heads` is called."""
        names = (("write", self.write_heads), ("read", self.read_heads))
        return tuple(
            f"{name} {i + 1}" if len(heads) > 1 else name
            for name, heads in names
            for i in range(len(heads))
        )

    def part_ends(self, number: int) -> tuple[int, ...]:
        """Where the parts of what a head's layer gives end, but for the last: key, gate, shift and,
        of a writer, erase and add."""
        word = self.word_size
        ends = (word, word + 1, word + 4, 2 * word + 4)
        return ends if number < len(self.write_heads) else ends[:2]

    def layers(self) -> Iterator[tuple[str, Layer]]:
        """Yield the layers with their names."""
        yield "controller", self.controller
        for kind, heads in (("write_head", self.write_heads), ("read_head", self.read_heads)):
            yield from ((f"{kind}_{i}", head) for i, head in enumerate(heads))
        yield "output", self.output

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NtmProgram) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key[:-1])

    @cached_property
    def _key(self) -> tuple[object, ...]:
        initial = (self.initial_row.tobytes(), self.initial_reads.tobytes())
        return self.recurrent, tuple(self.layers()), initial, self.metadata

    def facts(self) -> Iterator[tuple[str, object]]:
        """Yield its sizes, name and value."""
        yield "inputs", self.input_width
        yield "outputs", self.output_width
        yield "controller", f"{self._controller_kind}, {self.hidden} units"
        yield "heads", f"{len(self.write_heads)} writing, {len(self.read_heads)} reading"
        yield "memory", f"{self.metadata.memory} rows of {self.word_size} numbers"

    @property
    def _controller_kind(self) -> str:
        return "lstm" if self.recurrent else "mlp"

    def _repr_svg_(self) -> str | None:
        return notebook.drawing(self)

    def __repr__(self) -> str:
        sizes = (
            f"{self._controller_kind} of {counted(self.hidden, 'unit')}",
            counted(len(self.write_heads), "write head"),
            counted(len(self.read_heads), "read head"),
            f"rows of {counted(self.word_size, 'number')}",
        )
        return f"<NtmProgram {printable(self.metadata.task)}: {', '.join(sizes)}>"

    def to_json(self) -> str:
        """The canonical text form: one line a field, weights in base64 (little-endian binary32)."""
        metadata = self.metadata
        document: dict[str, Any] = {
            "format": FORMAT,
            "version": FORMAT_VERSION,
            "task": metadata.task,
            "memory": memory_rule_to_data(metadata.memory),
            "trained_complexity": metadata.trained_complexity,
            "model_hash": metadata.model_hash,
            "versions": dict(sorted(metadata.versions.items())),
            "controller": self._controller_kind,
            "input_width": self.input_width,
            "output_width": self.output_width,
            "width": self.word_size,
            "hidden": self.hidden,
            "write_heads": len(self.write_heads),
            "read_heads": len(self.read_heads),
            "initial_row": floats_to_text(self.initial_row),
            "initial_reads": floats_to_text(self.initial_reads),
        }
        for name, layer in self.layers():
            document.update(layer_to_data(name, layer))
        lines = ",\n".join(f'  "{key}": {json.dumps(value)}' for key, value in document.items())
        return f"{{\n{lines}\n}}\n"

    @staticmethod
    def from_data(data: dict[str, Any]) -> NtmProgram:
        """Read the parsed text form back.

        Raises:
            HardmaxError: it is no NTM program of a known version.
        """
        version = data.get("version")
        if type(version) is not int or version != FORMAT_VERSION:
            raise HardmaxError(
                f"expected NTM program format version {FORMAT_VERSION}, found {version!r:.40}"
            )
        try:
            return _program_from_data(data)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise HardmaxError(
                f"malformed hardmax NTM program: {type(error).__name__}: {error}"
            ) from None


def _program_from_data(data: dict[str, Any]) -> NtmProgram:
    recurrent = {"mlp": False, "lstm": True}[string(data["controller"])]
    inputs, word_size, hidden = (integer(data[name]) for name in ("input_width", "width", "hidden"))
    heads = {name: integer(data[name]) for name in ("write_heads", "read_heads")}
    for name, count in heads.items():
        if not 1 <= count <= MAX_HEADS:
            raise HardmaxError(f"expected 1..{MAX_HEADS} {name}, found {count}")
    reads = heads["read_heads"] * word_size
    program = NtmProgram(
        recurrent=recurrent,
        controller=layer_from_data(
            data, "controller", inputs + reads + (hidden if recurrent else 0)
        ),
        write_heads=tuple(
            layer_from_data(data, f"write_head_{i}", hidden) for i in range(heads["write_heads"])
        ),
        read_heads=tuple(
            layer_from_data(data, f"read_head_{i}", hidden) for i in range(heads["read_heads"])
        ),
        output=layer_from_data(data, "output", hidden + reads),
        initial_row=floats_from_text(data["initial_row"]),
        initial_reads=floats_from_text(data["initial_reads"]).reshape(-1, word_size),
        metadata=SequenceMetadata(
            task=string(data["task"]),
            memory=memory_rule_from_data(data["memory"]),
            trained_complexity=integer(data["trained_complexity"]),
            model_hash=string(data["model_hash"]),
            versions={string(k): string(v) for k, v in data["versions"].items()},
        ),
    )
    for name, expected in (
        ("input_width", program.input_width),
        ("output_width", program.output_width),
        ("width", program.word_size),
        ("hidden", program.hidden),
    ):
        if integer(data[name]) != expected:
            raise HardmaxError(f"expected {name} {expected}, found {data[name]}")
    return program
