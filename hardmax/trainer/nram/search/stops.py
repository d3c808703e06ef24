"""When to stop: a condition found by looking at whole runs, not by changing and trying.

A program that is right at some moment of every run, but does not know when, gives no hint to a
search that judges only how runs end: the value to look at, the comparison, the register that keeps
its result and the row that stops must all be there at once. But the examples say after which
timesteps the answer stood there. So every comparison of two values that a timestep computes is
tried as the signal to stop, and the one under which most runs would have ended right is built in.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hardmax.runtime.nram.gates import Gate
from hardmax.trainer.nram.search.compilation import compiled
from hardmax.trainer.nram.search.kernel import (
    OPCODES,
    Examples,
    Flags,
    Integers,
    Lanes,
    TableMachine,
    assemble,
    list_operations,
    run_lanes,
)
from hardmax.trainer.nram.search.moves import draw, draw_flagged

EQUALITY_TEST = OPCODES[Gate.EQUALITY_TEST]
LESS_THAN = OPCODES[Gate.LESS_THAN]
LESS_OR_EQUAL_THAN = OPCODES[Gate.LESS_OR_EQUAL_THAN]

IS_ZERO, IS_NOT_ZERO = -1, -2
"""Relations of one value; the relations of two values are opcodes of comparing modules."""


class Stop(NamedTuple):
    """A signal to stop.

    Attributes:
        score: share of the runs that it would have ended right.
        relation: IS_ZERO, IS_NOT_ZERO or the opcode of a comparison.
        first, second: value numbers.
    """

    score: float
    relation: int
    first: int
    second: int


@compiled
def redraw_dead(random: Integers, machine: TableMachine, circuit: int) -> None:
    """Give every dead module of a circuit new operands, and let all modules run."""
    first = machine.registers + 1
    for module in range(len(machine.gates)):
        if not machine.live[circuit, module]:
            for slot in range(first + 2 * module, first + 2 * module + 2):
                machine.code[circuit, slot] = draw(random, machine.limits[slot])
    machine.live[circuit, :] = True
    list_operations(machine, circuit)


@compiled
def find_stop(
    machine: TableMachine,
    lanes: Lanes,
    examples: Examples,
    chosen: Integers,
    steps: Integers,
    circuit: int,
    dead: Flags,
) -> Stop:
    """The best signal to stop among the values of one circuit.

    Args:
        machine: its operations list every module.
        chosen: up to LANES examples.
        dead: the modules of the circuit that are free to compare two values.
    """
    registers = machine.registers
    count = len(chosen)
    longest = np.max(steps)
    values = np.zeros((longest, lanes.values.shape[0], count), dtype=np.int64)
    asked = np.zeros((longest, count), dtype=np.bool_)
    right = np.zeros((longest + 1, count), dtype=np.bool_)
    for step in range(longest + 1):
        run_lanes(machine, lanes, examples, chosen, np.minimum(steps, step))
        for lane in range(count):
            right[step, lane] = lanes.wrong[lane] == 0
            if step > 0 and lanes.steps[lane] == step:
                for value in range(registers, len(lanes.values)):
                    values[step - 1, value, lane] = lanes.values[value, lane]
            if step < longest:
                bits = 0
                for register in range(registers):
                    values[step, register, lane] = lanes.values[register, lane]
                    if lanes.values[register, lane] == 0:
                        bits |= 1 << register
                asked[step, lane] = step < steps[lane] and machine.table[bits] == circuit
    best = Stop(-1.0, IS_ZERO, 0, 0)
    for first in range(len(lanes.values)):
        for relation in (IS_ZERO, IS_NOT_ZERO):
            score = _score_stop(values, asked, right, steps, relation, first, first)
            if score > best.score:
                best = Stop(score, relation, first, first)
    for relation in (EQUALITY_TEST, LESS_THAN, LESS_OR_EQUAL_THAN):
        last = -1
        for module in range(len(dead)):
            if dead[module] and machine.gates[module] == relation:
                last = registers + module
        for first in range(last):
            for second in range(last):
                if first != second and (relation != EQUALITY_TEST or first < second):
                    score = _score_stop(values, asked, right, steps, relation, first, second)
                    if score > best.score:
                        best = Stop(score, relation, first, second)
    return best


@compiled
def _score_stop(
    values: Integers,
    asked: Flags,
    right: Flags,
    steps: Integers,
    relation: int,
    first: int,
    second: int,
) -> float:
    total = 0
    count: int = values.shape[2]
    for lane in range(count):
        end = steps[lane]
        for step in range(steps[lane]):
            if asked[step, lane]:
                a = values[step, first, lane]
                b = values[step, second, lane]
                if relation == IS_ZERO:
                    holds = a == 0
                elif relation == IS_NOT_ZERO:
                    holds = a != 0
                elif relation == EQUALITY_TEST:
                    holds = a == b
                elif relation == LESS_THAN:
                    holds = a < b
                else:
                    holds = a <= b
                if holds:
                    end = step + 1
                    break
        if right[end, lane]:
            total += 1
    return total / count


@compiled
def build_stop(
    random: Integers, machine: TableMachine, circuit: int, dead: Flags, stop: Stop, visited: Flags
) -> None:
    """Write a signal into a register, drawn at random, and lead its rows to a circuit that halts.

    The circuit that halts is a copy of one in use, or a new random one: its WRITEs must do no harm,
    so try several times.
    """
    registers, gates, code = machine.registers, machine.gates, machine.code
    value = stop.first
    on_zero = stop.relation == IS_ZERO
    if stop.relation >= 0:
        for module in range(len(gates)):
            if dead[module] and gates[module] == stop.relation:
                value = registers + module
        slot = registers + 1 + 2 * (value - registers)
        code[circuit, slot] = stop.first
        code[circuit, slot + 1] = stop.second
    register = draw(random, registers)
    code[circuit, register] = value
    idle = np.ones(len(code), dtype=np.bool_)
    for row in range(len(visited)):
        if visited[row]:
            idle[machine.table[row]] = False
    if not np.any(idle):
        return
    halting = draw_flagged(random, idle)
    if draw(random, 2) == 0:
        code[halting] = code[draw_flagged(random, ~idle)]
    else:
        for slot in range(code.shape[1]):
            code[halting, slot] = draw(random, machine.limits[slot])
    code[halting, registers] = 1
    for row in range(len(visited)):
        is_zero = (row >> register) & 1 == 1
        if is_zero == on_zero and row != len(visited) - 1:
            machine.table[row] = halting
    for changed in range(len(code)):
        assemble(machine, changed)
