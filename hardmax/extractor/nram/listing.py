"""A program as text for people: what every circuit does, and which circuit follows which."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import networkx as nx

from hardmax.extractor.nram.attributes import Attribute, NodeKind
from hardmax.extractor.nram.conditions import Condition
from hardmax.extractor.nram.graph import HALT, state_graph, timestep_title, value_name
from hardmax.runtime.nram.gates import Gate
from hardmax.runtime.nram.passes.share_values import useless_writes
from hardmax.runtime.nram.program import Circuit, Program
from hardmax.runtime.text import printable


def listing(program: Program) -> str:
    """The distinct circuits as straight-line code, then the timesteps and what follows them.

    In a circuit ``r1, r2 := r2, o1`` replaces registers at the same moment; registers that are not
    named keep their value. A timestep is a circuit in a state of the controller; ``when`` says for
    which zero-bits it runs, ``if`` which zero-bits after it lead to the next one. Only what a run
    can reach is listed as a timestep.

    Returns:
        lines of text, the last one ended too.

    Examples:
        >>> import hardmax
        >>> print(hardmax.listing(hardmax.load_program("models/access.pt")).splitlines()[2])
        circuit 0:
    """
    graph = state_graph(program)
    lines = [_header(program, graph)]
    for number, circuit in enumerate(program.circuits()):
        lines += ["", f"circuit {number}:", *_indent(statements(circuit))]
    lines += ["", "timesteps:", *_indent(_timesteps(program, graph))]
    return "\n".join(lines) + "\n"


def _header(program: Program, graph: nx.DiGraph) -> str:
    rows = [bits for _, all_bits in graph.nodes(data=Attribute.BITS) for bits in all_bits or ()]
    counts = (
        _count(program.registers, "register"),
        _count(len(program.table), "state"),
        _count(len(program.circuits()), "circuit"),
        _count(len(rows), "reachable row"),
    )
    return f"{printable(program.metadata.task)}: {', '.join(counts)}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _indent(lines: Iterable[str]) -> Iterator[str]:
    return (f"    {line}" for line in lines)


def statements(circuit: Circuit) -> Iterator[str]:
    """One line an operation, one for the registers, and one where the run ends.

    A WRITE that leaves the memory as it is, or is overwritten unseen, is said to be without effect.
    """
    useless = useless_writes(circuit)
    used = set(circuit.outputs).union(*(operation.operands for operation in circuit.operations))
    for value, operation in enumerate(circuit.operations, start=len(circuit.outputs)):
        operands = ", ".join(value_name(circuit, operand) for operand in operation.operands)
        call = f"{operation.gate.value}({operands})"
        bare = operation.gate is Gate.WRITE and value not in used
        effect = "    (without effect)" if value - len(circuit.outputs) in useless else ""
        yield (call if bare else f"{value_name(circuit, value)} = {call}") + effect
    changed = {
        register: value for register, value in enumerate(circuit.outputs) if register != value
    }
    if changed:
        targets, values = (
            ", ".join(value_name(circuit, value) for value in side)
            for side in (changed, changed.values())
        )
        yield f"{targets} := {values}"
    if circuit.halt:
        yield "halt"


def _timesteps(program: Program, graph: nx.DiGraph) -> Iterator[str]:
    """A line for each timestep, below it one for each that can follow."""
    for node, attributes in graph.nodes(data=True):
        match attributes[Attribute.KIND]:
            case NodeKind.ENTRY:
                yield "start"
            case NodeKind.TIMESTEP:
                when = _either("when", attributes[Attribute.CONDITIONS])
                yield timestep_title(program, graph, node) + when
            case NodeKind.HALT:
                continue
        for _, target, edge in graph.out_edges(node, data=True):
            if target == HALT:
                yield "    -> halt"
            else:
                title = timestep_title(program, graph, target)
                yield f"    -> {title}{_either('if', edge[Attribute.CONDITIONS])}"


def _either(word: str, conditions: tuple[Condition, ...]) -> str:
    """`` if r1=0 or r2=0``; nothing where it always holds."""
    if any(condition.mask == 0 for condition in conditions):
        return ""
    return f" {word} {' or '.join(map(str, conditions))}"
