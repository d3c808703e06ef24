"""A run as a picture the size of a stamp."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup

from hardmax.pages.page import rendered


@dataclass(frozen=True)
class Spot:
    """One field of the picture: its place, its shade 0..1, and whether it is in the accent."""

    row: int
    column: int
    shade: float
    accent: bool = False


def thumbnail(rows: int, columns: int, spots: Iterable[Spot], label: str) -> Markup:
    """A grid of fields as SVG in the page's colours; where there is no spot it is empty.

    Args:
        label: what it shows, for those who do not see it.
    """
    drawn = [spot for spot in spots if spot.shade > 0.02]
    return Markup(rendered("thumbnail.svg", rows=rows, columns=columns, spots=drawn, label=label))
