"""Permutation: an array is permuted into the cells of the permutation."""

from __future__ import annotations

from random import Random

from hardmax.prover.specifications import drawing
from hardmax.prover.specifications.specification import Parameter, Specification


def _draw(random: Random) -> list[int]:
    n = drawing.elements(random)
    memory = drawing.memory(random, 2 * n + 1)
    memory[: n + 1] = [n + 1, *random.sample(range(n), n)]
    return memory


PERMUTATION = Specification(
    task="permutation",
    parameters=(Parameter("n", "m0[0] - 1"),),
    preconditions=(
        "1 <= n and 2 * n + 1 <= M",
        "all(0 <= m0[c] < n for c in range(1, n + 1))",
        "all(m0[c] != m0[d] for c in range(1, n + 1) for d in range(1, c))",
    ),
    first="1",
    end="n + 1",
    output="m0[n + 1 + m0[c]]",
    draw=_draw,
)
