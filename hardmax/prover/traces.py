"""Runs of the program on inputs drawn from the specification: what a proof is guessed from."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from hardmax.prover.deadline import Deadline
from hardmax.prover.places import Place, Places
from hardmax.prover.specifications.specification import Specification
from hardmax.prover.sums import sum_text
from hardmax.runtime.nram.abi import STATUS_TEXT
from hardmax.runtime.nram.interpreter import Timestep, run, trace
from hardmax.runtime.nram.program import Program

INPUTS = 300
"""How many are drawn."""

LARGEST_EXHAUSTED = 5
"""Memory sizes up to this one are small enough to look at every memory."""

LONGEST_WITHOUT = 8
"""Timesteps that a run may spend without being at the loop head, and still be in its loop."""

MOST_PHASES = 3
"""Visits of the start's place in one run that still make phases."""


@dataclass(frozen=True)
class Run:
    """One run.

    Attributes:
        parameters: of the input, by the specification.
        timesteps: what the machine was before each.
        places: where each was executed.
        memory: the cells at the end.
        halted: whether the program stopped by itself.
    """

    parameters: dict[str, int]
    timesteps: tuple[Timestep, ...]
    places: tuple[Place, ...]
    memory: tuple[int, ...]
    halted: bool


@dataclass(frozen=True)
class Visit:
    """A run at the loop head: before which timestep, and which visit of the phase it is."""

    run: Run
    timestep: int
    visit: int


@dataclass(frozen=True)
class Wrong:
    """An input on which the program is wrong, and what is."""

    memory: tuple[int, ...]
    reason: str


def observe(
    program: Program, places: Places, specification: Specification, seed: int, deadline: Deadline
) -> list[Run] | Wrong:
    """Run drawn inputs far beyond their budget, or find one that is not answered within it."""
    random = Random(seed)
    runs = []
    for _ in range(INPUTS):
        deadline.left()
        memory = specification.draw(random)
        wrong = mistake(program, specification, memory)
        if wrong is not None:
            return wrong
        parameters = specification.parameters_of(memory)
        if parameters is None:
            raise AssertionError(f"{specification.task}: drew {memory}, which is no input")
        most = longest(program, len(memory))
        timesteps = tuple(trace(program, memory, most))
        result = run(program, memory, most)
        visited = tuple(places.of(step) for step in timesteps)
        runs.append(Run(parameters, timesteps, visited, result.memory, result.halted))
    return runs


def longest(program: Program, size: int) -> int:
    """Timesteps after which a run counts as one that does not halt."""
    return 4 * program.metadata.budget.steps(size) + 100


def search(
    program: Program, specification: Specification, seed: int, deadline: Deadline
) -> Wrong | None:
    """Look for a mistake where a proof was not found: every small input, and many drawn ones."""
    random = Random(seed)
    small: Iterator[Sequence[int]] = itertools.chain.from_iterable(
        itertools.product(range(size), repeat=size) for size in range(1, LARGEST_EXHAUSTED + 1)
    )
    drawn = (specification.draw(random) for _ in range(10 * INPUTS))
    for memory in itertools.chain(small, drawn):
        wrong = mistake(program, specification, memory)
        if wrong is not None or deadline.passed:
            return wrong
    return None


def mistake(program: Program, specification: Specification, memory: Sequence[int]) -> Wrong | None:
    """Replay a memory against the task's definition; None where it is right, or is no input."""
    answer = specification.answer(memory)
    if answer is None:
        return None
    result = run(program, memory, program.metadata.budget.steps(len(memory)))
    if result.status < 0:
        return Wrong(tuple(memory), f"timestep {result.steps + 1}: {STATUS_TEXT[result.status]}")
    for cell, expected in answer.items():
        if result.memory[cell] != expected:
            reason = f"cell {cell} is {result.memory[cell]}, expected {expected}"
            return Wrong(tuple(memory), reason)
    return None


def loop_heads(runs: Sequence[Run], places: Places) -> list[Place | None]:
    """Places that every long run comes back to within a few timesteps, the likeliest first.

    None alone stands for a program without loops.
    """
    if all(len(run.places) <= LONGEST_WITHOUT for run in runs):
        return [None]
    visits: dict[str, int] = {}
    for run_ in runs:
        for place in run_.places:
            visits[place.name] = visits.get(place.name, 0) + 1
    heads = [
        places.by_name[name]
        for name in visits
        if all(_longest_without(run_.places, name) <= LONGEST_WITHOUT for run_ in runs)
    ]
    # A loop entered at the start is harder to describe: its first visit is unlike the others.
    heads.sort(key=lambda head: (head is places.start, -visits[head.name]))
    return list(heads)


def phases(runs: Sequence[Run], places: Places, head: Place | None) -> int:
    """Into how many phases visits of the start's place divide the loops of a run."""
    if head is None or head is places.start:
        return 1
    visits = max(sum(place is places.start for place in run_.places) for run_ in runs)
    return visits if visits <= MOST_PHASES else 1


def _longest_without(visited: Sequence[Place], name: str) -> int:
    longest = current = 0
    for place in visited:
        current = 0 if place.name == name else current + 1
        longest = max(longest, current)
    return longest


def right_from(runs: Sequence[Run], specification: Specification) -> str:
    """The timestep from which on every trace is right: a sum of multiples of the parameters."""
    names = [parameter.name for parameter in specification.parameters]
    needed = [(run_.parameters, _last_wrong(run_, specification) + 1) for run_ in runs]
    sums = []
    for factors in itertools.product(range(4), repeat=len(names)):
        rest = [
            timestep - sum(f * parameters[name] for f, name in zip(factors, names, strict=True))
            for parameters, timestep in needed
        ]
        slack = len(rest) * max(rest) - sum(rest)
        sums.append((slack, factors, max(rest)))
    _, factors, constant = min(sums)
    return sum_text(list(zip(factors, names, strict=True)), constant)


def _last_wrong(run_: Run, specification: Specification) -> int:
    """The last number of timesteps after which an output is wrong, or -1."""
    memories = [*(step.memory for step in run_.timesteps), run_.memory]
    answer = specification.answer(memories[0]) or {}
    wrong = (
        i
        for i in reversed(range(len(memories)))
        if any(memories[i][cell] != value for cell, value in answer.items())
    )
    return next(wrong, -1)
