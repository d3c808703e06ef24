"""A timestep as lines of pseudocode: what it does, and where it goes on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hardmax.codegen.nram.cfg import MISSING, Decision, Node, decide
from hardmax.codegen.nram.loops import Loop
from hardmax.codegen.nram.strip_code import WIDTH
from hardmax.runtime.nram.gates import Gate
from hardmax.runtime.nram.program import Circuit, Operation

_EXPRESSIONS: dict[Gate, str] = {
    Gate.READ: "memory[{}]",
    Gate.ZERO: "0",
    Gate.ONE: "1",
    Gate.TWO: "2",
    Gate.INC: "{} + 1",
    Gate.ADD: "{} + {}",
    Gate.SUB: "{} - {}",
    Gate.DEC: "{} - 1",
    Gate.LESS_THAN: "({} < {})",
    Gate.LESS_OR_EQUAL_THAN: "({} <= {})",
    Gate.EQUALITY_TEST: "({} == {})",
    Gate.MIN: "min({}, {})",
    Gate.MAX: "max({}, {})",
    Gate.WRITE: "memory[{}] = {}",
}


@dataclass(frozen=True)
class Line:
    """One line of pseudocode.

    Attributes:
        text: without indentation.
        depth: how far it is indented, in steps of four blanks.
        mask, bits: it is reached in the timesteps after which the zero-bits in ``mask`` are those
            of ``bits``; in all of them where both are 0.
    """

    text: str
    depth: int
    mask: int = 0
    bits: int = 0

    def __str__(self) -> str:
        return " " * (4 * self.depth) + self.text


def pseudocode(number: int, node: Node, loop: Loop | None = None) -> Iterator[Line]:
    """Yield the lines of one node of a control-flow graph, the first of which names it.

    Args:
        loop: how it is compiled where it is in a loop, as ``hardmax.codegen.nram.loops`` plans it.
    """
    at_once = f"    ({WIDTH} timesteps at once)" if loop is not None and loop.strip else ""
    yield Line(f"{number}:{_loop_title(number, node, loop)}{at_once}", 0)
    circuit = node.circuit
    expressions = _expressions(node)
    for value, operation in enumerate(circuit.operations, start=len(circuit.outputs)):
        operands = [expressions[operand] for operand in operation.operands]
        if operation.gate is Gate.READ:
            yield Line(f"{expressions[value]} = {_EXPRESSIONS[Gate.READ].format(*operands)}", 1)
        elif operation.gate is Gate.WRITE:
            is_sunk = loop is not None and loop.sunk is not None and loop.sunk.operation == value
            late = "    (when the loop is left)" if is_sunk else ""
            yield Line(f"{_EXPRESSIONS[Gate.WRITE].format(*operands)}{late}", 1)
    if circuit.halt:
        yield Line("halt", 1)
        return
    changed = {
        f"r{register + 1}": expressions[value]
        for register, value in enumerate(circuit.outputs)
        if expressions[value] != expressions[register]
    }
    if changed:
        yield Line(f"{', '.join(changed)} = {', '.join(changed.values())}", 1)
    yield from _decision(decide(node.successors), number, 1)


def _loop_title(number: int, node: Node, loop: Loop | None) -> str:
    """`` for r2 from r2 until M`` or `` while r3 != 0`` where the node is a loop of its own."""
    staying = [bits for bits, target in node.successors.items() if target == number]
    if not staying:
        return ""
    circuit = node.circuit
    steps = {
        f"r{register + 1}"
        for register in (loop.wraparound.rising[number] if loop is not None else ())
        if _operation_of(circuit, circuit.outputs[register]) == Operation(Gate.INC, (register,))
    }
    if steps:
        return (
            " for "
            + ", ".join(f"{register} from {register}" for register in sorted(steps))
            + (" until M")
        )
    tests = []
    for register in range(len(circuit.outputs)):
        values = {bits >> register & 1 for bits in staying}
        if len(values) == 1 and values != {bits >> register & 1 for bits in node.successors}:
            tests.append(f"r{register + 1} {'==' if values == {1} else '!='} 0")
    return f" while {' and '.join(tests) or 'true'}"


def _operation_of(circuit: Circuit, value: int) -> Operation | None:
    registers = len(circuit.outputs)
    return circuit.operations[value - registers] if value >= registers else None


def _expressions(node: Node) -> dict[int, str]:
    """How every value of the circuit is written; what was read has a name."""
    circuit = node.circuit
    registers = len(circuit.outputs)
    written = {
        register: "0" if node.is_zero(register) else f"r{register + 1}"
        for register in range(registers)
    }
    reads = 0
    for value, operation in enumerate(circuit.operations, start=registers):
        operands = [written[operand] for operand in operation.operands]
        if operation.gate is Gate.READ:
            written[value] = f"x{reads + 1}"
            reads += 1
        elif operation.gate is Gate.WRITE:
            written[value] = "0"
        else:
            if operation.gate is Gate.SUB and " " in operands[1]:
                operands[1] = f"({operands[1]})"
            written[value] = _EXPRESSIONS[operation.gate].format(*operands)
    return written


def _decision(
    decision: Decision, number: int, depth: int, mask: int = 0, bits: int = 0
) -> Iterator[Line]:
    if isinstance(decision, int):
        if decision == MISSING:
            text = "end: no row"
        else:
            text = "again" if decision == number else f"go to {decision}"
        yield Line(text, depth, mask, bits)
        return
    test = 1 << decision.register
    yield Line(f"if r{decision.register + 1} == 0:", depth, mask, bits)
    yield from _decision(decision.zero, number, depth + 1, mask | test, bits | test)
    yield Line("else:", depth, mask, bits)
    yield from _decision(decision.nonzero, number, depth + 1, mask | test, bits)
