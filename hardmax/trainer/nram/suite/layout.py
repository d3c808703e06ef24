"""How the tasks of the suite lay out a memory, and how their definitions read one.

What generators use stands first, what definitions use behind it; neither uses the other's.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence


def padded(cells: Sequence[int], size: int) -> list[int]:
    """A memory of ``size`` cells that begins with ``cells`` and is 0 behind them.

    Raises:
        ValueError: it has no room for them.
    """
    if len(cells) > size:
        raise ValueError(f"{len(cells)} cells do not fit into {size}")
    return [*cells, *[0] * (size - len(cells))]


def draw(rng: random.Random, count: int, low: int, high: int) -> list[int]:
    """``count`` independent integers low..high-1.

    Raises:
        ValueError: there are none.
    """
    return [rng.randrange(low, high) for _ in range(count)]


def place(rng: random.Random, count: int, width: int, first: int, size: int) -> list[int]:
    """The first cells of ``count`` blocks of ``width`` cells in cells first..size-1, in any order.

    All placements without overlap are equally likely.

    Raises:
        ValueError: they do not fit.
    """
    free = size - first - width * count
    if free < 0:
        raise ValueError(f"{count} blocks of {width} cells do not fit into {size - first}")
    slots = sorted(rng.sample(range(free + count), count))
    addresses = [first + slot + (width - 1) * i for i, slot in enumerate(slots)]
    rng.shuffle(addresses)
    return addresses


def linked_list(
    rng: random.Random, header: Sequence[int], values: Sequence[int], size: int
) -> list[int]:
    """A memory with a linked list of nodes (next, value) somewhere behind ``head, header``.

    Raises:
        ValueError: it does not fit.
    """
    addresses = place(rng, len(values), 2, 1 + len(header), size)
    memory = padded([0, *header], size)
    before = 0
    for address, value in zip(addresses, values, strict=True):
        memory[before] = address
        memory[address + 1] = value
        before = address
    return memory


def array_at(memory: Sequence[int], first: int) -> list[int]:
    """The elements from cell ``first`` on, as far as the NULL that ends them."""
    return list(memory[first : memory.index(0, first)])


def pairs_at(memory: Sequence[int], first: int) -> list[tuple[int, int]]:
    """The pairs of cells from cell ``first`` on, as far as the NULL that ends them."""
    elements = array_at(memory, first)
    return list(zip(elements[::2], elements[1::2], strict=True))


def follow(memory: Sequence[int], cell: int) -> Iterator[int]:
    """Yield the addresses that one meets from the pointer in ``cell`` on, as far as NULL.

    Raises:
        ValueError: there is no NULL; M addresses have been met by then, one of them twice.
    """
    for _ in range(len(memory)):
        if memory[cell] == 0:
            return
        cell = memory[cell]
        yield cell
    raise ValueError("the pointers run in a circle")
