"""What the compiler made of a program, for people: passes, pseudocode, size and cost."""

from __future__ import annotations

from llvmlite import binding

from hardmax.codegen.llvm_passes import DEFAULT_LEVEL, optimized
from hardmax.codegen.lower import lower
from hardmax.codegen.nram.cfg import Decision, Node, control_flow_graph, decide
from hardmax.codegen.nram.loops import Loop, plan_loops
from hardmax.codegen.nram.lower import is_large
from hardmax.codegen.nram.pass_pipeline import LARGE_SIZES, optimize
from hardmax.codegen.nram.pseudocode import pseudocode
from hardmax.codegen.targets import Target
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.nram.gates import Gate
from hardmax.runtime.nram.program import Program

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
        lines += ["", *map(str, pseudocode(number, node, loops.get(number)))]
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
