"""Which values of a loop are at most as large as which others, and what that decides.

In a loop that is free of wraparound (``hardmax.codegen.nram.wraparound``) arithmetic is that of
whole numbers, so that differences can be followed: what INC yields is one more than its operand,
what MAX yields is at least as much as both. From that follows which operand a MIN or MAX takes, and
how a comparison comes out. (A domain of differences, as in Mine's "A New Numerical Abstract Domain
Based on Difference-Bound Matrices", 2001; here with small differences only.)
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from hardmax.codegen.nram.cfg import Node
from hardmax.codegen.nram.wraparound import Wraparound
from hardmax.runtime.nram.gates import Gate

Differences = dict[tuple[int, int], int]
"""``(a, b) -> k`` where b is known to be at least a + k; values by number, and NOTHING is 0."""

NOTHING = -1
"""The number of a value that is always 0."""

_LARGEST_DIFFERENCE = 4
"""Differences are followed as far as this; it bounds how often a fixed point is missed."""


@dataclass(frozen=True)
class Order:
    """What the order of values decides in one node of a loop.

    Attributes:
        same: values that are always equal to another one, an earlier value or NOTHING.
        one: comparisons that always hold.
        nonzero: values that are never 0.
    """

    same: Mapping[int, int]
    one: frozenset[int]
    nonzero: frozenset[int]


def order(nodes: Sequence[Node], loop: Collection[int], of_loop: Wraparound) -> Mapping[int, Order]:
    """What is decided in every node of a loop, for memories of at least 5 cells."""
    entries: dict[int, Differences] = {}
    pending: list[int] = []

    def arrive(number: int, circuit: _Circuit, wraps: bool) -> None:
        node = nodes[number]
        after = circuit.of_registers(node.circuit.outputs)
        for bits, target in node.successors.items():
            if target not in loop or not (wraps or of_loop.possible(number, node, bits)):
                continue
            known = entries.get(target)
            joined = after if known is None else _join(known, after)
            if joined != known:
                entries[target] = joined
                pending.append(target)

    for number in loop:
        arrive(number, _Circuit(nodes[number], {}, ()), wraps=True)
    while pending:
        number = pending.pop()
        circuit = _Circuit(nodes[number], entries[number], of_loop.exact(number))
        arrive(number, circuit, wraps=False)
    return {
        number: _Circuit(nodes[number], entries.get(number, {}), of_loop.exact(number)).decisions()
        for number in loop
    }


def _join(one: Differences, other: Differences) -> Differences:
    """What holds on both ways."""
    return {pair: min(k, other[pair]) for pair, k in one.items() if pair in other}


class _Circuit:
    """A circuit's values with all differences between them that are known."""

    def __init__(self, node: Node, entry: Differences, exact: Collection[int]) -> None:
        self.node = node
        registers = len(node.circuit.outputs)
        self.values = [NOTHING, *range(registers)]
        self.known: Differences = dict(entry)
        self.same: dict[int, int] = {}
        self.one: set[int] = set()
        for register in range(registers):
            if node.is_zero(register):
                self._learn(register, NOTHING, 0)
            self._learn(NOTHING, register, 1 if node.is_nonzero(register) else 0)
        self._close()
        for value, operation in enumerate(node.circuit.operations, start=registers):
            self.values.append(value)
            self._learn(NOTHING, value, 0)
            self._compute(value, operation.gate, operation.operands, value in exact)
            self._close_about(value)

    def of_registers(self, outputs: Sequence[int]) -> Differences:
        """The differences between what the registers take."""
        sources = [(NOTHING, NOTHING), *enumerate(outputs)]
        return {
            (a, b): k
            for (a, value_of_a), (b, value_of_b) in itertools.permutations(sources, 2)
            if (k := self._least(value_of_a, value_of_b)) is not None
        }

    def decisions(self) -> Order:
        """What is decided of the circuit's values."""
        nonzero = {v for v in self.values if (self._least(NOTHING, v) or 0) >= 1}
        return Order(self.same, frozenset(self.one), frozenset(nonzero))

    def _least(self, a: int, b: int) -> int | None:
        """The largest k such that b >= a + k is known."""
        return 0 if a == b else self.known.get((a, b))

    def _at_least(self, a: int, b: int, k: int) -> bool:
        """Whether b >= a + k is known."""
        least = self._least(a, b)
        return least is not None and least >= k

    def _learn(self, a: int, b: int, k: int) -> None:
        if a != b and not self._at_least(a, b, k) and k >= -_LARGEST_DIFFERENCE:
            self.known[a, b] = min(k, _LARGEST_DIFFERENCE)

    def _equal(self, value: int, other: int, more: int = 0) -> None:
        """Learn that ``value = other + more``."""
        self._learn(other, value, more)
        self._learn(value, other, -more)

    def _close(self) -> None:
        """Follow from b >= a + k and c >= b + l that c >= a + k + l."""
        for b in self.values:
            before = [(a, self.known[a, b]) for a in self.values if (a, b) in self.known]
            after = [(c, self.known[b, c]) for c in self.values if (b, c) in self.known]
            for (a, k), (c, more) in itertools.product(before, after):
                self._learn(a, c, k + more)

    def _close_about(self, value: int) -> None:
        """As :meth:`_close`, where nothing but what is known of one value is new."""
        for b in self.values:
            if (b, value) in self.known:
                for a in self.values:
                    if (a, b) in self.known:
                        self._learn(a, value, self.known[a, b] + self.known[b, value])
            if (value, b) in self.known:
                for c in self.values:
                    if (b, c) in self.known:
                        self._learn(value, c, self.known[value, b] + self.known[b, c])
        before = [(a, self.known[a, value]) for a in self.values if (a, value) in self.known]
        after = [(c, self.known[value, c]) for c in self.values if (value, c) in self.known]
        for (a, k), (c, more) in itertools.product(before, after):
            self._learn(a, c, k + more)

    def _compute(self, value: int, gate: Gate, operands: tuple[int, ...], exact: bool) -> None:
        match gate, operands:
            case Gate.ZERO | Gate.WRITE, _:
                self._equal(value, NOTHING)
            case Gate.ONE, _:
                self._equal(value, NOTHING, 1)
            case Gate.TWO, _:
                self._equal(value, NOTHING, 2)
            case Gate.INC, (x,) if exact:
                self._equal(value, x, 1)
            case Gate.DEC, (x,) if exact or self._at_least(NOTHING, x, 1):
                self._equal(value, x, -1)
            case Gate.ADD, (x, y) if exact:
                for a, b in ((x, y), (y, x)):
                    self._learn(a, value, self._least(NOTHING, b) or 0)
                    most = self._least(b, NOTHING)
                    if most is not None:
                        self._learn(value, a, most)
            case Gate.MIN | Gate.MAX, (x, y):
                self._choose(value, gate, x, y)
            case ((Gate.LESS_THAN | Gate.LESS_OR_EQUAL_THAN | Gate.EQUALITY_TEST), (x, y)):
                self._compare(value, gate, x, y)

    def _choose(self, value: int, gate: Gate, x: int, y: int) -> None:
        for low, high in ((x, y), (y, x)):
            if self._at_least(low, high, 0):
                chosen = low if gate is Gate.MIN else high
                self.same[value] = self.same.get(chosen, chosen)
                self._equal(value, chosen)
                return
        is_min = gate is Gate.MIN
        for other in self.values[:-1]:
            pairs = [(other, x), (other, y)] if is_min else [(x, other), (y, other)]
            least = [k for a, b in pairs if (k := self._least(a, b)) is not None]
            if len(least) == 2:
                low, high = (other, value) if is_min else (value, other)
                self._learn(low, high, min(least))
        for operand in (x, y):
            low, high = (value, operand) if is_min else (operand, value)
            self._learn(low, high, 0)

    def _compare(self, value: int, gate: Gate, x: int, y: int) -> None:
        less = self._at_least(x, y, 1)
        at_most = self._at_least(x, y, 0)
        greater = self._at_least(y, x, 1)
        at_least = self._at_least(y, x, 0)
        holds, fails = {
            Gate.LESS_THAN: (less, at_least),
            Gate.LESS_OR_EQUAL_THAN: (at_most, greater),
            Gate.EQUALITY_TEST: (at_most and at_least, less or greater),
        }[gate]
        if fails:
            self.same[value] = NOTHING
            self._equal(value, NOTHING)
        elif holds:
            self.one.add(value)
            self._equal(value, NOTHING, 1)
        else:
            self._learn(value, NOTHING, -1)
