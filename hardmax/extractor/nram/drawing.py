"""Drawings of a program in the manner of the paper's figures 4 to 9, by Graphviz.

A drawing shows which circuit follows which, and then every distinct circuit: the registers on the
left, gates with one pin for each operand, the new registers on the right. Where the order of two
uses of the memory tape matters and no value gives it, a dashed arrow does.
"""

from __future__ import annotations

from html import escape

import graphviz
import networkx as nx

from hardmax.extractor.nram.attributes import Attribute, EdgeKind, NodeKind
from hardmax.extractor.nram.conditions import Condition
from hardmax.extractor.nram.graph import circuit_graph, state_graph, timestep_title
from hardmax.extractor.rendering import FRAME, INK, QUIET, laid_out, sheet
from hardmax.runtime.nram.gates import EFFECTS, GATES, Gate
from hardmax.runtime.nram.program import Circuit, Program

_GATE = "#eef3f8"
_CONSTANT = "#f5f5f2"
_MEMORY = "#b4531f"
_MEMORY_FILL = "#fcf0e6"
_HALT = "#a3243b"

_VALUE_PORT = "value"


def render(program: Program, kind: str) -> bytes:
    """The drawing in one of ``hardmax.extractor.rendering.FORMATS``: same program, same DOT text.

    Raises:
        HardmaxError: another format, or Graphviz is absent or fails.
    """
    return laid_out(_drawing(program), kind)


def _drawing(program: Program) -> graphviz.Digraph:
    """The whole drawing. Graphviz stacks its parts from the bottom up, so the last comes first."""
    drawing = sheet(program.metadata.task)
    for number, circuit in reversed(list(enumerate(program.circuits()))):
        drawing.subgraph(_circuit_diagram(number, circuit))
    drawing.subgraph(_state_diagram(program))
    return drawing


def _frame(name: str, title: str, color: str = INK) -> graphviz.Digraph:
    """An empty part of the drawing, with its title."""
    return graphviz.Digraph(
        f"cluster_{name}",
        graph_attr={
            "label": title,
            "fontsize": "14",
            "fontcolor": color,
            "color": FRAME if color == INK else color,
            "style": "rounded",
            "margin": "14",
        },
    )


def _state_diagram(program: Program) -> graphviz.Digraph:
    """Which circuit follows which, with what the zero-bits must be."""
    graph = state_graph(program)
    diagram = _frame("states", "Which circuit follows which")
    for node, attributes in graph.nodes(data=True):
        match attributes[Attribute.KIND]:
            case NodeKind.ENTRY:
                diagram.node(node, label="start", shape="plaintext", width="0", margin="0.05")
            case NodeKind.TIMESTEP:
                title = timestep_title(program, graph, node).replace(", ", "\n")
                diagram.node(
                    node, label=title, shape="box", style="rounded,filled", fillcolor=_GATE
                )
            case NodeKind.HALT if graph.in_degree(node):
                diagram.node(node, label="halt", shape="doublecircle", color=_HALT, fontcolor=_HALT)
    for source, target, attributes in graph.edges(data=True):
        diagram.edge(source, target, label=_alternatives(attributes.get(Attribute.CONDITIONS, ())))
    return diagram


def _alternatives(conditions: tuple[Condition, ...]) -> str:
    """An HTML-like label, one line a condition; empty where it always holds."""
    lines = [
        ", ".join(
            f"{_register(register)} {'=' if zero else '≠'} 0"
            for register, zero in condition.tests()
        )
        for condition in conditions
    ]
    if not any(lines):
        return ""
    rows = "".join(f"<TR><TD>{line}</TD></TR>" for line in " or\n".join(lines).split("\n"))
    return f'<<TABLE BORDER="0" CELLSPACING="0" CELLPADDING="2">{rows}</TABLE>>'


def _circuit_diagram(number: int, circuit: Circuit) -> graphviz.Digraph:
    """Registers, gates, new registers; invisible edges keep them in this order."""
    graph = circuit_graph(circuit)
    name = f"circuit{number}"
    if circuit.halt:
        diagram = _frame(name, f"circuit {number}, then halt", _HALT)
    else:
        diagram = _frame(name, f"circuit {number}")
    before, after = f"{name}_before", f"{name}_after"
    diagram.node(before, label=_register_file(graph, NodeKind.REGISTER), shape="plain")
    for node, gate in graph.nodes(data=Attribute.GATE):
        if gate is not None:
            diagram.node(f"{name}_{node}", label=_symbol(gate), shape="plain")
            diagram.edge(before, f"{name}_{node}", style="invis", weight="0")
            diagram.edge(f"{name}_{node}", after, style="invis", weight="0")
    diagram.node(after, label=_register_file(graph, NodeKind.NEW_REGISTER), shape="plain")

    for source, target, attributes in graph.edges(data=True):
        if attributes[Attribute.KIND] is EdgeKind.ORDER:
            nodes = f"{name}_{source}", f"{name}_{target}"
            diagram.edge(*nodes, style="dashed", color=_MEMORY, weight="0")
            continue
        from_register, to_register = (
            graph.nodes[node].get(Attribute.REGISTER) for node in (source, target)
        )
        tail = (
            f"{name}_{source}:{_VALUE_PORT}:e"
            if from_register is None
            else f"{before}:{from_register}:e"
        )
        if to_register is None:
            for operand in attributes[Attribute.OPERANDS]:
                diagram.edge(tail, f"{name}_{target}:{operand}:w")
        else:
            color = INK if from_register is None else QUIET
            diagram.edge(tail, f"{after}:{to_register}:w", color=color)
    return diagram


def _register_file(graph: nx.DiGraph, kind: NodeKind) -> str:
    """A column of boxes, one for each register; those that nothing is read from are pale."""
    boxes = []
    for node, attributes in graph.nodes(data=True):
        if attributes[Attribute.KIND] is not kind:
            continue
        register = attributes[Attribute.REGISTER]
        color = INK if graph.degree(node) else QUIET
        prime = "&prime;" if kind is NodeKind.NEW_REGISTER else ""
        boxes.append(
            f'<TR><TD PORT="{register}" COLOR="{color}"><FONT COLOR="{color}">'
            f"{_register(register)}{prime}</FONT></TD></TR>"
        )
    return (
        '<<TABLE BORDER="0" CELLBORDER="1" CELLSPACING="9" CELLPADDING="6">'
        f"{''.join(boxes)}</TABLE>>"
    )


def _register(register: int) -> str:
    return f"<I>r</I><SUB>{register + 1}</SUB>"


def _symbol(gate: Gate) -> str:
    """The box of a gate: its pins, named as in the paper's figures, and its name."""
    operands = GATES[gate].operands
    if gate in EFFECTS:
        color, fill = _MEMORY, _MEMORY_FILL
    else:
        color, fill = INK, _GATE if operands else _CONSTANT
    name = f'<TD PORT="{_VALUE_PORT}" ROWSPAN="{max(1, len(operands))}">{escape(gate.value)}</TD>'
    pins = [
        f'<TD PORT="{operand}"><FONT POINT-SIZE="10" COLOR="{QUIET}"><I>{operand}</I></FONT></TD>'
        for operand in operands
    ]
    first, *others = pins or [""]
    rows = "".join(f"<TR>{cells}</TR>" for cells in (first + name, *others))
    return (
        f'<<TABLE STYLE="ROUNDED" BORDER="1" CELLBORDER="0" CELLSPACING="0" CELLPADDING="3" '
        f'COLOR="{color}" BGCOLOR="{fill}">{rows}</TABLE>>'
    )
