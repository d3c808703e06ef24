"""Line charts as SVG in a page's own type and colours."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from hardmax.pages.page import rendered

WIDTH, HEIGHT = 640, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 76, 24, 12, 48


@dataclass(frozen=True)
class Line:
    """A line of a chart.

    Attributes:
        name: what it shows.
        points: (x, y), by rising x.
        style: ``plain``, ``accent`` or ``dashed``.
    """

    name: str
    points: Sequence[tuple[float, float]]
    style: str = "plain"


def line_chart(
    lines: Sequence[Line],
    x_name: str,
    y_name: str,
    *,
    highest: float | None = None,
    logarithmic: bool = False,
    percent: bool = False,
    marks: bool = True,
) -> Markup:
    """A chart from y = 0 up.

    Args:
        lines: at least one, each with at least one point.
        x_name, y_name: what the axes are.
        highest: of the y axis, at least; None for what the points need.
        logarithmic: whether x is, and then all x are above 0.
        marks: whether each point is marked.
        percent: whether y is a share of 1 to be shown in percent.
    """
    xs = [x for line in lines for x, _ in line.points]
    top = max([y for line in lines for _, y in line.points] + ([highest] if highest else []))
    top = top or 1.0
    scale = math.log10 if logarithmic else float
    low, high = scale(min(xs)), scale(max(xs))
    span = (high - low) or 1.0

    def across(x: float) -> float:
        return round(_LEFT + (scale(x) - low) / span * (WIDTH - _LEFT - _RIGHT), 1)

    def up(y: float) -> float:
        return round(HEIGHT - _BOTTOM - y / top * (HEIGHT - _TOP - _BOTTOM), 1)

    drawn = [
        {
            "name": line.name,
            "style": line.style,
            "points": [(across(x), up(y), x, _number(y, percent)) for x, y in line.points],
        }
        for line in lines
    ]
    x_ticks = _decades(min(xs), max(xs)) if logarithmic else _steps(min(xs), max(xs))
    return Markup(
        rendered(
            "chart.svg",
            lines=drawn,
            x_ticks=[(across(x), f"{x:g}") for x in x_ticks],
            y_ticks=[(up(y), _number(y, percent)) for y in _steps(0, top)],
            marks=marks,
            x_name=x_name,
            y_name=y_name,
            width=WIDTH,
            height=HEIGHT,
            left=_LEFT,
            right=WIDTH - _RIGHT,
            bottom=HEIGHT - _BOTTOM,
            top=_TOP,
        )
    )


def _number(y: float, percent: bool) -> str:
    return f"{100 * y:.3g} %" if percent else f"{y:.3g}"


def _steps(low: float, high: float) -> list[float]:
    """About four round numbers from one end to the other."""
    raw = (high - low) / 4 or 1.0
    magnitude = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * magnitude for factor in (1, 2, 5, 10) if factor * magnitude >= raw)
    first = math.ceil(low / step)
    return [round(i * step, 12) for i in range(first, math.floor(high / step + 1e-9) + 1)]


def _decades(low: float, high: float) -> list[float]:
    """1, 2 and 5 times the powers of ten between two numbers above 0."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    ticks = [factor * 10.0**power for power in powers for factor in (1, 2, 5)]
    return [tick for tick in ticks if low <= tick <= high]
