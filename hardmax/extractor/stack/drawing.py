"""A StackProgram as a state diagram, by Graphviz: on each edge what is pushed and popped."""

from __future__ import annotations

from collections import defaultdict
from html import escape

import graphviz

from hardmax.extractor.rendering import QUIET, laid_out, sheet
from hardmax.extractor.stack.transitions import ANY, Transition, transitions
from hardmax.runtime.stack.program import StackProgram

LONGEST_EDGE = 24
"""Lines on an edge before dots stand for the rest."""


def render(program: StackProgram, image_format: str, *, title: str = "") -> bytes:
    """The drawing in one of ``hardmax.extractor.rendering.FORMATS``: same program, same DOT text.

    An edge is labelled with a line for each sort of input: the input, what is read, what is done to
    each structure, and the output.

    Args:
        title: what stands above it.

    Raises:
        HardmaxError: another format, or Graphviz is absent or fails.
    """
    return laid_out(_drawing(program, title), image_format)


def _drawing(program: StackProgram, title: str) -> graphviz.Digraph:
    drawing = sheet(title)
    drawing.attr("node", shape="circle")
    edges: dict[tuple[int, int], list[Transition]] = defaultdict(list)
    for transition in transitions(program):
        edges[transition.state, transition.next_state].append(transition)
    drawing.node("start", "", shape="point")
    for state in sorted({0}.union(*edges)):
        drawing.node(f"state_{state}", str(state))
    drawing.edge("start", "state_0")
    for (state, following), found in edges.items():
        drawing.edge(f"state_{state}", f"state_{following}", f"<{_label(program, found)}>")
    return drawing


def _label(program: StackProgram, found: list[Transition]) -> str:
    """A table: inputs, what is read, what is done to each structure, the output."""
    headings = ("input", "read", *program.structure_names, "output")
    lines = [
        (
            transition.inputs,
            "" if transition.reads == ANY else transition.reads,
            *(operation if operation != "-" else "" for operation in transition.operations),
            transition.output,
        )
        for transition in found[:LONGEST_EDGE]
    ]
    if len(found) > LONGEST_EDGE:
        lines.append((f"and {len(found) - LONGEST_EDGE} more", *(len(headings) - 1) * ("",)))
    rows = [
        "".join(f"<td align='left'><font color='{QUIET}'>{_text(h)}</font></td>" for h in headings),
        *("".join(f"<td align='left'>{_text(word)}</td>" for word in line) for line in lines),
    ]
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return f"<table border='0' cellspacing='4' cellpadding='1'>{body}</table>"


def _text(word: str) -> str:
    """A word in a table. Graphviz 2.43 fails on a cell that is ``]`` and nothing else."""
    return escape(word).replace("]", "&#93;")
