"""Figures in the manner of the paper's; matplotlib, an optional extra, draws them."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from runtime.errors import HardmaxError

if TYPE_CHECKING:
    from hardmax.reproduction import Result

MARKERS = "osvD^P<X>*"
"""Ours mostly lie on top of each other at 0, where only the shape tells them apart."""


def expect_matplotlib() -> None:
    """Say so in one line if nothing can be drawn.

    Raises:
        HardmaxError: matplotlib is not installed.
    """
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError:
        raise HardmaxError("a figure needs matplotlib: pip install 'hardmax[plots]'") from None


def draw_errors(results: Sequence[Result]) -> bytes:
    """Figure 3 as SVG: error against maximal complexity, of soft models and of compiled code."""
    expect_matplotlib()
    import matplotlib
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.2), layout="constrained")
    panels = figure.subplots(1, 2)
    kinds = (
        ("soft", [result.soft for result in results]),
        ("compiled", [result.compiled for result in results]),
    )
    for axes, (kind, curves) in zip(panels, kinds, strict=True):
        for i, (result, points) in enumerate(zip(results, curves, strict=True)):
            axes.plot(
                [point.complexity for point in points],
                [100 * point.error for point in points],
                label=result.task.title,
                marker=MARKERS[i % len(MARKERS)],
                markerfacecolor="none",
                markersize=4 + 1.2 * i,
                linewidth=1,
            )
        worst = max(point.error for points in curves for point in points)
        axes.set_ylim(-2, max(20.0, 105 * worst))
        axes.set_title(f"{kind}, {curves[0][0].samples} samples a point")
        axes.set_xlabel("maximal complexity")
        axes.set_ylabel("error [%]")
    panels[1].set_xscale("log")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside right center")
    drawn = io.BytesIO()
    # Neither dates nor random names: the same results give the same file.
    with matplotlib.rc_context({"svg.hashsalt": "hardmax"}):
        figure.savefig(drawn, format="svg", metadata={"Date": None})
    return drawn.getvalue()
