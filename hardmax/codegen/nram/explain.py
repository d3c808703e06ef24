"""What the compiler made of a program, for people: passes, pseudocode, size and cost."""

from __future__ import annotations

from collections.abc import Iterator

from llvmlite import binding

from hardmax.codegen.llvm_passes import DEFAULT_LEVEL, optimized
from hardmax.codegen.lower import lower
from hardmax.codegen.nram.cfg import MISSING, Decision, Node, control_flow_graph, decide
from hardmax.codegen.nram.loops import Loop, plan_loops
from hardmax.codegen.nram.lower import is_large
from hardmax.codegen.nram.pass_pipeline import LARGE_SIZES, optimize
from hardmax.codegen.nram.strip_code import WIDTH
from hardmax.codegen.targets import Target
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.nram.gates import Gate
from hardmax.runtime.nram.program import Circuit, Operation, Program

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

_COST: dict[Gate, int] = {
    Gate.READ: 3,
    Gate.WRITE: 1,
    Gate.INC: 3,
    Gate.DEC: 3,
    Gate.ADD: 4,
    Gate.SUB: 4,
    Gate.LESS_THAN: 3,
    Gate.LESS_OR_EQUAL_THAN: 3,
    Gate.EQUALITY_TEST: 3,
    Gate.MIN: 2,
    Gate.MAX: 2,
}
"""Instructions of a gate on a machine with conditional moves; constants cost none."""

_COST_OF_A_TEST = 2
_COST_OF_COUNTING = 3
"""Of the step counter, in every timestep."""


def explain(program: Program, level: int = DEFAULT_LEVEL) -> str:
    """What every pass removed, the program as pseudocode, code size and cost of a timestep.

    All of it is for memories of at least 5 cells: smaller ones take simple code of their own.

    Args:
        level: 0..3, as -O0 to -O3.

    Returns:
        lines of text, the last one ended too.

    Raises:
        HardmaxError: the program is so large that no passes of ours run.
    """
    if is_large(program):
        raise HardmaxError(
            "expected a program small enough for the passes that --explain is about, found one "
            "that is compiled as it is"
        )
    lines = [f"-O{level}, memories of {LARGE_SIZES[0].smallest} cells and more", "", "passes"]
    before = [program]

    def note(name: str, after: Program) -> None:
        changes = _changes(before[-1], after)
        if changes:
            lines.append(f"    {name}: {changes}")
        before.append(after)

    nodes = control_flow_graph(optimize(program, level, LARGE_SIZES, note), LARGE_SIZES)
    loops = plan_loops(nodes, with_strips=True) if level >= 2 else {}
    lines += ["", "program (r1, r2, ... start as 0; arithmetic is mod M)"]
    for number, node in enumerate(nodes):
        lines += _node(number, node, loops.get(number))
    lines += ["", f"code: {code_size(program, level)} bytes"]
    lines.append("instructions per timestep, estimated:")
    for number, node in enumerate(nodes):
        lines.append(f"    {number}: {_cost(number, node, loops.get(number))}")
    return "\n".join(lines) + "\n"


def _changes(before: Program, after: Program) -> str:
    """Such as ``rows 16 -> 6, operations 40 -> 11``."""
    return ", ".join(
        f"{what} {old} -> {new}"
        for (what, old), (_, new) in zip(
            _counts(before).items(), _counts(after).items(), strict=True
        )
        if old != new
    )


def _counts(program: Program) -> dict[str, int]:
    circuits = program.circuits()
    return {
        "registers": program.registers,
        "states": len(program.table),
        "rows": sum(1 for _ in program.rows()),
        "circuits": len(circuits),
        "operations": sum(len(circuit.operations) for circuit in circuits),
    }


def _node(number: int, node: Node, loop: Loop | None) -> Iterator[str]:
    yield ""
    at_once = f"    ({WIDTH} timesteps at once)" if loop is not None and loop.strip else ""
    yield f"{number}:{_loop_title(number, node, loop)}{at_once}"
    circuit = node.circuit
    expressions = _expressions(node)
    for value, operation in enumerate(circuit.operations, start=len(circuit.outputs)):
        operands = [expressions[operand] for operand in operation.operands]
        if operation.gate is Gate.READ:
            yield f"    {expressions[value]} = {_EXPRESSIONS[Gate.READ].format(*operands)}"
        elif operation.gate is Gate.WRITE:
            is_sunk = loop is not None and loop.sunk is not None and loop.sunk.operation == value
            late = "    (when the loop is left)" if is_sunk else ""
            yield f"    {_EXPRESSIONS[Gate.WRITE].format(*operands)}{late}"
    if circuit.halt:
        yield "    halt"
        return
    changed = {
        f"r{register + 1}": expressions[value]
        for register, value in enumerate(circuit.outputs)
        if expressions[value] != expressions[register]
    }
    if changed:
        yield f"    {', '.join(changed)} = {', '.join(changed.values())}"
    yield from _decision(decide(node.successors), number, "    ")


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


def _decision(decision: Decision, number: int, indent: str) -> Iterator[str]:
    if isinstance(decision, int):
        if decision == MISSING:
            yield f"{indent}end: no row"
        else:
            yield f"{indent}{'again' if decision == number else f'go to {decision}'}"
        return
    yield f"{indent}if r{decision.register + 1} == 0:"
    yield from _decision(decision.zero, number, indent + "    ")
    yield f"{indent}else:"
    yield from _decision(decision.nonzero, number, indent + "    ")


def code_size(program: Program, level: int) -> int:
    """Bytes of machine code for this machine, without data."""
    host = Target.host()
    machine = host.machine(level)
    module = optimized(lower(program, "", level, host.architecture), machine, level)
    code = binding.ObjectFileRef.from_data(machine.emit_object(module))
    return sum(int(section.size()) for section in code.sections() if section.is_text())


def _cost(number: int, node: Node, loop: Loop | None) -> int:
    """Of one timestep: its gates, the tests on the longest way to a successor, and the counter."""
    successors = {
        bits: target
        for bits, target in node.successors.items()
        if loop is None or loop.wraparound.possible(number, node, bits)
    }
    cost = _COST_OF_COUNTING
    if successors:
        cost += _COST_OF_A_TEST * _depth(decide(successors))
    for value, operation in enumerate(node.circuit.operations, start=len(node.circuit.outputs)):
        if loop is not None:
            order = loop.order[number]
            is_sunk = loop.sunk is not None and loop.sunk.operation == value
            if is_sunk or value in order.same or value in order.one:
                continue
            if value in loop.wraparound.unwrapped[number]:
                cost += 1
                continue
        cost += _COST.get(operation.gate, 0)
    return cost


def _depth(decision: Decision) -> int:
    if isinstance(decision, int):
        return 0
    return 1 + max(_depth(decision.zero), _depth(decision.nonzero))
