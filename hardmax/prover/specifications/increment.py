"""Increment: every element of an array becomes greater by 1."""

from __future__ import annotations

from random import Random

from hardmax.prover.specifications import drawing
from hardmax.prover.specifications.specification import Parameter, Specification


def _draw(random: Random) -> list[int]:
    n = drawing.elements(random)
    memory = drawing.memory(random, max(n + 1, 3))
    memory[: n + 1] = [*(random.randrange(1, len(memory) - 1) for _ in range(n)), 0]
    return memory


INCREMENT = Specification(
    task="increment",
    parameters=(Parameter("n"),),
    preconditions=(
        "1 <= n < M",
        "m0[n] == 0",
        "all(1 <= m0[c] < M - 1 for c in range(0, n))",
    ),
    first="0",
    end="n",
    output="m0[c] + 1",
    draw=_draw,
)
