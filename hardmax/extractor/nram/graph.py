"""Circuits and programs as graphs; ``attributes`` beside this file names all attributes."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import networkx as nx

from hardmax.extractor.nram.attributes import Attribute, EdgeKind, NodeKind
from hardmax.extractor.nram.conditions import conditions
from hardmax.runtime.nram.gates import GATES, Gate
from hardmax.runtime.nram.passes.reachability import reachability
from hardmax.runtime.nram.program import Circuit, Program, Row

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
        graph.add_node(
            value_name(circuit, register),
            **{Attribute.KIND: NodeKind.REGISTER, Attribute.REGISTER: register},
        )
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
        graph.add_node(
            node, **{Attribute.KIND: NodeKind.NEW_REGISTER, Attribute.REGISTER: register}
        )
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
    timesteps: list[dict[Row, list[int]]] = [{} for _ in program.table]
    for state, bits, row in program.rows():
        if (state, bits) in successors:
            timesteps[state].setdefault(row, []).append(bits)

    graph = nx.DiGraph()
    graph.add_node(ENTRY, **{Attribute.KIND: NodeKind.ENTRY})
    for state, rows in enumerate(timesteps):
        for row, bits_of_row in rows.items():
            graph.add_node(
                _timestep(state, row, number),
                **{
                    Attribute.KIND: NodeKind.TIMESTEP,
                    Attribute.STATE: state,
                    Attribute.CIRCUIT: number[row.circuit],
                    **_bits_among(bits_of_row, rows.values()),
                },
            )
    graph.add_node(HALT, **{Attribute.KIND: NodeKind.HALT})

    for state, rows in enumerate(timesteps):
        for row, bits_of_row in rows.items():
            node = _timestep(state, row, number)
            if row.circuit.halt:
                graph.add_edge(node, HALT)
            following = {bits for before in bits_of_row for bits in successors[state, before]}
            leading = {
                next_row: sorted(following.intersection(next_bits))
                for next_row, next_bits in timesteps[row.next_state].items()
                if not following.isdisjoint(next_bits)
            }
            for next_row, next_bits in leading.items():
                graph.add_edge(
                    node,
                    _timestep(row.next_state, next_row, number),
                    **_bits_among(next_bits, leading.values()),
                )
            if state == 0 and program.start_bits in bits_of_row:
                graph.add_edge(ENTRY, node, **_bits_among([program.start_bits], []))
    return graph


def timestep_title(program: Program, graph: nx.DiGraph, node: str) -> str:
    """What to call a TIMESTEP node: ``circuit 3``; with several states ``state 1, circuit 3``."""
    circuit = f"circuit {graph.nodes[node][Attribute.CIRCUIT]}"
    if len(program.table) == 1:
        return circuit
    return f"state {graph.nodes[node][Attribute.STATE]}, {circuit}"


def _timestep(state: int, row: Row, number: Mapping[Circuit, int]) -> str:
    """The name of a node: equal rows of one state are one timestep."""
    return f"s{state}c{number[row.circuit]}s{row.next_state}"


def _bits_among(bits: list[int], groups: Collection[list[int]]) -> dict[Attribute, object]:
    """The attributes BITS and CONDITIONS of one group of bits among several."""
    others = [other for group in groups if group is not bits for other in group]
    return {Attribute.BITS: tuple(bits), Attribute.CONDITIONS: conditions(bits, others)}
