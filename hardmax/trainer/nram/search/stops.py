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
from hardmax.trainer.nram.native.evaluation import LANES, Field, aligned
from hardmax.trainer.nram.search.compilation import compiled, copy, fill, part
from hardmax.trainer.nram.search.evaluation import NO_LIMIT, Sample, evaluate
from hardmax.trainer.nram.search.judge import AT_END
from hardmax.trainer.nram.search.kernel import (
    OPCODES,
    Flags,
    Integers,
    TableMachine,
    assemble,
    list_operations,
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
    fill(machine.live[circuit], True)
    list_operations(machine, circuit)


class Trace(NamedTuple):
    """What T timesteps of LANES runs did, where they ran one circuit.

    Attributes:
        values: registers before a timestep, and module outputs of it, shape (T, R + Q, LANES).
        asked: whether a run was in the circuit, shape (T, LANES).
        right: whether its answer was right after so many timesteps, shape (T + 1, LANES).
    """

    values: Integers
    asked: Flags
    right: Flags


def trace(machine: TableMachine, sample: Sample, circuit: int) -> Trace:
    """Run one group of examples, LANES of them, and keep what a circuit computes.

    The program does not halt.
    """
    longest = int(sample.steps.max())
    width = machine.registers + len(machine.gates)
    values = aligned((longest, width, LANES), np.uint16)
    asked, right = np.zeros(longest, np.uint32), np.zeros(longest + 1, np.uint32)
    machine.frame[Field.TRACED] = circuit + 1
    machine.frame[Field.TRACE] = values.ctypes.data
    machine.frame[Field.ASKED] = asked.ctypes.data
    machine.frame[Field.RIGHT] = right.ctypes.data
    evaluate(machine, sample, AT_END, NO_LIMIT)
    machine.frame[Field.TRACED] = 0
    return Trace(values, _lanes(asked), _lanes(right))


def _lanes(masks: Integers) -> Flags:
    """Masks, bit by bit: shape (T,) becomes (T, LANES)."""
    bits = np.unpackbits(masks.view(np.uint8), bitorder="little")
    return bits.reshape(len(masks), LANES).astype(np.bool_)


def find_stop(machine: TableMachine, sample: Sample, circuit: int, dead: Flags) -> Stop:
    """The best signal to stop among the values of one circuit.

    Args:
        machine: its operations list every module.
        sample: one group of examples, LANES of them.
        dead: the modules of the circuit that are free to compare two values.
    """
    seen = trace(machine, sample, circuit)
    steps = sample.steps.ravel().astype(np.int64)
    return _best_stop(*seen, steps, machine.gates, dead)


@compiled
def _best_stop(
    values: Integers, asked: Flags, right: Flags, steps: Integers, gates: Integers, dead: Flags
) -> Stop:
    count: int = values.shape[1]
    best = Stop(-1.0, IS_ZERO, 0, 0)
    for first in range(count):
        for relation in (IS_ZERO, IS_NOT_ZERO):
            score = _score_stop(values, asked, right, steps, relation, first, first)
            if score > best.score:
                best = Stop(score, relation, first, first)
    for relation in (EQUALITY_TEST, LESS_THAN, LESS_OR_EQUAL_THAN):
        last = -1
        for module in range(len(dead)):
            if dead[module] and gates[module] == relation:
                last = count - len(gates) + module
        for first in range(last):
            for second in range(last):
                if first != second and (relation != EQUALITY_TEST or first < second):
                    score = _score_stop(values, asked, right, steps, relation, first, second)
                    if score > best.score:
                        best = Stop(score, relation, first, second)
    return best


@part
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
        copy(code[draw_flagged(random, ~idle)], code[halting])
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
