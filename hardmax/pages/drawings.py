"""Graphviz drawings in a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import graphviz
from markupsafe import Markup

from hardmax.extractor import rendering
from hardmax.extractor.nram import drawing
from hardmax.pages.inline_svg import inline_svg
from hardmax.runtime.errors import HardmaxError

COLORS = {
    rendering.INK: "var(--ink)",
    rendering.QUIET: "var(--quiet)",
    rendering.FRAME: "var(--line)",
    drawing.GATE_FILL: "var(--wash)",
    drawing.CONSTANT_FILL: "var(--page)",
    drawing.MEMORY: "var(--accent)",
    drawing.MEMORY_FILL: "var(--accent-wash)",
    drawing.HALT: "var(--ink)",
    "white": "none",
    "black": "var(--ink)",
}
"""The page's styles for the colours of drawings."""


def drawn(
    draw: Callable[[], bytes], label: str, notes: Mapping[str, str] | None = None
) -> Markup | None:
    """A drawing as :func:`hardmax.pages.inline_svg.inline_svg` makes it.

    Args:
        draw: gives the image.

    Returns:
        None where Graphviz is not installed.
    """
    try:
        return inline_svg(draw(), label, COLORS, notes)
    except HardmaxError as error:
        if isinstance(error.__context__, graphviz.ExecutableNotFound):
            return None
        raise
