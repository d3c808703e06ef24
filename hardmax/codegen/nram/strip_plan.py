"""Loops of which many timesteps can run at once: a strip of them, all READs before all WRITEs.

In a loop of one node many values rise by the same number in every timestep: the registers that a
program counts with, and the addresses made of them. What is read there lies side by side, and
nothing but the values read has to be looked at one by one. Whether the timesteps of a strip keep
out of each other's way (a WRITE does not change what a later one READs) is tested when it runs; see
``hardmax.codegen.nram.strip_code``. (Strip mining: Allen and Kennedy, "Optimizing Compilers for
Modern Architectures", 2001.)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hardmax.codegen.nram.cfg import Node
from hardmax.runtime.nram.gates import EFFECTS, Gate
from hardmax.runtime.nram.program import Circuit

_CONSTANTS = {Gate.ZERO: 0, Gate.ONE: 1, Gate.TWO: 2, Gate.WRITE: 0}
_COMPARISONS = (Gate.LESS_THAN, Gate.LESS_OR_EQUAL_THAN, Gate.EQUALITY_TEST)


@dataclass(frozen=True)
class Strip:
    """How the values of a loop of one node change from timestep to timestep.

    Attributes:
        strides: the values, by number, that grow by so much in every timestep as long as nothing
            wraps around; all others may be anything.
        order: all values, each after those that it is computed from. A register comes after the
            value that it takes, unless it has a stride.
    """

    strides: Mapping[int, int]
    order: tuple[int, ...]


def plan_strip(number: int, node: Node) -> Strip | None:
    """The strip of a node that follows itself; None where no memory access has a stride of 1."""
    circuit = node.circuit
    if number not in node.successors.values():
        return None
    strides = _strides(node)
    order = _order(circuit, strides)
    if order is None:
        return None
    accesses = [operation for operation in circuit.operations if operation.gate in EFFECTS]
    written = [strides.get(op.operands[0]) for op in accesses if op.gate is Gate.WRITE]
    if any(stride not in (-1, 0, 1) for stride in written):
        return None
    if not any(strides.get(access.operands[0]) in (-1, 1) for access in accesses):
        return None
    return Strip(strides, order)


def _strides(node: Node) -> dict[int, int]:
    circuit = node.circuit
    registers = len(circuit.outputs)
    steps = _steps(circuit)
    strides: dict[int, int] = {}
    for register, output in enumerate(circuit.outputs):
        origin, step = steps.get(output, (None, 0))
        if node.is_zero(register):
            strides[register] = 0
        elif origin == register:
            strides[register] = step
    for value, operation in enumerate(circuit.operations, start=registers):
        if operation.gate in _CONSTANTS:
            strides[value] = 0
            continue
        known = [strides[operand] for operand in operation.operands if operand in strides]
        if len(known) < len(operation.operands):
            continue
        match operation.gate, known:
            case Gate.READ, [0]:
                strides[value] = 0
            case ((Gate.INC | Gate.DEC), [a]):
                strides[value] = a
            case Gate.ADD, [a, b]:
                strides[value] = a + b
            case Gate.SUB, [a, b]:
                strides[value] = a - b
            case ((Gate.MIN | Gate.MAX), [a, b]) if a == b:
                strides[value] = a
            case gate, [a, b] if gate in _COMPARISONS and a == b:
                strides[value] = 0
    return strides


def _steps(circuit: Circuit) -> dict[int, tuple[int | None, int]]:
    """The values that are a register and some constant, or (None) a constant alone."""
    registers = len(circuit.outputs)
    steps: dict[int, tuple[int | None, int]] = {i: (i, 0) for i in range(registers)}
    for value, operation in enumerate(circuit.operations, start=registers):
        if operation.gate in _CONSTANTS:
            steps[value] = (None, _CONSTANTS[operation.gate])
            continue
        if any(operand not in steps for operand in operation.operands):
            continue
        match operation.gate, [steps[operand] for operand in operation.operands]:
            case Gate.INC, [(origin, step)]:
                steps[value] = (origin, step + 1)
            case Gate.DEC, [(origin, step)]:
                steps[value] = (origin, step - 1)
            case Gate.ADD, [(origin, step), (None, more)] | [(None, more), (origin, step)]:
                steps[value] = (origin, step + more)
            case Gate.SUB, [(origin, step), (None, less)]:
                steps[value] = (origin, step - less)
    return steps


def _order(circuit: Circuit, strides: Mapping[int, int]) -> tuple[int, ...] | None:
    """All values, each after those that it needs; None where one needs itself."""
    registers = len(circuit.outputs)
    done: dict[int, None] = {}
    begun: set[int] = set()

    def visit(value: int) -> bool:
        if value in done:
            return True
        if value in begun:
            return False
        begun.add(value)
        if value >= registers:
            needed = circuit.operations[value - registers].operands
        else:
            needed = () if value in strides else (circuit.outputs[value],)
        if not all(visit(other) for other in needed):
            return False
        done[value] = None
        return True

    everything = range(registers + len(circuit.operations))
    return tuple(done) if all(visit(value) for value in everything) else None
