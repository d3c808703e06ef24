"""Random draws that several tasks share, batched: no Python loop over samples.

Quantities that differ from sample to sample are columns, int64 [N, 1].
"""

from __future__ import annotations

import torch
from torch import Tensor

_WIDE = 1 << 62
"""A draw below it, taken modulo a small bound, is uniform to within bound / 2^62."""


def uniform(low: int, high: int, shape: tuple[int, int], generator: torch.Generator) -> Tensor:
    """Integers low..high-1, int64 of ``shape``, on the generator's device."""
    return torch.randint(low, high, shape, generator=generator, device=generator.device)


def below(bound: Tensor, generator: torch.Generator) -> Tensor:
    """For every positive ``bound``, int64 [N, K], a uniform integer 0..bound-1."""
    return uniform(0, _WIDE, (bound.shape[0], bound.shape[1]), generator) % bound


def array(
    first: int | Tensor, length: Tensor, size: int, high: int, generator: torch.Generator
) -> Tensor:
    """Memories [N, size] with elements 1..high-1 in ``length`` cells from ``first``, else 0."""
    values = uniform(1, high, (len(length), size), generator)
    cell = torch.arange(size, device=generator.device)
    return values.masked_fill_((cell < first) | (cell >= first + length), 0)


def permutations(length: Tensor, columns: int, generator: torch.Generator) -> Tensor:
    """In each row, a uniform permutation of 0..length-1, then the other columns in any order.

    Args:
        length: int64 [N, 1], each at most ``columns``.

    Returns:
        int64 [N, columns].
    """
    device = generator.device
    key = torch.rand((len(length), columns), generator=generator, device=device)
    key.masked_fill_(torch.arange(columns, device=device) >= length, 1.0)
    return key.argsort(dim=1)


def place_blocks(
    count: Tensor, width: int, first: int | Tensor, size: int, generator: torch.Generator
) -> Tensor:
    """Put blocks of adjacent cells at random: all placements without overlap are equally likely.

    A block counts as one slot, like a free cell; random slots become blocks, and every block moves
    the slots behind it by ``width - 1`` cells.

    Args:
        count: int64 [N, 1], blocks in each memory.
        width: cells of a block.
        first: the first cell that a block may take, int or int64 [N, 1].
        size: memory size; ``first + width * count <= size``.

    Returns:
        int64 [N, max count], the first cells of the blocks in random order; from column ``count``
        on it is ``size``, just behind the memory.
    """
    slots = size - first - (width - 1) * count
    columns, most = int(slots.max()), int(count.max())
    slot = permutations(slots, columns, generator)[:, :most]
    present = torch.arange(most, device=count.device) < count
    taken = torch.zeros((len(count), columns), dtype=torch.int64, device=count.device)
    taken.scatter_(1, slot, present.long())
    blocks_before = (taken.cumsum(1) - taken).gather(1, slot)
    return torch.where(present, first + slot + (width - 1) * blocks_before, size)
