"""Which complexity to train on: the schedule of Zaremba & Sutskever (2014), paper's appendix B."""

from __future__ import annotations

import torch
from torch import Tensor

ANY_DIFFICULTY = 0.10
"""Share of samples whose difficulty is uniform over all possible ones."""

UP_TO_LEVEL = 0.25
"""Share of samples whose difficulty is uniform over 1 .. D + e."""


def sample_complexity(
    level: Tensor, batch: int, lowest: int, highest: int, generator: torch.Generator
) -> Tensor:
    """Draw the difficulties of one batch.

    Args:
        level: int64 [P], each member's current level D, lowest..highest.
        batch: B samples a member.
        lowest: the easiest difficulty the task has.
        highest: the hardest difficulty of the training.
        generator: on the device of ``level``.

    Returns:
        int64 [P, B] in lowest..highest.
    """
    shape = (level.shape[0], batch)

    def uniform() -> Tensor:
        return torch.rand(shape, generator=generator, device=level.device)

    def pick(top: Tensor | int) -> Tensor:
        return lowest + (uniform() * (top - lowest + 1)).long()

    excess = (-torch.log2(1 - uniform())).long()
    beyond = (level[:, None] + excess).clamp_max(highest)
    kind = uniform()
    return torch.where(
        kind < ANY_DIFFICULTY,
        pick(highest),
        torch.where(kind < ANY_DIFFICULTY + UP_TO_LEVEL, pick(beyond), beyond),
    )
