"""Graphviz: an empty drawing in the style of all of ours, and from a drawing to an image."""

from __future__ import annotations

import graphviz

from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.kinds import AnyProgram, find_kind
from hardmax.runtime.text import printable

FORMATS = ("svg", "pdf", "png", "dot")
"""What a drawing can be written as; all but DOT text need the program ``dot`` of Graphviz."""

FONT = "Helvetica,Arial,sans-serif"
INK = "#26303a"
QUIET = "#98a2ac"
FRAME = "#cfd6dc"

_PNG_DPI = "144"


def laid_out(drawing: graphviz.Digraph, kind: str) -> bytes:
    """A drawing in one of the :data:`FORMATS`.

    Raises:
        HardmaxError: another format, or Graphviz is absent or fails.
    """
    if kind not in FORMATS:
        raise HardmaxError(f"expected one of the formats {', '.join(FORMATS)}, found {kind!r}")
    if kind == "dot":
        return str(drawing.source).encode()
    if kind == "png":
        drawing.attr(dpi=_PNG_DPI)
    try:
        image: bytes = drawing.pipe(format=kind, quiet=True)
    except graphviz.ExecutableNotFound:
        raise HardmaxError(
            f"the format {kind} needs Graphviz, and its program dot was not found; "
            "install Graphviz, or write a .dot file"
        ) from None
    except graphviz.CalledProcessError as error:
        reason = " ".join(error.stderr.decode(errors="replace").split())
        raise HardmaxError(f"Graphviz failed to write {kind}: {reason}") from None
    return image


def drawing_title(program: AnyProgram) -> str:
    """What a drawing is of: task, kind of machine, and the beginning of the model's hash."""
    metadata = program.metadata
    known = (metadata.task, find_kind(program.kind).title, metadata.model_hash[:12])
    return ", ".join(filter(None, known))


def sheet(title: str) -> graphviz.Digraph:
    """An empty drawing from left to right, with its title."""
    text = {"fontname": FONT, "fontcolor": INK}
    return graphviz.Digraph(
        graph_attr={
            **text,
            "rankdir": "LR",
            "label": graphviz.escape(printable(title)),
            "labelloc": "t",
            "fontsize": "20",
            "ranksep": "0.6",
            "nodesep": "0.25",
            "pad": "0.2",
            "mclimit": "10",
        },
        node_attr={**text, "color": INK, "fontsize": "12"},
        edge_attr={**text, "color": INK, "fontsize": "11", "arrowsize": "0.6"},
    )
