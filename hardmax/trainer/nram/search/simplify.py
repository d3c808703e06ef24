"""Make a found program smaller without changing what it does: annealing at score 1.

Chance leaves a program full of modules that compute something nobody needs. Here moves are
proposed as in the search, only those that leave every example right are considered, and among
those the smaller program wins; a temperature lets it grow a little on the way. It never gets
slower.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch

from hardmax.runtime.nram.gates import Gate
from hardmax.trainer.nram.search.chain import copy_circuit
from hardmax.trainer.nram.search.compilation import compiled, copy, fill, part
from hardmax.trainer.nram.search.evaluation import Sample, evaluate, packed
from hardmax.trainer.nram.search.examples import draw_examples
from hardmax.trainer.nram.search.judge import AT_END, budget_steps
from hardmax.trainer.nram.search.kernel import (
    READ,
    WRITE,
    Flags,
    Integers,
    TableMachine,
    assemble,
    table_machine,
)
from hardmax.trainer.nram.search.moves import draw_unit, mark_used, mutate, redirect_unvisited
from hardmax.trainer.nram.search.table import Table
from hardmax.trainer.nram.tasks import Task

EXAMPLES = 512
ROUNDS = 3
PROPOSALS = 30_000
"""Proposals of a round; a round that ends with a program that is not exact is undone."""

TIMESTEPS = 24_000_000
"""Timesteps of LANES runs side by side in a round."""

CHUNK = 1_000
"""Proposals between two reports."""

HOT, COLD = 1.5, 0.1
"""Temperatures at the ends of a round, in units of the size."""


def simplify(
    table: Table,
    task: Task,
    generator: torch.Generator,
    accept: Callable[[Table], bool],
    report: Callable[[float], None],
    stopped: Callable[[], bool],
) -> Table:
    """A program for the same task, usually much smaller.

    A round takes PROPOSALS, or fewer, of a program that runs long: about TIMESTEPS.

    Args:
        table: a program that is exact.
        accept: whether a program is exact.
        report: called now and then with the share that is done.
        stopped: asked now and then whether to leave it at what there is.
    """
    largest = 2 * task.largest_training_complexity
    random = torch.randint(1, 1 << 62, (1,), generator=generator).numpy().astype(np.uint64)
    best = table
    for round_number in range(ROUNDS):
        examples = draw_examples(task, task.smallest_complexity, largest, EXAMPLES, generator)
        chain = table_machine(best, 1, examples.memory.shape[1])
        smallest = table_machine(best, 1, examples.memory.shape[1])
        sample = packed(examples, budget_steps(task, examples))
        least = math.inf
        proposals = affordable_proposals(chain, sample)
        for first in range(0, proposals, CHUNK):
            report((round_number + first / proposals) / ROUNDS)
            if stopped():
                break
            least = shrink(chain, smallest, least, sample, random, first, proposals)
        if math.isinf(least):
            return best
        candidate = tidy(Table(table.shape, smallest.code[smallest.table].astype(np.int16)))
        if accept(candidate):
            best = candidate
    return best


def affordable_proposals(chain: TableMachine, sample: Sample) -> int:
    """How many proposals a round may make, by the timesteps that a program takes."""
    evaluate(chain, sample, AT_END, 0)
    timesteps = int(sample.taken.max(axis=1).sum())
    return min(PROPOSALS, CHUNK * max(TIMESTEPS // max(timesteps, 1) // CHUNK, 1))


def tidy(table: Table) -> Table:
    """The same behaviour where modules that do not matter read value 0.

    A READ that does not matter repeats the last READ before it, if there is one: a pass that
    merges equal operations then removes it.
    """
    code = table.code.copy()
    shape = table.shape
    prepared = table_machine(table, 1, 1)
    for row in range(shape.rows):
        live = prepared.live[prepared.table[row]]
        address = 0
        for module, gate in enumerate(shape.modules):
            first = shape.operand_slot(module)
            if not live[module]:
                code[row, first : first + 2] = 0
                if gate is Gate.READ:
                    code[row, first] = address
            elif gate is Gate.READ:
                address = code[row, first]
        if code[row, shape.halt_slot] == 1:
            code[row, : shape.registers] = np.arange(shape.registers)
    return Table(shape, code)


@part
def size(machine: TableMachine, used: Flags) -> float:
    """What a reader has to read: different operations, changed registers, circuits.

    Of two equal operations in a circuit one is free.
    """
    registers = machine.registers
    total = 0.0
    halts = False
    for circuit in range(len(used)):
        if used[circuit]:
            total += 5.0
            operations = machine.operations[circuit]
            for i in range(machine.counts[circuit]):
                cost = 1.0
                if operations[i, 0] == READ or operations[i, 0] == WRITE:
                    cost = 2.0
                for j in range(i):
                    if (
                        operations[i, 0] == operations[j, 0]
                        and operations[i, 1] == operations[j, 1]
                        and operations[i, 2] == operations[j, 2]
                    ):
                        cost = 0.0
                total += cost
            if machine.code[circuit, registers] != 0:
                halts = True
            else:
                for register in range(registers):
                    if machine.code[circuit, register] != register:
                        total += 1.0
    if not halts:
        total += 10.0
    return total


@part
def count_steps(machine: TableMachine, sample: Sample, most: int) -> int:
    """Timesteps of all examples together; -1 where one ends wrong or there are more than ``most``.

    Sets the visited rows.
    """
    if evaluate(machine, sample, AT_END, 0) != 0:
        return -1
    total = int(np.sum(sample.taken))
    return total if total <= most else -1


@compiled
def shrink(
    chain: TableMachine,
    smallest: TableMachine,
    least: float,
    sample: Sample,
    random: Integers,
    first: int,
    proposals: int,
) -> float:
    """Anneal the size of a program that is right on all examples, for CHUNK proposals.

    Args:
        chain: the program; left at some other one.
        smallest: the smallest program met.
        least: its size, infinite before the first proposal.
        sample: examples and the time that each may take.
        first: proposals made before, of so many ``proposals`` in all.

    Returns:
        The new ``least``.
    """
    visited = np.zeros(len(chain.table), dtype=np.bool_)
    used = np.zeros(len(chain.code), dtype=np.bool_)
    touched = np.zeros(len(chain.code), dtype=np.bool_)
    proposed_used = np.zeros(len(chain.code), dtype=np.bool_)
    saved_table = chain.table.copy()
    saved_code = chain.code.copy()
    most = count_steps(chain, sample, int(np.sum(sample.steps)))
    if most < 0:
        return least
    copy(chain.visited, visited)
    mark_used(chain, visited, used)
    current = size(chain, used)
    least = min(least, current)
    cooling = math.log(COLD / HOT)
    for proposal in range(first, first + CHUNK):
        fill(touched, False)
        redirect_unvisited(random, chain, visited)
        mutate(random, chain, visited, used, touched)
        for circuit in range(len(touched)):
            if touched[circuit]:
                assemble(chain, circuit)
        temperature = HOT * math.exp(cooling * proposal / proposals)
        allowed = current - temperature * math.log(draw_unit(random))
        accepted = False
        if size(chain, used) <= allowed + 5.0:
            taken = count_steps(chain, sample, most)
            accepted = taken >= 0
        if accepted:
            mark_used(chain, chain.visited, proposed_used)
            proposed = size(chain, proposed_used)
            accepted = proposed <= allowed
        if accepted:
            current = proposed
            most = taken
            copy(chain.visited, visited)
            copy(proposed_used, used)
            copy(chain.table, saved_table)
            for circuit in range(len(used)):
                copy(chain.code[circuit], saved_code[circuit])
            if current < least:
                least = current
                copy(chain.table, smallest.table)
                for circuit in range(len(used)):
                    copy_circuit(chain, smallest, circuit)
        else:
            copy(saved_table, chain.table)
            for circuit in range(len(touched)):
                if touched[circuit]:
                    copy(saved_code[circuit], chain.code[circuit])
                    assemble(chain, circuit)
    return least
