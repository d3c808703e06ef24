"""WalkBST: a path of k steps is followed down a tree of (value, left, right) nodes.

``node(i)`` is the address of the node after i steps.
"""

from __future__ import annotations

from random import Random

from hardmax.prover.specifications import drawing
from hardmax.prover.specifications.specification import Parameter, Recurrence, Specification


def _draw(random: Random) -> list[int]:
    k = drawing.elements(random, 0)
    memory = drawing.memory(random, 3 + k + 3 * (k + 1))
    nodes = drawing.blocks(random, k + 1, 3, 3 + k, len(memory))
    memory[0] = nodes[0]
    memory[2 : 3 + k] = [*(random.randrange(2) for _ in range(k)), 0]
    for i, (node, child) in enumerate(zip(nodes, [*nodes[1:], 0], strict=True)):
        memory[node + 1 + memory[2 + i]] = child
    return memory


WALKBST = Specification(
    task="walkbst",
    parameters=(Parameter("k"),),
    preconditions=(
        "0 <= k and 3 + k + 3 * (k + 1) <= M",
        "m0[2 + k] == 0",
        "all(0 <= m0[c] <= 1 for c in range(2, 2 + k))",
        "all(3 + k <= node(i) < M - 2 for i in range(0, k + 1))",
        "m0[node(k) + 1] == 0",
        "all(node(h) + 3 <= node(i) or node(i) + 3 <= node(h)"
        " for i in range(0, k + 1) for h in range(0, i))",
    ),
    first="1",
    end="2",
    output="m0[node(k)]",
    recurrences=(Recurrence("node", start="m0[0]", step="m0[node(i) + 1 + m0[2 + i]]"),),
    draw=_draw,
)
