"""What the heads of a Neural Turing Machine do, drawn as a state machine by Graphviz."""

from __future__ import annotations

from html import escape

import graphviz

from hardmax.extractor.ntm.moves import Moves
from hardmax.extractor.rendering import laid_out, sheet


def render(moves: Moves, title: str, image_format: str) -> bytes:
    """A drawing in one of ``hardmax.extractor.rendering.FORMATS``.

    Every situation is a state that says how each head moves; arrows go to what came next.

    Raises:
        HardmaxError: another format, or Graphviz is absent or fails.
    """
    return laid_out(_drawing(moves, title), image_format)


def _drawing(moves: Moves, title: str) -> graphviz.Digraph:
    drawing = sheet(title)
    for situation, _, *heads in moves.rows():
        lines = "".join(
            f"<tr><td align='left'>{escape(name)}</td><td align='left'>{escape(move)}</td></tr>"
            for name, move in zip(moves.head_names, heads, strict=True)
        )
        heading = f"<tr><td colspan='2'><b>{escape(situation)}</b></td></tr>"
        table = f"<table border='0' cellspacing='0' cellpadding='3'>{heading}{lines}</table>"
        drawing.node(situation, f"<{table}>", shape="box", style="rounded")
    for before, after in sorted(moves.followers):
        drawing.edge(before, after)
    return drawing
