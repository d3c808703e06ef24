"""Copy and Reverse: an array is written a second time, straight or backwards."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from hardmax.prover.specifications import drawing
from hardmax.prover.specifications.specification import Parameter, Specification


def _draw(random: Random) -> list[int]:
    n = drawing.elements(random)
    memory = drawing.memory(random, 2 * n + 1)
    memory[0] = n + 1
    return memory


COPY = Specification(
    task="copy",
    parameters=(Parameter("n", "m0[0] - 1"),),
    preconditions=("1 <= n and 2 * n + 1 <= M",),
    first="n + 1",
    end="2 * n + 1",
    output="m0[c - n]",
    draw=_draw,
)

REVERSE = replace(COPY, task="reverse", output="m0[2 * n + 1 - c]")
