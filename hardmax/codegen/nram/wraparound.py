"""The wraparound analysis: for how many timesteps of a loop no increment wraps around.

While a run goes round in a loop, some registers only take constants, each other's values, and
values that are a few larger. If all of those that are ever incremented are at most ``b`` at the
start, then after ``t`` timesteps they are at most ``b + t * step``. So for
``(M - 1 - b) / step`` timesteps none of these increments wraps around, and code without the tests
for it is right. (A person who writes ``for i from .. until ..`` has thought the same.)
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from hardmax.codegen.nram.cfg import Node
from hardmax.runtime.nram.gates import EFFECTS, Gate
from hardmax.runtime.nram.program import Circuit


@dataclass(frozen=True)
class Wraparound:
    """What makes a loop free of wraparound for a while.

    Attributes:
        rising: for each node of the loop, the registers whose largest value is ``b`` if it starts
            there.
        floor: a constant that ``b`` is at least.
        step: see above, at least 1.
        unwrapped: for each node of the loop, the values that do not wrap around then.
        guarded: for each node of the loop, the INCs, DECs and ADDs that may wrap around but hardly
            ever do, and are known before anything is written: if one does wrap around, the timestep
            can be done again outside. Of the ADDs only addresses, for which the memory waits.
        nonzero: for each node of the loop, the values that cannot be 0 then.
    """

    rising: Mapping[int, frozenset[int]]
    floor: int
    step: int
    unwrapped: Mapping[int, frozenset[int]]
    guarded: Mapping[int, frozenset[int]]
    nonzero: Mapping[int, frozenset[int]]

    def exact(self, number: int) -> frozenset[int]:
        """The values of a node that are those of whole numbers."""
        return self.unwrapped[number] | self.guarded[number]

    def possible(self, number: int, node: Node, bits: int) -> bool:
        """Whether these zero-bits can follow a node of the loop."""
        return not any(
            bits >> register & 1 and value in self.nonzero[number]
            for register, value in enumerate(node.circuit.outputs)
        )


@dataclass(frozen=True)
class _Bound:
    """``value <= add``, or ``value <= b + t * step + add`` if it is relative."""

    relative: bool
    add: int


@dataclass(frozen=True)
class _Timestep:
    """What is known of a circuit's values, given the registers that are bounded."""

    bounds: Mapping[int, _Bound]
    unwrapped: frozenset[int]
    guarded: frozenset[int]
    nonzero: frozenset[int]


def analyse_wraparound(nodes: Sequence[Node], loop: Collection[int]) -> Wraparound:
    """For how long a loop is free of wraparound, and what of it is then."""
    registers = range(len(nodes[0].circuit.outputs))
    bounded = {number: set(registers) for number in loop}
    while True:
        steps = {number: _analyse(nodes[number], bounded[number]) for number in loop}
        result = Wraparound(
            rising={},
            floor=0,
            step=1,
            unwrapped={number: step.unwrapped for number, step in steps.items()},
            guarded={number: step.guarded for number, step in steps.items()},
            nonzero={number: step.nonzero for number, step in steps.items()},
        )
        unbounded = [
            (transfer.target, transfer.register)
            for transfer in _transfers(nodes, loop, result)
            if transfer.value not in steps[transfer.source].bounds
            and transfer.register in bounded[transfer.target]
        ]
        if not unbounded:
            break
        for target, register in unbounded:
            bounded[target].discard(register)
    bounds = [bound for step in steps.values() for bound in step.bounds.values()]
    return replace(
        result,
        rising=_rising(nodes, loop, result, steps),
        floor=max((bound.add for bound in bounds if not bound.relative), default=0),
        step=max((bound.add for bound in bounds if bound.relative), default=1) or 1,
    )


@dataclass(frozen=True)
class _Transfer:
    """A register that takes a value, not always 0, on the way from one node to another."""

    source: int
    target: int
    register: int
    value: int


def _transfers(
    nodes: Sequence[Node], loop: Collection[int], result: Wraparound
) -> Iterator[_Transfer]:
    """Yield what registers take on the ways that stay in the loop."""
    for number in loop:
        node = nodes[number]
        yield from {
            _Transfer(number, target, register, value)
            for bits, target in node.successors.items()
            if target in loop and result.possible(number, node, bits)
            for register, value in enumerate(node.circuit.outputs)
            if not bits >> register & 1
        }


def _analyse(node: Node, bounded: Collection[int]) -> _Timestep:
    registers = len(node.circuit.outputs)
    bounds = {
        register: _Bound(relative=not node.is_zero(register), add=0)
        for register in range(registers)
        if register in bounded or node.is_zero(register)
    }
    nonzero = {register for register in range(registers) if node.is_nonzero(register)}
    unwrapped: set[int] = set()
    guarded: set[int] = set()
    early = _before_writes(node.circuit)
    addresses = {op.operands[0] for op in node.circuit.operations if op.gate in EFFECTS}
    for value, operation in enumerate(node.circuit.operations, start=registers):
        operands = operation.operands
        known = [bounds[operand] for operand in operands if operand in bounds]
        some_nonzero = any(operand in nonzero for operand in operands)
        bound: _Bound | None = None
        match operation.gate:
            case Gate.ZERO | Gate.WRITE:
                bound = _Bound(False, 0)
            case Gate.ONE:
                bound = _Bound(False, 1)
                nonzero.add(value)
            case Gate.TWO:
                bound = _Bound(False, 2)
                nonzero.add(value)
            case Gate.LESS_THAN | Gate.LESS_OR_EQUAL_THAN | Gate.EQUALITY_TEST:
                bound = _Bound(False, 1)
            case Gate.INC if known:
                bound = _Bound(known[0].relative, known[0].add + 1)
                unwrapped.add(value)
                nonzero.add(value)
            case Gate.INC if value in early:
                guarded.add(value)
                nonzero.add(value)
            case Gate.ADD if len(known) == 2 and not (known[0].relative and known[1].relative):
                relative = known[0].relative or known[1].relative
                bound = _Bound(relative, known[0].add + known[1].add)
                unwrapped.add(value)
                if some_nonzero:
                    nonzero.add(value)
            case Gate.ADD if value in early and value in addresses:
                guarded.add(value)
                if some_nonzero:
                    nonzero.add(value)
            case Gate.DEC if operands[0] in nonzero:
                bound = known[0] if known else None
            case Gate.DEC if value in early and (not known or known[0].relative):
                guarded.add(value)
                bound = known[0] if known else None
            case Gate.MIN if known:
                bound = min(known, key=lambda b: (b.relative, b.add))
                if all(operand in nonzero for operand in operands):
                    nonzero.add(value)
            case Gate.MAX:
                if len(known) == 2:
                    bound = _Bound(
                        known[0].relative or known[1].relative, max(b.add for b in known)
                    )
                if some_nonzero:
                    nonzero.add(value)
        if bound is not None:
            bounds[value] = bound
    return _Timestep(bounds, frozenset(unwrapped), frozenset(guarded), frozenset(nonzero))


def _before_writes(circuit: Circuit) -> frozenset[int]:
    """The values that can be known before the first WRITE: no later READ goes into them."""
    registers = len(circuit.outputs)
    late: set[int] = set()
    written = False
    for value, operation in enumerate(circuit.operations, start=registers):
        written |= operation.gate is Gate.WRITE
        if (written and operation.gate in EFFECTS) or not late.isdisjoint(operation.operands):
            late.add(value)
    return frozenset(range(registers + len(circuit.operations))) - late


def _rising(
    nodes: Sequence[Node],
    loop: Collection[int],
    result: Wraparound,
    steps: Mapping[int, _Timestep],
) -> dict[int, frozenset[int]]:
    """For each node, the registers that come to be operands of what must not wrap around."""
    sources = {number: _sources(nodes[number], steps[number]) for number in loop}
    rising: set[tuple[int, int]] = {
        (number, source)
        for number in loop
        for value in steps[number].unwrapped
        if value in steps[number].bounds
        for source in sources[number][value]
    }
    while True:
        more = {
            (transfer.source, source)
            for transfer in _transfers(nodes, loop, result)
            if (transfer.target, transfer.register) in rising
            for source in sources[transfer.source][transfer.value]
        }
        if more <= rising:
            break
        rising |= more
    return {
        number: frozenset(register for other, register in rising if other == number)
        for number in loop
    }


def _sources(node: Node, step: _Timestep) -> list[frozenset[int]]:
    """For each value, the registers at the start of the timestep that its bound speaks of."""
    registers = len(node.circuit.outputs)
    sources: list[frozenset[int]] = []
    for value in range(registers + len(node.circuit.operations)):
        bound = step.bounds.get(value)
        if bound is None or not bound.relative:
            sources.append(frozenset())
        elif value < registers:
            sources.append(frozenset({value}))
        else:
            operands = node.circuit.operations[value - registers].operands
            sources.append(frozenset().union(*(sources[operand] for operand in operands)))
    return sources
