"""Difficulties are drawn by the schedule of the paper's appendix B."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hardmax.trainer.population.curriculum import sample_complexity

DRAWS = 200_000
TOLERANCE = 0.005
"""Of a share; over four standard deviations of a share of 1/2 in DRAWS draws."""


def schedule(level: int, lowest: int, highest: int) -> dict[int, float]:
    """Appendix B by hand: the probability of every difficulty, e up to 200."""
    probability = dict.fromkeys(range(lowest, highest + 1), 0.10 / (highest - lowest + 1))
    for e in range(200):
        geometric = 0.5 ** (e + 1)
        top = min(level + e, highest)
        probability[top] += 0.65 * geometric
        for difficulty in range(lowest, top + 1):
            probability[difficulty] += 0.25 * geometric / (top - lowest + 1)
    return probability


@pytest.mark.parametrize(
    ("level", "lowest", "highest"), [(1, 1, 10), (4, 1, 10), (10, 1, 10), (3, 2, 6), (2, 2, 2)]
)
def test_shares_are_appendix_bs(level: int, lowest: int, highest: int) -> None:
    generator = torch.Generator().manual_seed(0)
    drawn = sample_complexity(torch.tensor([level]), DRAWS, lowest, highest, generator)
    counts = torch.bincount(drawn.flatten(), minlength=highest + 1)
    assert int(counts.sum()) == DRAWS
    for difficulty, probability in schedule(level, lowest, highest).items():
        assert float(counts[difficulty]) / DRAWS == pytest.approx(probability, abs=TOLERANCE)


def test_every_member_draws_for_its_own_level() -> None:
    levels = torch.tensor([1, 5, 9])
    generator = torch.Generator().manual_seed(1)
    drawn = sample_complexity(levels, DRAWS, 1, 9, generator)
    for level, own in zip(levels.tolist(), drawn, strict=True):
        share = float((own == level).float().mean())
        assert share == pytest.approx(schedule(level, 1, 9)[level], abs=TOLERANCE)


@given(
    st.integers(1, 5),
    st.integers(0, 50),
    st.lists(st.floats(0, 1), min_size=1, max_size=4),
    st.integers(0, 2**32),
)
def test_difficulties_stay_in_range(
    lowest: int, span: int, positions: list[float], seed: int
) -> None:
    highest = lowest + span
    levels = torch.tensor([lowest + round(position * span) for position in positions])
    generator = torch.Generator().manual_seed(seed)
    drawn = sample_complexity(levels, 100, lowest, highest, generator)
    assert drawn.shape == (len(positions), 100)
    assert drawn.dtype == torch.int64
    assert lowest <= int(drawn.min()) <= int(drawn.max()) <= highest


def test_same_seed_same_difficulties() -> None:
    first, second = (
        sample_complexity(torch.tensor([2, 3]), 50, 1, 8, torch.Generator().manual_seed(7))
        for _ in range(2)
    )
    assert torch.equal(first, second)
