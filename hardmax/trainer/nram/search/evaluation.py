"""What a program loses on a sample of examples, by machine code.

A run loses its share of the wrong cells that it was to put right, counted at its end and at its
best moment, something by how far off they are, and something when it does not halt. Losses are
whole numbers, so that their sum does not depend on the order of the runs.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hardmax.runtime.errors import HardmaxError
from hardmax.trainer.nram.native.evaluation import (
    FAR,
    LANES,
    LARGEST_SIZE,
    NO_ANSWER,
    Field,
    aligned,
)
from hardmax.trainer.nram.search.compilation import compiled, copy, fill, part
from hardmax.trainer.nram.search.kernel import (
    HALTED,
    Examples,
    Integers,
    Lanes,
    TableMachine,
    run_lanes,
)

RUN = 1 << 20
"""What all wrong cells of a run are worth."""

WHOLE = 256
"""The weights of end, best moment and halting are numbers of so many parts."""

NO_LIMIT = 1 << 62
"""What any loss is below."""


class Weights(NamedTuple):
    """What counts in a score, in parts of WHOLE, which they add up to.

    Attributes:
        end: being right at the end of a run.
        best: being right at the best moment of a run.
        idle: halting within the time allowed.
        distant: being near the answer at the end of a run, right or not.
    """

    end: int
    best: int
    idle: int
    distant: int


def weights(best: float, idle: float = 0.0, distant: float = 0.0) -> Weights:
    """Weights for shares of the score, each 0 to 1, together at most 1; the rest is for the end."""
    shares = [round(share * WHOLE) for share in (best, idle, distant)]
    return Weights(WHOLE - sum(shares), *shares)


class Sample(NamedTuple):
    """Examples packed into G groups of LANES for machine code, and what came out.

    Attributes:
        runs: how many there are; the last lanes of the last group may be empty.
        words: answers and values of all cells, shape (G, cells, LANES).
        cells: the most cells of a group, shape (G,).
        size: memory sizes, shape (G, LANES), like all that follow but ``present``.
        steps: timesteps that each run may take.
        wrong: cells that are wrong at the start.
        worth: what a wrong cell costs.
        present: the lanes that are not empty, bit by bit, shape (G,).
        at_end: wrong cells at the end.
        at_best: the fewest there were after any timestep.
        taken: timesteps completed.
        halted: the lanes that halted, bit by bit, shape (G,).
        fields: addresses of these, from ``Field.GROUPS`` to ``Field.PRESENT``, then the last four.
    """

    runs: Integers
    words: Integers
    cells: Integers
    size: Integers
    steps: Integers
    wrong: Integers
    worth: Integers
    present: Integers
    at_end: Integers
    at_best: Integers
    taken: Integers
    halted: Integers
    fields: Integers


def sample_room(count: int, cells: int) -> Sample:
    """Room for so many examples with memories of at most ``cells`` cells."""
    groups = -(-count // LANES)
    rows = (groups, LANES)
    sample = Sample(
        runs=np.zeros(1, np.int64),
        words=aligned((groups, cells, LANES), np.int32),
        cells=np.zeros(groups, np.int64),
        size=aligned(rows, np.uint16),
        steps=aligned(rows, np.int32),
        wrong=aligned(rows, np.uint16),
        worth=aligned(rows, np.int32),
        present=np.zeros(groups, np.uint32),
        at_end=aligned(rows, np.uint16),
        at_best=aligned(rows, np.uint16),
        taken=aligned(rows, np.int32),
        halted=np.zeros(groups, np.uint32),
        fields=np.zeros(Field.END - Field.GROUPS + Field.LOST - Field.AT_END, np.int64),
    )
    sample.fields[:2] = groups, cells
    sample.fields[2:] = [array.ctypes.data for array in sample[1:-1]]
    return sample


@compiled
def pack(sample: Sample, examples: Examples, chosen: Integers, steps: Integers) -> None:
    """Fill a sample with the examples of some numbers, and the time that each may take."""
    sample.runs[0] = len(chosen)
    groups, lanes = sample.size.shape
    for group in range(groups):
        sample.cells[group] = 0
        sample.present[group] = 0
        for lane in range(lanes):
            number = group * lanes + lane
            if number >= len(chosen):
                sample.size[group, lane] = 1
                sample.steps[group, lane] = 0
                sample.wrong[group, lane] = 0
                sample.worth[group, lane] = 0
                continue
            example = chosen[number]
            size = examples.size[example]
            before = examples.wrong[example]
            for cell in range(size):
                answer = NO_ANSWER
                if examples.output[example, cell]:
                    answer = examples.expected[example, cell]
                sample.words[group, cell, lane] = (answer << 16) | examples.memory[example, cell]
            sample.cells[group] = max(sample.cells[group], size)
            sample.size[group, lane] = size
            sample.steps[group, lane] = steps[number]
            sample.wrong[group, lane] = before
            sample.worth[group, lane] = RUN // max(before, 1)
            sample.present[group] |= np.uint32(1) << np.uint32(lane)


def packed(examples: Examples, steps: Integers) -> Sample:
    """All examples, in their order, each with the time that it may take.

    Raises:
        HardmaxError: a memory is too large, or holds what is no address.
    """
    check(examples)
    sample = sample_room(len(examples.size), examples.memory.shape[1])
    pack(sample, examples, np.arange(len(examples.size)), steps)
    return sample


def check(examples: Examples) -> None:
    """See to it that machine code can run examples without looking.

    Raises:
        HardmaxError: a memory is too large, or holds what is no address.
    """
    largest = int(examples.size.max(initial=1))
    if largest > LARGEST_SIZE:
        raise HardmaxError(f"search runs memories of at most {LARGEST_SIZE} cells, found {largest}")
    size = examples.size[:, None]
    inside = np.arange(examples.memory.shape[1]) < size
    bad = inside & ((examples.memory < 0) | (examples.memory >= size))
    if bad.any():
        example, cell = np.argwhere(bad)[0]
        raise HardmaxError(
            f"expected values below the memory's size {examples.size[example]}, found "
            f"{examples.memory[example, cell]} in cell {cell} of example {example}"
        )


@compiled
def evaluate(machine: TableMachine, sample: Sample, weights: Weights, affordable: int) -> int:
    """What a program loses on a sample, -1 for more than is affordable.

    Sets the visited rows, and what came out of the groups that were run.
    """
    fill(machine.visited, False)
    frame = machine.frame
    inputs = Field.END - Field.GROUPS
    copy(sample.fields[:inputs], frame[Field.GROUPS : Field.END])
    copy(sample.fields[inputs:], frame[Field.AT_END : Field.LOST])
    frame[Field.END] = weights.end
    frame[Field.BEST] = weights.best
    frame[Field.IDLE] = weights.idle * RUN
    frame[Field.DISTANT] = weights.distant
    frame[Field.AFFORDABLE] = affordable
    machine.evaluate(frame.ctypes.data)
    lost: int = frame[Field.LOST]
    return lost


@part
def distance(lanes: Lanes, examples: Examples, example: int, lane: int) -> int:
    """How far all cells of a lane are off their answers, none more than FAR."""
    total = 0
    for cell in range(examples.size[example]):
        if examples.output[example, cell]:
            total += min(abs(lanes.tape[lane, cell] - examples.expected[example, cell]), FAR)
    return total


@compiled
def evaluate_by_definition(
    machine: TableMachine,
    lanes: Lanes,
    examples: Examples,
    chosen: Integers,
    steps: Integers,
    weights: Weights,
    affordable: int,
) -> int:
    """What :func:`evaluate` says of a sample of the examples of some numbers."""
    fill(machine.visited, False)
    lost = 0
    for first in range(0, len(chosen), LANES):
        group = chosen[first : first + LANES]
        run_lanes(machine, lanes, examples, group, steps[first : first + LANES])
        for lane in range(len(group)):
            before = max(examples.wrong[group[lane]], 1)
            worth = RUN // before
            lost += weights.end * min(lanes.wrong[lane], before) * worth
            lost += weights.best * min(lanes.best[lane], before) * worth
            off = distance(lanes, examples, group[lane], lane)
            lost += weights.distant * min(off, before * FAR) * (worth // FAR)
            if lanes.status[lane] != HALTED:
                lost += weights.idle * RUN
        if lost > affordable:
            return -1
    return lost


@compiled
def score(machine: TableMachine, sample: Sample, weights: Weights, threshold: float) -> float:
    """1 where nothing is lost, down to 0; -1 as soon as it cannot reach the threshold."""
    most = float(sample.runs[0] * WHOLE * RUN)
    lost = evaluate(machine, sample, weights, int((1.0 - threshold) * most))
    if lost < 0:
        return -1.0
    return 1.0 - lost / most
