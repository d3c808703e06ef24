"""Swap: two elements of an array change places."""

from __future__ import annotations

from random import Random

from hardmax.prover.specifications import drawing
from hardmax.prover.specifications.specification import Parameter, Specification


def _draw(random: Random) -> list[int]:
    n = drawing.elements(random)
    memory = drawing.memory(random, n + 3)
    memory[:2] = [random.randint(2, n + 1), random.randint(2, n + 1)]
    memory[2 : n + 3] = [*(random.randrange(1, len(memory)) for _ in range(n)), 0]
    return memory


SWAP = Specification(
    task="swap",
    parameters=(Parameter("p", "m0[0]"), Parameter("q", "m0[1]"), Parameter("n")),
    preconditions=(
        "2 <= p < n + 2 and 2 <= q < n + 2 and n + 2 < M",
        "m0[n + 2] == 0",
        "all(m0[c] != 0 for c in range(2, n + 2))",
    ),
    first="2",
    end="n + 2",
    output="m0[q] if c == p else m0[p] if c == q else m0[c]",
    draw=_draw,
)
