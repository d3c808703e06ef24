"""Circuits and programs as graphs; the names of all attributes are in ``extractor.attributes``."""

from __future__ import annotations

import networkx as nx

from extractor.attributes import Attribute, EdgeKind, NodeKind
from extractor.reachability import reachability
from runtime.gates import GATES, Gate
from runtime.program import Circuit, Program, Row

ENTRY = "entry"
HALT = "halt"


def value_name(circuit: Circuit, value: int) -> str:
    """The paper's name of a value: registers are r1, r2, ..., operations' outputs o1, o2, ..."""
    registers = len(circuit.outputs)
    return f"r{value + 1}" if value < registers else f"o{value - registers + 1}"


def new_register_name(register: int) -> str:
    """The name of a register's value after the timestep: r1', r2', ..."""
    return f"r{register + 1}'"


def circuit_graph(circuit: Circuit) -> nx.DiGraph:
    """One timestep as a graph: registers, operations, new registers, named as in the listing.

    Edges of kind VALUE go from a value to what takes it. Edges of kind ORDER go between uses of the
    memory tape whose order matters, where no chain of other edges gives it already.
    """
    graph = nx.DiGraph()
    for register in range(len(circuit.outputs)):
        graph.add_node(value_name(circuit, register), **{Attribute.KIND: NodeKind.REGISTER})
    for value, operation in enumerate(circuit.operations, start=len(circuit.outputs)):
        node = value_name(circuit, value)
        graph.add_node(node, **{Attribute.KIND: NodeKind.OPERATION, Attribute.GATE: operation.gate})
        fed: dict[int, tuple[str, ...]] = {}
        for name, operand in zip(GATES[operation.gate].operands, operation.operands, strict=True):
            fed[operand] = (*fed.get(operand, ()), name)
        for operand, names in fed.items():
            graph.add_edge(
                value_name(circuit, operand),
                node,
                **{Attribute.KIND: EdgeKind.VALUE, Attribute.OPERANDS: names},
            )
    for register, value in enumerate(circuit.outputs):
        node = new_register_name(register)
        graph.add_node(node, **{Attribute.KIND: NodeKind.NEW_REGISTER})
        graph.add_edge(value_name(circuit, value), node, **{Attribute.KIND: EdgeKind.VALUE})
    _add_memory_order(graph)
    return graph


def _add_memory_order(graph: nx.DiGraph) -> None:
    """Order every WRITE after all earlier READs and WRITEs, and every READ after all WRITEs."""
    earlier: list[tuple[str, Gate]] = []
    for node, gate in tuple(graph.nodes(data=Attribute.GATE)):
        if gate not in (Gate.READ, Gate.WRITE):
            continue
        for before, before_gate in reversed(earlier):
            if Gate.WRITE in (gate, before_gate) and not nx.has_path(graph, before, node):
                graph.add_edge(before, node, **{Attribute.KIND: EdgeKind.ORDER})
        earlier.append((node, gate))


def state_graph(program: Program) -> nx.DiGraph:
    """Which circuit follows which, in any run on any memory.

    A node of kind TIMESTEP is what the reachable rows of one state with the same circuit and next
    state have in common; the node ENTRY leads to the first timestep, and halting circuits lead to
    the node HALT. An edge's BITS are the zero-bits after a timestep that lead to the next one.
    """
    successors = reachability(program).successors
    number = {circuit: i for i, circuit in enumerate(program.circuits())}
    rows: dict[tuple[int, Row], list[int]] = {}
    for state, bits, row in program.rows():
        if (state, bits) in successors:
            rows.setdefault((state, row), []).append(bits)
    names = {key: f"t{i}" for i, key in enumerate(rows)}
    node_at = {
        (state, bits): names[state, row]
        for (state, row), all_bits in rows.items()
        for bits in all_bits
    }

    graph = nx.DiGraph()
    graph.add_node(ENTRY, **{Attribute.KIND: NodeKind.ENTRY})
    for (state, row), all_bits in rows.items():
        graph.add_node(
            names[state, row],
            **{
                Attribute.KIND: NodeKind.TIMESTEP,
                Attribute.STATE: state,
                Attribute.CIRCUIT: number[row.circuit],
                Attribute.BITS: tuple(all_bits),
            },
        )
    graph.add_node(HALT, **{Attribute.KIND: NodeKind.HALT})

    graph.add_edge(ENTRY, node_at[0, program.start_bits], **{Attribute.BITS: (program.start_bits,)})
    for (state, row), all_bits in rows.items():
        if row.circuit.halt:
            graph.add_edge(names[state, row], HALT)
        following: dict[str, list[int]] = {}
        for next_bits in sorted({b for bits in all_bits for b in successors[state, bits]}):
            following.setdefault(node_at[row.next_state, next_bits], []).append(next_bits)
        for node, leading in following.items():
            graph.add_edge(names[state, row], node, **{Attribute.BITS: tuple(leading)})
    return graph
