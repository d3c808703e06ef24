"""One attempt to solve a task: a search from a fixed seed, and what its program does when compiled.

A program counts as solving its task when it passes the project's acceptance test, 2,000 examples up
to complexity 50, and its native code makes no mistake in RUNS runs at each of three complexities.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch

import hardmax
from hardmax.codegen.llvm_passes import DEFAULT_LEVEL
from hardmax.codegen.nram.explain import code_size
from hardmax.runtime.nram.program import Program
from hardmax.trainer.layers import ControllerConfig
from hardmax.trainer.nram.acceptance import acceptance_examples, is_exact
from hardmax.trainer.nram.controller import Controller
from hardmax.trainer.nram.hardening import harden, table_shape
from hardmax.trainer.nram.model import Model
from hardmax.trainer.nram.search.judge import all_halt, budget_steps
from hardmax.trainer.nram.search.kernel import Examples, table_machine
from hardmax.trainer.nram.search.search import Found, search
from hardmax.trainer.nram.search.simplify import simplify
from hardmax.trainer.nram.search.table import Table
from hardmax.trainer.nram.tasks import Task
from hardmax.trainer.nram.wiring import Wiring
from hardmax.trainer.progress import SearchProgress
from hardmax.trainer.provenance import FITTED, versions

COMPLEXITIES = (5, 50, 1_000)
RUNS = 32
"""Of the native code, at each complexity, in memories of several sizes."""

RUNS_IN_ALL = RUNS * len(COMPLEXITIES)

FACTORS = (1.0, 1.3, 2.0, 3.0)
"""Their sizes, as multiples of what the complexity needs."""


@dataclass(frozen=True)
class Attempt:
    """What is tried: the shape of the machine, the seed, and how many programs may be judged."""

    registers: int
    repetitions: int
    seed: int
    evaluations: int


@dataclass(frozen=True)
class Runs:
    """What native code did in its runs.

    Attributes:
        wrong, halted: how many of them ended wrong, and how many by halting within the budget.
    """

    wrong: int
    halted: int


@dataclass(frozen=True)
class Solution:
    """A program that passed the acceptance test."""

    model: Model
    plan: str
    halts: bool


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended.

    Attributes:
        solution: None where there is none.
        evaluations: programs judged.
        seconds: of CPU time.
        level, score: how far the search got: the largest complexity of examples that it worked on
            while judging runs by how they end, and the best score there.
    """

    solution: Solution | None
    evaluations: int
    seconds: float
    level: int
    score: float


def halts_always(task: Task, table: Table, examples: Examples) -> bool:
    """Whether a program halts by itself, within the step budget, on every example."""
    machine = table_machine(table, 1, examples.memory.shape[1])
    return all_halt(machine, examples, budget_steps(task, examples))


def solve(task: Task, attempt: Attempt) -> Outcome:
    """Search for a program that halts by itself; failing that, one that idles will do."""
    wiring = Wiring(attempt.registers, attempt.repetitions)
    examples = acceptance_examples(task)
    idle: list[tuple[Table, str]] = []
    last = SearchProgress(0, "", 0, 0.0, 0, 0.0)
    furthest = (0, 0.0)
    began = time.process_time()

    def report(progress: SearchProgress) -> None:
        nonlocal last, furthest
        last = progress
        if progress.plan == "grow" and not progress.found:
            furthest = max(furthest, (progress.level, progress.score))

    def halting(table: Table) -> bool:
        if not is_exact(task, table, examples):
            return False
        if halts_always(task, table, examples):
            return True
        idle.append((table, last.plan))
        return False

    found = search(
        task,
        table_shape(wiring),
        halting,
        seed=attempt.seed,
        evaluations=attempt.evaluations,
        progress=report,
    )
    if found is None and idle:
        table, plan = idle[0]
        generator = torch.Generator().manual_seed(attempt.seed)
        small = simplify(
            table, task, generator, lambda t: is_exact(task, t, examples), lambda share: None
        )
        found = Found(small, plan, last.start, last.evaluations, last.seconds)
    seconds = time.process_time() - began
    if found is None:
        return Outcome(None, last.evaluations, seconds, *furthest)
    controller = Controller(wiring, ControllerConfig("mlp", 32), members=1)
    controller.initialise(0, torch.Generator().manual_seed(attempt.seed))
    harden(controller, found.table)
    provenance = {
        "command": "python -m benchmarks.suite",
        "found_by": "search",
        "weights": FITTED,
        "seed": attempt.seed,
        "evaluations": found.evaluations,
        "starts": found.starts,
        "seconds": round(seconds, 1),
        **versions(),
    }
    model = Model(task, controller, provenance)
    halts = halts_always(task, found.table, examples)
    return Outcome(Solution(model, found.plan, halts), found.evaluations, seconds, *furthest)


def _memories(task: Task) -> Iterator[tuple[list[int], dict[int, int]]]:
    """The inputs of the runs, and the task's own answers."""
    generator = torch.Generator().manual_seed(0)
    for complexity in COMPLEXITIES:
        for factor in FACTORS:
            size = round(factor * task.minimum_size(complexity))
            count = RUNS // len(FACTORS)
            batch = task.sample(torch.full((count,), complexity), size, generator)
            for memory in batch.inputs.tolist():
                yield memory, task.solve(memory)


def run_native(task: Task, program: Program) -> Runs:
    """Compile a program and run it."""
    wrong = halted = 0
    with tempfile.TemporaryDirectory(prefix="hardmax-") as folder:
        library = Path(folder) / "program.so"
        hardmax.compile(program, library)
        native = hardmax.load(library)
        for memory, answer in _memories(task):
            result = native.run(memory)
            wrong += any(result.memory[cell] != value for cell, value in answer.items())
            halted += result.halted
    return Runs(wrong, halted)


@dataclass(frozen=True)
class Size:
    """Circuits and operations of a program, and bytes of its machine code."""

    circuits: int
    operations: int
    code: int


def program_size(program: Program) -> Size:
    """How large a program is."""
    circuits = program.circuits()
    operations = sum(len(circuit.operations) for circuit in circuits)
    return Size(len(circuits), operations, code_size(program, DEFAULT_LEVEL))
