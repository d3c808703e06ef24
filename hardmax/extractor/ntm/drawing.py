"""What the heads of a Neural Turing Machine do, drawn as a state machine by Graphviz."""

from __future__ import annotations

from html import escape
from pathlib import Path

import graphviz

from hardmax.extractor.nram.drawing import laid_out, sheet
from hardmax.extractor.ntm.moves import Moves
from hardmax.runtime.atomic_write import write_output
from hardmax.runtime.errors import HardmaxError


def draw_moves(moves: Moves, title: str, path: Path) -> None:
    """Write a drawing; the extension chooses the format, as in ``hardmax.extractor.nram.drawing``.

    Every situation is a state that says how each head moves; arrows go to what came next.

    Raises:
        HardmaxError: another extension, Graphviz is absent or fails, or the file cannot be written.
    """
    try:
        drawing = laid_out(_drawing(moves, title), path.suffix.removeprefix(".").lower())
    except HardmaxError as error:
        raise HardmaxError(f"cannot draw {path}: {error}") from None
    write_output(path, drawing)


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
