"""Merge: two sorted arrays, each with a guard M-1 behind it, become one.

``taken(i)`` of the first i elements of the result come from A, the others from B; on a tie B's goes
first. ``a(i)`` and ``b(i)`` are the elements that are next then, and the smaller of the two is
element i of the result. The lemmas say what makes that a merge: after all steps each array is used
up, so that every element has been taken once, and the result is sorted.
"""

from __future__ import annotations

from random import Random

from hardmax.prover.specifications import drawing
from hardmax.prover.specifications.specification import (
    Abbreviation,
    Parameter,
    Recurrence,
    Specification,
)


def _draw(random: Random) -> list[int]:
    n = drawing.elements(random)
    na = random.randint(0, n)
    memory = drawing.memory(random, 5 + 2 * n)
    guard = len(memory) - 1
    element = [random.randrange(1, guard) for _ in range(n)]
    memory[: 5 + n] = [
        *(3, 4 + na, 5 + n),
        *sorted(element[:na]),
        guard,
        *sorted(element[na:]),
        guard,
    ]
    return memory


MERGE = Specification(
    task="merge",
    parameters=(Parameter("na", "m0[1] - 4"), Parameter("nb", "m0[2] - na - 5")),
    preconditions=(
        "m0[0] == 3 and 0 <= na and 0 <= nb and 1 <= na + nb and 5 + 2 * na + 2 * nb <= M",
        "all(1 <= m0[c] < M - 1 for c in range(3, 3 + na))",
        "m0[3 + na] == M - 1",
        "all(1 <= m0[c] < M - 1 for c in range(4 + na, 4 + na + nb))",
        "m0[4 + na + nb] == M - 1",
        "all(m0[c] <= m0[c + 1] for c in range(3, 3 + na))",
        "all(m0[c] <= m0[c + 1] for c in range(4 + na, 4 + na + nb))",
    ),
    first="5 + na + nb",
    end="5 + 2 * na + 2 * nb",
    output="min(a(c - 5 - na - nb), b(c - 5 - na - nb))",
    recurrences=(Recurrence("taken", start="0", step="taken(i) + (0 if b(i) <= a(i) else 1)"),),
    abbreviations=(
        Abbreviation("a", "m0[3 + taken(i)]"),
        Abbreviation("b", "m0[4 + na + i - taken(i)]"),
    ),
    lemmas=(
        "all(0 <= taken(i) <= na and 0 <= i - taken(i) <= nb for i in range(0, na + nb + 1))",
        "all(taken(i) == na for i in range(na + nb, M - 4))",
        "all(min(a(i), b(i)) <= min(a(i + 1), b(i + 1)) for i in range(0, na + nb - 1))",
    ),
    draw=_draw,
)
