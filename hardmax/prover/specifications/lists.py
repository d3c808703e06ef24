"""A linked list of (next, value) nodes is followed from its head in cell 0, or turned round.

``hop(0)`` is 0, the address of the head pointer, and ``hop(i)`` that of the i-th node.
"""

from __future__ import annotations

import itertools
from random import Random

from hardmax.prover.specifications import drawing
from hardmax.prover.specifications.specification import Parameter, Recurrence, Specification

_FIRST = 3
"""Nodes lie behind the head, the question and the slot for the answer."""


def _chain(random: Random, nodes: int) -> tuple[list[int], list[int]]:
    """A memory with a list of so many nodes, and their addresses; the last one leads anywhere."""
    memory = drawing.memory(random, _FIRST + 2 * nodes)
    addresses = drawing.blocks(random, nodes, 2, _FIRST, len(memory))
    for before, node in zip([0, *addresses], addresses, strict=False):
        memory[before] = node
    return memory, addresses


def _draw_listk(random: Random) -> list[int]:
    nodes = drawing.elements(random)
    memory, _ = _chain(random, nodes)
    memory[1] = nodes - 1
    return memory


def _draw_listsearch(random: Random) -> list[int]:
    memory, addresses = _chain(random, drawing.elements(random))
    for node in addresses[:-1]:
        if memory[node + 1] == memory[1]:
            memory[node + 1] = (memory[1] + 1) % len(memory)
    memory[addresses[-1] + 1] = memory[1]
    return memory


def _draw_list(random: Random) -> list[int]:
    nodes = drawing.elements(random)
    memory = drawing.memory(random, 1 + 2 * nodes)
    addresses = drawing.blocks(random, nodes, 2, 1, len(memory))
    for before, node in itertools.pairwise([0, *addresses, 0]):
        memory[before] = node
    return memory


_HOP = Recurrence("hop", start="0", step="m0[hop(i)]")

LISTK = Specification(
    task="listk",
    parameters=(Parameter("k", "m0[1]"),),
    preconditions=(
        "0 <= k and 5 + 2 * k <= M",
        "all(3 <= hop(i) < M - 1 for i in range(1, k + 2))",
        "all(hop(h) + 2 <= hop(i) or hop(i) + 2 <= hop(h)"
        " for i in range(1, k + 2) for h in range(1, i))",
    ),
    first="2",
    end="3",
    output="m0[hop(k + 1) + 1]",
    recurrences=(_HOP,),
    draw=_draw_listk,
)

LISTSEARCH = Specification(
    task="listsearch",
    parameters=(Parameter("k"),),
    preconditions=(
        "1 <= k and 3 + 2 * k <= M",
        "all(3 <= hop(i) < M - 1 for i in range(1, k + 1))",
        "all(hop(h) + 2 <= hop(i) or hop(i) + 2 <= hop(h)"
        " for i in range(1, k + 1) for h in range(1, i))",
        "all(m0[hop(i) + 1] != m0[1] for i in range(1, k))",
        "m0[hop(k) + 1] == m0[1]",
    ),
    first="2",
    end="3",
    output="hop(k)",
    recurrences=(_HOP,),
    draw=_draw_listsearch,
)

LIST_REVERSE = Specification(
    task="list-reverse",
    parameters=(Parameter("k"),),
    preconditions=(
        "1 <= k < M",
        "hop(k + 1) == 0",
        "all(hop(h) != hop(i) for i in range(1, k + 1) for h in range(0, i))",
    ),
    first="0",
    end="k + 1",
    cell="hop(c)",
    output="hop(c - 1) if c > 0 else hop(k)",
    recurrences=(_HOP,),
    draw=_draw_list,
)
