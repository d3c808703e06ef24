"""Tasks that are in no suite, as somebody with a problem of their own would have them.

They are what the files of examples of :mod:`benchmarks.own_tasks` show. Nothing of hardmax was made
for one of them. Arrays hold 1..M-1 and end with 0 where nothing else is said, nodes of lists are
(next, value) and lie anywhere, arithmetic is mod M.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from hardmax.trainer.nram.suite.layout import array_at, draw, follow, linked_list, padded, pairs_at

Answer = dict[int, int]


@dataclass(frozen=True)
class Invented:
    """A task in the form that :class:`hardmax.trainer.nram.own_tasks.written_task.Written` has.

    Attributes:
        what: the examples show, for people.
        cells: an input of complexity n for memories of so many cells, not yet padded.
        answer: what the cells that matter hold afterwards, not yet mod M.
    """

    name: str
    what: str
    cells: Callable[[random.Random, int, int], Sequence[int]]
    answer: Callable[[list[int]], Answer]

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        """An input."""
        return padded(self.cells(rng, n, size), size)

    def solve(self, memory: list[int]) -> Answer:
        """Its answer."""
        return {cell: value % len(memory) for cell, value in self.answer(memory).items()}


def _array(rng: random.Random, n: int, size: int) -> list[int]:
    """``A, 0``."""
    return [*draw(rng, n, 1, size), 0]


def _behind(rng: random.Random, n: int, size: int) -> list[int]:
    """``v, A, 0``."""
    return [rng.randrange(1, size), *_array(rng, n, size)]


def _likely(rng: random.Random, n: int, size: int) -> list[int]:
    """``v, A, 0`` with v in one of three cells."""
    v = rng.randrange(1, size)
    return [v, *(v if rng.random() < 1 / 3 else rng.randrange(1, size) for _ in range(n)), 0]


def _out(rng: random.Random, n: int, size: int) -> list[int]:
    """``out, A, 0``."""
    return [0, *_array(rng, n, size)]


def _runs(rng: random.Random, n: int, size: int) -> list[int]:
    """``out, A, 0`` in which an element is often that before it."""
    array = draw(rng, 1, 1, size)
    while len(array) < n:
        array.append(array[-1] if rng.random() < 1 / 2 else rng.randrange(1, size))
    return [0, *array, 0]


def _few(rng: random.Random, n: int, size: int) -> list[int]:
    """``out, A, 0`` of an array that often ends as it begins."""
    array = draw(rng, n, 1, size)
    if rng.random() < 1 / 2:
        array[-1] = array[0]
    return [0, *array, 0]


def _descending(rng: random.Random, n: int, size: int) -> list[int]:
    """``out, A, 0`` of an array that often descends, or nearly."""
    array = sorted(draw(rng, n, 1, size), reverse=True)
    if rng.random() < 1 / 2:
        array[rng.randrange(n)] = rng.randrange(1, size)
    return [0, *array, 0]


def _pairs(rng: random.Random, n: int, size: int) -> list[int]:
    """``(a, b)s, 0``."""
    return [*draw(rng, 2 * n, 1, size), 0]


def _marked(rng: random.Random, n: int, size: int) -> list[int]:
    """``(mark, value)s, 0`` with marks 1 and 2."""
    pairs = ((rng.randrange(1, 3), rng.randrange(1, size)) for _ in range(n))
    return [*(cell for pair in pairs for cell in pair), 0]


def _alike(rng: random.Random, n: int, size: int) -> list[int]:
    """``(a, b)s, 0``, half of them equal."""
    cells = []
    for a in draw(rng, n, 1, size):
        cells += [a, a if rng.random() < 1 / 2 else rng.randrange(1, size)]
    return [*cells, 0]


def _sown(rng: random.Random, n: int, size: int) -> list[int]:
    """``v, A, 0`` with v in some cell."""
    cells = _likely(rng, n, size)
    cells[1 + rng.randrange(n)] = cells[0]
    return cells


def _holed(rng: random.Random, n: int, size: int) -> list[int]:
    """``n, bits`` of which one is 0."""
    cells = _bits(rng, n, size)
    cells[1 + rng.randrange(n)] = 0
    return cells


def _interval(rng: random.Random, n: int, size: int) -> list[int]:
    """``p, q, A`` with p <= q addresses of elements."""
    p, q = sorted(rng.randrange(2, n + 2) for _ in range(2))
    return [p, q, *draw(rng, n, 0, size)]


def _bits(rng: random.Random, n: int, size: int) -> list[int]:
    """``n, bits``."""
    return [n, *draw(rng, n, 0, 2)]


def _list(rng: random.Random, n: int, size: int) -> list[int]:
    """``head, nodes``."""
    return linked_list(rng, [], draw(rng, n, 1, size), size)


def _list_behind(rng: random.Random, n: int, size: int) -> list[int]:
    """``head, v, nodes``."""
    return linked_list(rng, [rng.randrange(1, size)], draw(rng, n, 1, size), size)


def _two_lists(rng: random.Random, n: int, size: int) -> list[int]:
    """``head, free, nodes`` of two lists, one after the other, the first of which may be empty."""
    memory = linked_list(rng, [0], draw(rng, n + 1, 1, size), size)
    nodes = list(follow(memory, 0))
    cut = rng.randrange(n + 1)
    memory[1] = nodes[cut]
    memory[nodes[cut - 1] if cut else 0] = 0
    return memory


def _with_list(solve: Callable[[list[int], list[int]], Answer]) -> Callable[[list[int]], Answer]:
    """An answer about a memory and the addresses of its list's nodes."""
    return lambda memory: solve(memory, list(follow(memory, 0)))


def _replaced(change: Callable[[list[int]], list[int]]) -> Callable[[list[int]], Answer]:
    """An answer that is an array in the place of that in cell 0."""
    return lambda memory: dict(enumerate(change(array_at(memory, 0))))


def _replaced_by(change: Callable[[int, list[int]], list[int]]) -> Callable[[list[int]], Answer]:
    """An answer that is an array in the place of that in cell 1, with v in cell 0."""
    return lambda memory: dict(enumerate(change(memory[0], array_at(memory, 1)), start=1))


def _number(number: Callable[[list[int]], int]) -> Callable[[list[int]], Answer]:
    """An answer in cell 0 about the array in cell 1."""
    return lambda memory: {0: number(array_at(memory, 1))}


def _firsts(first: Callable[[int, int], int]) -> Callable[[list[int]], Answer]:
    """An answer in which the first of each pair is replaced."""
    return lambda memory: {2 * i: first(a, b) for i, (a, b) in enumerate(pairs_at(memory, 0))}


def _moved(memory: list[int], nodes: list[int]) -> Answer:
    """The first free node, in front of the list."""
    free = memory[1]
    return {0: free, 1: memory[free], free: memory[0]}


EARLIER = (
    Invented(
        "before-last",
        "the element before the last one: out, A, 0; cell 0",
        lambda rng, n, size: _out(rng, n + 1, size),
        _number(lambda a: a[-2]),
    ),
    Invented(
        "plus-place",
        "each element plus its place: A, 0",
        _array,
        _replaced(lambda a: [v + i for i, v in enumerate(a)]),
    ),
    Invented(
        "list-plus-k",
        "a list's values plus k: head, k, nodes",
        _list_behind,
        _with_list(
            lambda memory, nodes: {node + 1: memory[node + 1] + memory[1] for node in nodes}
        ),
    ),
    Invented(
        "push-front",
        "a value put in front of an array: v, A, 0; from cell 1 on",
        _behind,
        lambda memory: dict(enumerate([memory[0], *array_at(memory, 1)], start=1)),
    ),
    Invented(
        "zero-below",
        "elements below k become 0: k, A, 0",
        _behind,
        _replaced_by(lambda k, a: [0 if v < k else v for v in a]),
    ),
    Invented(
        "ends-equal",
        "whether the first and the last element are equal: out, A, 0; cell 0",
        _few,
        _number(lambda a: int(a[0] == a[-1])),
    ),
    Invented(
        "ends-swapped",
        "first and last element swapped: A, 0",
        _array,
        lambda memory: {0: array_at(memory, 0)[-1], len(array_at(memory, 0)) - 1: memory[0]},
    ),
    Invented(
        "negate-marked",
        "values with mark 1 negated, those with mark 2 not: pairs (mark, value), 0",
        _marked,
        lambda memory: {
            2 * i + 1: -value if mark == 1 else value
            for i, (mark, value) in enumerate(pairs_at(memory, 0))
        },
    ),
    Invented(
        "pair-min", "the smaller of each pair in its first cell: pairs, 0", _pairs, _firsts(min)
    ),
    Invented(
        "rotate-two",
        "an array rotated to the right by two: A, 0",
        lambda rng, n, size: _array(rng, n + 1, size),
        _replaced(lambda a: [*a[-2:], *a[:-2]]),
    ),
    Invented(
        "count-repeats",
        "how many elements equal the one before: out, A, 0; cell 0",
        _runs,
        _number(lambda a: sum(x == y for x, y in pairwise(a))),
    ),
    Invented(
        "range",
        "the largest less the smallest element: out, A, 0; cell 0",
        _out,
        _number(lambda a: max(a) - min(a)),
    ),
    Invented(
        "sum-between",
        "the sum of cells p to q: p, q, A; cell 0",
        _interval,
        lambda memory: {0: sum(memory[memory[0] : memory[1] + 1])},
    ),
    Invented(
        "pair-differs",
        "whether the two of a pair differ, as 1 or 2, in its first cell: pairs, 0",
        _alike,
        _firsts(lambda a, b: 1 if a == b else 2),
    ),
)
"""Those that were tried while the search was worked on."""

LATER = (
    Invented(
        "zero-every-second",
        "every second element becomes 0: A, 0",
        _array,
        _replaced(lambda a: [0 if i % 2 else v for i, v in enumerate(a)]),
    ),
    Invented(
        "pair-distance",
        "the distance between the two of each pair, in its first cell: pairs, 0",
        lambda rng, n, size: [*draw(rng, 2 * n, 1, max(2, size // 2)), 0],
        _firsts(lambda a, b: abs(a - b)),
    ),
    Invented(
        "sum-with-next",
        "each element plus the one behind it: A, 0",
        _array,
        _replaced(lambda a: [x + y for x, y in pairwise([*a, 0])]),
    ),
    Invented(
        "shift-right",
        "the elements one cell further right, the first cell 0: A, 0",
        _array,
        _replaced(lambda a: [0, *a]),
    ),
    Invented(
        "pop-front",
        "the elements one cell further left, the last one's cell 0: A, 0",
        _array,
        _replaced(lambda a: [*a[1:], 0]),
    ),
    Invented(
        "all-first",
        "every element becomes the first one: A, 0",
        _array,
        _replaced(lambda a: a[:1] * len(a)),
    ),
    Invented(
        "triple",
        "three times each element: A, 0",
        _array,
        _replaced(lambda a: [3 * v for v in a]),
    ),
    Invented(
        "descends",
        "whether no element is larger than the one before (1) or one is (0): out, A, 0; cell 0",
        _descending,
        _number(lambda a: int(all(x >= y for x, y in pairwise(a)))),
    ),
    Invented(
        "index-of",
        "how many elements lie before the first v, which is there: v, A, 0; cell 0",
        _sown,
        lambda memory: {0: array_at(memory, 1).index(memory[0])},
    ),
    Invented(
        "clear-value",
        "elements equal to v become 0: v, A, 0",
        _likely,
        _replaced_by(lambda v, a: [0 if x == v else x for x in a]),
    ),
    Invented(
        "first-zero",
        "the address of the first bit that is 0, of which there is one: n, bits; cell 0",
        _holed,
        lambda memory: {0: memory.index(0, 1)},
    ),
    Invented(
        "count-ones",
        "how many bits are 1: n, bits; cell 0",
        _bits,
        lambda memory: {0: sum(memory[1 : memory[0] + 1])},
    ),
    Invented(
        "list-second",
        "the value of a list's second node: head, out, nodes; cell 1",
        lambda rng, n, size: linked_list(rng, [0], draw(rng, n + 1, 1, size), size),
        _with_list(lambda memory, nodes: {1: memory[nodes[1] + 1]}),
    ),
    Invented(
        "list-pop",
        "a list's first node taken out, its value kept: head, out, nodes; cells 0 and 1",
        lambda rng, n, size: linked_list(rng, [0], draw(rng, n, 1, size), size),
        _with_list(lambda memory, nodes: {0: memory[nodes[0]], 1: memory[nodes[0] + 1]}),
    ),
    Invented(
        "list-take-free",
        "a node moved from a list of free ones to the front of another: head, free, nodes",
        _two_lists,
        _with_list(_moved),
    ),
    Invented(
        "list-double",
        "a list's values doubled: head, nodes",
        _list,
        _with_list(lambda memory, nodes: {node + 1: 2 * memory[node + 1] for node in nodes}),
    ),
)
"""Those that were invented when the search was as it is now."""
