"""How programs and models show themselves in a notebook, where what draws them is installed."""

from __future__ import annotations

import html
import importlib
from collections.abc import Iterable
from typing import Any

from hardmax.runtime.errors import HardmaxError

DRAWING = "hardmax.drawing"
"""What draws stands above this layer, so it is named here and imported when a notebook asks."""


def drawing(program: Any) -> str | None:
    """A program as SVG; None where Graphviz or what asks it is not installed."""
    try:
        image: bytes = importlib.import_module(DRAWING).render(program, "svg")
    except (HardmaxError, ImportError):
        return None
    return image.decode()


def table(title: str, facts: Iterable[tuple[str, object]]) -> str:
    """Names and values as HTML."""
    rows = "".join(
        f"<tr><th style='text-align:left'>{html.escape(name)}</th>"
        f"<td style='text-align:left'>{html.escape(str(value))}</td></tr>"
        for name, value in facts
    )
    return f"<table><caption>{html.escape(title)}</caption>{rows}</table>"


def preformatted(text: str) -> str:
    """Lines of text as HTML."""
    return f"<pre>{html.escape(text)}</pre>"
