"""Drawings of a program in the manner of the paper's figures 4 to 9, by Graphviz.

A drawing shows which circuit follows which, and then every distinct circuit: the registers on the
left, gates with one pin for each operand, the new registers on the right; a WRITE without effect is
pale. Where the order of two uses of the memory tape matters and no value gives it, a dashed arrow
does.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import graphviz
import networkx as nx

from hardmax.extractor.nram.attributes import Attribute, EdgeKind, NodeKind
from hardmax.extractor.nram.graph import circuit_graph, state_graph, timestep_title, value_name
from hardmax.extractor.rendering import FRAME, INK, QUIET, laid_out, sheet
from hardmax.runtime.nram.gates import EFFECTS, GATES, Gate
from hardmax.runtime.nram.passes.share_values import useless_writes
from hardmax.runtime.nram.program import Circuit, Program

GATE_FILL = "#eef3f8"
CONSTANT_FILL = "#f5f5f2"
MEMORY = "#b4531f"
MEMORY_FILL = "#fcf0e6"
HALT = "#a3243b"

_VALUE_PORT = "value"


def render(program: Program, kind: str, *, title: str = "") -> bytes:
    """The drawing in one of ``hardmax.extractor.rendering.FORMATS``: same program, same DOT text.

    Args:
        title: what stands above it.

    Raises:
        HardmaxError: another format, or Graphviz is absent or fails.
    """
    return laid_out(_drawing(program, title), kind)


def render_states(program: Program, kind: str) -> bytes:
    """Which circuit follows which, alone; errors as those of :func:`render`.

    A node is called as in ``hardmax.extractor.nram.graph.state_graph``.
    """
    diagram = sheet("")
    legend = _add_states(diagram, program)
    diagram.attr(label=_table(legend), labelloc="b", fontsize="12")
    return laid_out(diagram, kind)


def render_circuit(number: int, circuit: Circuit, kind: str) -> bytes:
    """One circuit alone; errors as those of :func:`render`.

    The node of an operation is called ``circuit{number}_o{i}``, as in the listing; those of the
    registers before and after the timestep are ``circuit{number}_before`` and ``_after``. An edge
    is a decision: that of an operand p of operation i has the id ``circuit{number}_o{i}_p``, that
    of the new value of register 0 ``circuit{number}_after_0``.
    """
    diagram = sheet("")
    _add_circuit(diagram, number, circuit)
    return laid_out(diagram, kind)


def _drawing(program: Program, title: str) -> graphviz.Digraph:
    """The whole drawing. Graphviz stacks its parts from the bottom up, so the last comes first."""
    drawing = sheet(title)
    for number, circuit in reversed(list(enumerate(program.circuits()))):
        if circuit.halt:
            part = _frame(f"circuit{number}", f"circuit {number}, then halt", HALT)
        else:
            part = _frame(f"circuit{number}", f"circuit {number}")
        _add_circuit(part, number, circuit)
        drawing.subgraph(part)
    states = _frame("states", "")
    legend = _add_states(states, program)
    states.attr(label=_table(["Which circuit follows which", *legend], first_size=14))
    drawing.subgraph(states)
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
            "margin": "24",
        },
    )


def _add_states(diagram: graphviz.Digraph, program: Program) -> list[str]:
    """Which circuit follows which, with what the zero-bits must be.

    Returns:
        the legend: where an edge has several conditions it is called by a letter, and each letter
        has a line that says which, in HTML.
    """
    graph = state_graph(program)
    for node, attributes in graph.nodes(data=True):
        match attributes[Attribute.KIND]:
            case NodeKind.ENTRY:
                diagram.node(node, label="start", shape="plaintext", width="0", margin="0.05")
            case NodeKind.TIMESTEP:
                title = timestep_title(program, graph, node).replace(", ", "\n")
                diagram.node(
                    node, label=title, shape="box", style="rounded,filled", fillcolor=GATE_FILL
                )
            case NodeKind.HALT if graph.in_degree(node):
                diagram.node(node, label="halt", shape="doublecircle", color=HALT, fontcolor=HALT)
    legend: list[str] = []
    for source, target, attributes in graph.edges(data=True):
        alternatives = [
            ", ".join(
                f"{_register(register)} {'=' if zero else '≠'} 0"
                for register, zero in condition.tests()
            )
            for condition in attributes.get(Attribute.CONDITIONS, ())
        ]
        label = "" if "" in alternatives else " or ".join(alternatives)
        if len(alternatives) > 1 and label:
            letter = _letter(len(legend))
            legend.append(f"<B>{letter}</B>&nbsp;&nbsp;{label}")
            label = f"<B>{letter}</B>"
        diagram.edge(source, target, label=f"< {label} >" if label else "")
    return legend


def _letter(number: int) -> str:
    """a, b, ..., z, aa, ab, ..."""
    before, last = divmod(number, 26)
    return (_letter(before - 1) if before else "") + chr(ord("a") + last)


def _table(lines: Sequence[str], first_size: int = 12) -> str:
    """An HTML-like label of lines, one below the other; empty where there are none."""
    if not lines:
        return ""
    first, *others = lines
    rows = [f'<TR><TD><FONT POINT-SIZE="{first_size}">{first}</FONT></TD></TR>']
    rows += [
        f'<TR><TD ALIGN="LEFT"><FONT POINT-SIZE="12">{line}</FONT></TD></TR>' for line in others
    ]
    return f'<<TABLE BORDER="0" CELLSPACING="0" CELLPADDING="2">{"".join(rows)}</TABLE>>'


def _add_circuit(diagram: graphviz.Digraph, number: int, circuit: Circuit) -> None:
    """Registers, gates, new registers; invisible edges keep them in this order."""
    graph = circuit_graph(circuit)
    name = f"circuit{number}"
    before, after = f"{name}_before", f"{name}_after"
    # Nobody sees the registers again after a circuit that halts.
    final = circuit.halt and circuit.outputs == tuple(range(len(circuit.outputs)))
    diagram.node(before, label=_register_file(graph, NodeKind.REGISTER), shape="plain")
    useless = {
        value_name(circuit, len(circuit.outputs) + index) for index in useless_writes(circuit)
    }
    for node, gate in graph.nodes(data=Attribute.GATE):
        if gate is not None:
            symbol = _symbol(gate, pale=node in useless)
            diagram.node(f"{name}_{node}", label=symbol, shape="plain")
            diagram.edge(before, f"{name}_{node}", style="invis", weight="0")
            if not final:
                diagram.edge(f"{name}_{node}", after, style="invis", weight="0")
    if not final:
        diagram.node(after, label=_register_file(graph, NodeKind.NEW_REGISTER), shape="plain")

    for source, target, attributes in graph.edges(data=True):
        if attributes[Attribute.KIND] is EdgeKind.ORDER:
            nodes = f"{name}_{source}", f"{name}_{target}"
            diagram.edge(*nodes, style="dashed", color=MEMORY, weight="0")
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
                decision = f"{name}_{target}_{operand}"
                diagram.edge(tail, f"{name}_{target}:{operand}:w", id=decision)
        elif not final:
            color = INK if from_register is None else QUIET
            decision = f"{after}_{to_register}"
            diagram.edge(tail, f"{after}:{to_register}:w", color=color, id=decision)


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


def _symbol(gate: Gate, pale: bool) -> str:
    """The box of a gate: its pins, named as in the paper's figures, and its name."""
    operands = GATES[gate].operands
    title = escape(gate.value)
    if pale:
        color, fill, title = QUIET, "white", f'<FONT COLOR="{QUIET}">{title}</FONT>'
    elif gate in EFFECTS:
        color, fill = MEMORY, MEMORY_FILL
    else:
        color, fill = INK, GATE_FILL if operands else CONSTANT_FILL
    name = f'<TD PORT="{_VALUE_PORT}" ROWSPAN="{max(1, len(operands))}">{title}</TD>'
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
