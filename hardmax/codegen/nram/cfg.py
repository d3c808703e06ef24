"""The control-flow graph of a program: which timestep can follow which, and what decides it.

This is what jump-threaded code is made from. A node is what one row of the table does, for all the
zero-bits of its state that share the row; its successors are those of the reachability analysis.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from hardmax.runtime.nram.gates import EFFECTS, Gate
from hardmax.runtime.nram.passes.reachability import Situation, reachability
from hardmax.runtime.nram.passes.value_classes import MemorySizes
from hardmax.runtime.nram.program import Circuit, Program, Row

MISSING = -1
"""The successor where there is no row: it ends the run."""

COLD_ZEROS = frozenset({Gate.READ, Gate.INC, Gate.DEC, Gate.ADD})
"""Gates whose value is hardly ever 0: a loop that goes on when it is 0 is not worth a thought."""


@dataclass(frozen=True)
class Node:
    """A timestep.

    Attributes:
        state: the controller's state.
        patterns: the zero-bits for which it runs, in order.
        circuit: what it does.
        successors: for each pattern of zero-bits after it, the number of the next node or MISSING;
            empty where the circuit halts.
    """

    state: int
    patterns: tuple[int, ...]
    circuit: Circuit
    successors: Mapping[int, int]

    def is_zero(self, register: int) -> bool:
        """Whether a register is known to be 0 at the start of the timestep."""
        return all(bits >> register & 1 for bits in self.patterns)

    def is_nonzero(self, register: int) -> bool:
        """Whether a register is known not to be 0 at the start of the timestep."""
        return not any(bits >> register & 1 for bits in self.patterns)


def control_flow_graph(program: Program, memory_sizes: Sequence[MemorySizes]) -> tuple[Node, ...]:
    """The nodes of a program on memories of the given sizes; a run starts in node 0."""
    analysis = reachability(program, memory_sizes)
    number: dict[tuple[int, Row], int] = {}
    node_of: dict[Situation, int] = {}
    patterns: list[list[int]] = []
    rows = {(state, bits): row for state, bits, row in program.rows()}
    start = (0, program.start_bits)
    for situation in (start, *(other for other in analysis.successors if other != start)):
        state, bits = situation
        node = number.setdefault((state, rows[situation]), len(number))
        if node == len(patterns):
            patterns.append([])
        patterns[node].append(bits)
        node_of[situation] = node
    missing: dict[int, dict[int, int]] = {}
    for state, bits in analysis.missing:
        missing.setdefault(state, {})[bits] = MISSING
    return tuple(
        Node(
            state,
            tuple(sorted(of_node)),
            row.circuit,
            {}
            if row.circuit.halt
            else {
                bits: node_of[row.next_state, bits]
                for before in of_node
                for bits in analysis.successors[state, before]
            }
            | missing.get(row.next_state, {}),
        )
        for (state, row), of_node in zip(number, patterns, strict=True)
    )


@dataclass(frozen=True)
class ZeroTest:
    """A decision: go on at ``zero`` if the new value of a register is 0, else at ``nonzero``."""

    register: int
    zero: Decision
    nonzero: Decision


Decision = ZeroTest | int
"""A decision diagram; a leaf is the number of a node."""


def decide(successors: Mapping[int, int]) -> Decision:
    """The reduced decision diagram of a node's successors: it tests only the bits that decide.

    Zero-bits that cannot occur are free. Equal parts are one object.
    """
    return _decide(tuple(successors.items()), {})


def _decide(
    cases: tuple[tuple[int, int], ...], known: dict[tuple[tuple[int, int], ...], Decision]
) -> Decision:
    if cases in known:
        return known[cases]
    if len({node for _, node in cases}) == 1:
        return cases[0][1]
    varying = 0
    for bits, _ in cases:
        varying |= bits ^ cases[0][0]
    best: tuple[int, int, list[tuple[tuple[int, int], ...]]] | None = None
    for register in range(varying.bit_length()):
        if not varying >> register & 1:
            continue
        parts = [
            tuple((bits, node) for bits, node in cases if bits >> register & 1 == bit)
            for bit in (1, 0)
        ]
        cost = sum(len({node for _, node in part}) for part in parts)
        if best is None or cost < best[0]:
            best = (cost, register, parts)
    if best is None:  # two nodes with the same bits: no graph has them
        return cases[0][1]
    _, register, (zero, nonzero) = best
    known[cases] = ZeroTest(register, _decide(zero, known), _decide(nonzero, known))
    return known[cases]


def emission_order(circuit: Circuit) -> list[int]:
    """The operations' values with arithmetic as early as its operands allow, effects in order."""
    registers = len(circuit.outputs)
    ready = dict.fromkeys(range(registers), 0)
    for value, operation in enumerate(circuit.operations, start=registers):
        is_effect = operation.gate in EFFECTS
        ready[value] = (
            value if is_effect else max((ready[o] for o in operation.operands), default=0)
        )
    # An operation that waits for an effect comes right after it, before the next effect.
    return sorted(range(registers, len(ready)), key=lambda v: (ready[v], ready[v] != v, v))


def is_hot(node: Node, bits: int) -> bool:
    """Whether going on with these zero-bits is nothing special, as far as the gates tell."""
    registers = len(node.circuit.outputs)
    for register, value in enumerate(node.circuit.outputs):
        if not bits >> register & 1 or value < registers:
            continue
        gate = node.circuit.operations[value - registers].gate
        if gate in COLD_ZEROS:
            return False
    return True


def loops(nodes: Sequence[Node]) -> tuple[frozenset[int], ...]:
    """The sets of nodes in which a run can go round and round without a cold step."""
    hot = [
        {
            target
            for bits, target in node.successors.items()
            if target != MISSING and is_hot(node, bits)
        }
        for node in nodes
    ]
    return tuple(
        component
        for component in _components(hot)
        if len(component) > 1 or any(node in hot[node] for node in component)
    )


def _components(edges: Sequence[Collection[int]]) -> Iterator[frozenset[int]]:
    """The strongly connected components (Tarjan), without recursion."""
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    stack: list[int] = []
    for root in range(len(edges)):
        if root in index:
            continue
        work = [(root, iter(sorted(edges[root])))]
        index[root] = low[root] = len(index)
        stack.append(root)
        while work:
            node, targets = work[-1]
            target = next(targets, None)
            if target is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    first = stack.index(node)
                    yield frozenset(stack[first:])
                    del stack[first:]
            elif target not in index:
                index[target] = low[target] = len(index)
                stack.append(target)
                work.append((target, iter(sorted(edges[target]))))
            elif target in stack:
                low[node] = min(low[node], index[target])
