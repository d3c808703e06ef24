"""One chain of simulated annealing over lookup tables, compiled."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from hardmax.trainer.nram.search.compilation import compiled, copy, fill, part
from hardmax.trainer.nram.search.evaluation import Sample, Weights, pack, score, weights
from hardmax.trainer.nram.search.kernel import Examples, Integers, TableMachine, assemble
from hardmax.trainer.nram.search.moves import draw, draw_unit, mark_used, mutate, redirect_unvisited

PAUSED, SOLVED = 0, 1
"""Why :func:`anneal` returned: its evaluations are spent, or every example is right."""


EVEN = weights(best=0.5)
"""Weights that count the end of a run as much as its best moment."""


class Schedule(NamedTuple):
    """How a chain cools and what it looks at.

    Attributes:
        hot: temperature at the start, in units of the score, which is 0 to 1.
        cold: temperature at the end; in between it falls geometrically.
        evaluations: the length of the schedule.
        sample: how many examples a score is the mean of.
        redraw: evaluations after which other examples are drawn.
        slack: each example gets up to this many timesteps more than it needs.
        weights: what counts in a score.
    """

    hot: float = 0.03
    cold: float = 0.0006
    evaluations: int = 400_000
    sample: int = 96
    redraw: int = 500
    slack: int = 3
    weights: Weights = EVEN


@part
def choose(random: Integers, examples: Examples, slack: int, sample: Sample, count: int) -> None:
    """Draw examples, and the time each may take; runs of about a length go side by side."""
    chosen = np.zeros(count, dtype=np.int64)
    steps = np.zeros(count, dtype=np.int64)
    for i in range(count):
        example = draw(random, len(examples.size))
        needed = examples.steps[example]
        place = i
        while place > 0 and steps[place - 1] > needed:
            chosen[place], steps[place] = chosen[place - 1], steps[place - 1]
            place -= 1
        chosen[place], steps[place] = example, needed
    for i in range(count):
        steps[i] += draw(random, slack + 1)
    pack(sample, examples, chosen, steps)


@part
def same_behaviour(machine: TableMachine, saved: TableMachine, circuit: int) -> bool:
    """Whether a circuit does in one machine what it does in another."""
    registers = machine.registers
    if machine.counts[circuit] != saved.counts[circuit]:
        return False
    for slot in range(registers + 1):
        if machine.code[circuit, slot] != saved.code[circuit, slot]:
            return False
    for i in range(machine.counts[circuit]):
        for j in range(4):
            if machine.operations[circuit, i, j] != saved.operations[circuit, i, j]:
                return False
    return True


@part
def copy_circuit(source: TableMachine, target: TableMachine, circuit: int) -> None:
    """Copy a circuit, assembled."""
    count = source.counts[circuit]
    copy(source.code[circuit], target.code[circuit])
    copy(source.live[circuit], target.live[circuit])
    target.counts[circuit] = count
    for i in range(count):
        copy(source.operations[circuit, i], target.operations[circuit, i])


@compiled
def anneal(
    machine: TableMachine,
    saved: TableMachine,
    sample: Sample,
    examples: Examples,
    schedule: Schedule,
    random: Integers,
    done: int,
    limit: int,
) -> tuple[int, int, float]:
    """Take a chain from evaluation ``done`` of its schedule to ``limit``.

    Args:
        machine: the chain's program; changed in place.
        saved: room for a second machine of the same shape.
        sample: room for the examples that it looks at.
        random: the generator's state.

    Returns:
        SOLVED or PAUSED, the evaluations done so far, and the score at the end.
    """
    visited = np.zeros(len(machine.table), dtype=np.bool_)
    used = np.zeros(len(machine.code), dtype=np.bool_)
    touched = np.zeros(len(machine.code), dtype=np.bool_)
    copy(machine.table, saved.table)
    for circuit in range(len(machine.code)):
        assemble(machine, circuit)
        copy_circuit(machine, saved, circuit)
    cooling = math.log(schedule.cold / schedule.hot)
    current = 0.0
    fresh = True
    while done < limit:
        if fresh or done % schedule.redraw == 0:
            choose(random, examples, schedule.slack, sample, schedule.sample)
            current = score(machine, sample, schedule.weights, 0.0)
            copy(machine.visited, visited)
            mark_used(machine, visited, used)
            done += 1
            fresh = False
            if current > 1.0 - 1e-9:
                return SOLVED, done, current
        fill(touched, False)
        redirect_unvisited(random, machine, visited)
        mutate(random, machine, visited, used, touched)
        noticeable = False
        for row in range(len(visited)):
            if visited[row] and machine.table[row] != saved.table[row]:
                noticeable = True
        for circuit in range(len(touched)):
            if touched[circuit]:
                assemble(machine, circuit)
                if used[circuit] and not same_behaviour(machine, saved, circuit):
                    noticeable = True
        accepted = not noticeable
        if noticeable:
            temperature = schedule.hot * math.exp(cooling * done / schedule.evaluations)
            threshold = current + temperature * math.log(draw_unit(random))
            proposed = score(machine, sample, schedule.weights, threshold)
            done += 1
            if proposed >= threshold:
                accepted = True
                current = proposed
                copy(machine.visited, visited)
                mark_used(machine, visited, used)
        if accepted:
            copy(machine.table, saved.table)
        else:
            copy(saved.table, machine.table)
        for circuit in range(len(touched)):
            if touched[circuit]:
                if accepted:
                    copy_circuit(machine, saved, circuit)
                else:
                    copy_circuit(saved, machine, circuit)
        if accepted and noticeable and current > 1.0 - 1e-9:
            return SOLVED, done, current
    return PAUSED, done, current
