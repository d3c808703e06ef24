"""Access: cell 0 becomes the element at address k."""

from __future__ import annotations

from random import Random

from hardmax.prover.specifications import drawing
from hardmax.prover.specifications.specification import Parameter, Specification


def _draw(random: Random) -> list[int]:
    n = drawing.elements(random)
    memory = drawing.memory(random, n + 2)
    memory[0] = random.randint(1, n)
    memory[1 : n + 2] = [*(random.randrange(1, len(memory)) for _ in range(n)), 0]
    return memory


ACCESS = Specification(
    task="access",
    parameters=(Parameter("k", "m0[0]"), Parameter("n")),
    preconditions=(
        "1 <= k <= n and n + 1 < M",
        "m0[n + 1] == 0",
        "all(m0[c] != 0 for c in range(1, n + 1))",
    ),
    first="0",
    end="1",
    output="m0[k]",
    draw=_draw,
)
