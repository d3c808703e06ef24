"""What a kernel is told: an array of i64, numbers and addresses, each with a name.

One frame is a thread's: it names its workspace and, shared with the others, the network, the batch
and what is to be found out.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from hardmax.trainer.nram.native.layout import Layout
from hardmax.trainer.nram.native.vector_code import POINTER, Code, Index, Value

SHARED = (
    *("cells", "groups"),
    *("memory", "expected", "weight", "budget", "hard", "keys", "wrong"),
    *("entropy_scale", "value_scale", "loss_scale", "overrun_scale", "gumbel"),
    *("learning_rate", "deviation", "first_share", "second_share", "finite"),
)
"""M, groups of lanes a member, then addresses:

memory, expected: i32 [P, G, M, lanes]; weight: [P, G, M, lanes], of an output cell in the loss, 0
of any other; budget: i32 [P, G, lanes], 0 of a lane without a sample; hard: i32 [P, G, lanes], 1
where decisions are made straight-through; keys: i64 [P], of random numbers; wrong: [P, G, lanes],
how many output cells are wrong in the read-out.

The rest is [P]: weights in the objective, the scale of Gumbel noise, learning rates, the standard
deviation of the gradient noise, and by what Adam's moments are to be multiplied; finite: i64,
whether the gradient was.
"""

MOMENTS = ("first", "second", "average")
"""What Adam keeps of every parameter."""


class Frame:
    """The names of a frame's fields, and code that reads them."""

    def __init__(self, layout: Layout) -> None:
        names = list(SHARED)
        for parameter in layout.parameters:
            names.append(parameter)
            names += [f"{moment}.{parameter}" for moment in MOMENTS]
        for layer in layout.layers:
            names += [f"packed.{layer}", f"gradient.{layer}"]
        names.append("gradient")
        for region in layout.regions:
            names += [region, f"stride.{region}"]
        assert len(set(names)) == len(names)
        self.places = {name: place for place, name in enumerate(names)}

    def fill(self, values: Mapping[str, int]) -> NDArray[np.int64]:
        """A frame of all the values."""
        frame = np.zeros(len(self.places), dtype=np.int64)
        for name, value in values.items():
            frame[self.places[name]] = value
        return frame

    def index(self, code: Code, frame: Value, name: str) -> Value:
        """A field, i64."""
        return code.get_index(frame, self.places[name])

    def pointer(self, code: Code, frame: Value, name: str) -> Value:
        """A field that is an address."""
        return code.builder.inttoptr(self.index(code, frame, name), POINTER)

    def row(self, code: Code, frame: Value, name: str, timestep: Index = 0) -> Value:
        """A region's row of a timestep, counted from 0."""
        start = self.pointer(code, frame, name)
        if isinstance(timestep, int) and timestep == 0:
            return start
        stride = self.index(code, frame, f"stride.{name}")
        return code.at(start, code.multiply(stride, timestep))
