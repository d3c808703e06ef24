"""One part of a search for a task's program, and what the program does when it is compiled.

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
from hardmax.runtime.nram.gates import STANDARD_MODULES
from hardmax.runtime.nram.program import Program
from hardmax.trainer.layers import ControllerConfig
from hardmax.trainer.nram.acceptance import acceptance_examples, is_exact
from hardmax.trainer.nram.controller import Controller
from hardmax.trainer.nram.hardening import harden, table_shape
from hardmax.trainer.nram.model import Model
from hardmax.trainer.nram.search.judge import all_halt, budget_steps
from hardmax.trainer.nram.search.kernel import Examples, table_machine
from hardmax.trainer.nram.search.search import Found, search
from hardmax.trainer.nram.search.table import Table
from hardmax.trainer.nram.session import WIDER
from hardmax.trainer.nram.tasks import Task
from hardmax.trainer.nram.wiring import Wiring
from hardmax.trainer.progress import SearchProgress
from hardmax.trainer.provenance import FITTED, versions

COMPLEXITIES = (5, 50, 1_000)
RUNS = 32
"""Of the native code, at each complexity, in memories of several sizes."""

RUNS_IN_ALL = RUNS * len(COMPLEXITIES)

HIDDEN = 32
"""Units a layer of the network that is fitted to a program."""

FACTORS = (1.0, 1.3, 2.0, 3.0)
"""Their sizes, as multiples of what the complexity needs."""


@dataclass(frozen=True)
class Runs:
    """What native code did in its runs.

    Attributes:
        wrong, halted: how many of them ended wrong, and how many by halting within the budget.
    """

    wrong: int
    halted: int


@dataclass(frozen=True)
class Solved:
    """A program that passed the acceptance test, and the plan of the search that found it."""

    model: Model
    plan: str
    halts: bool


@dataclass(frozen=True)
class Outcome:
    """How a part of a search ended.

    Attributes:
        solved: None where nothing was found.
        starts: made so far, those of earlier parts counted.
        evaluations: programs judged.
        seconds: of CPU time.
        level, score: how far programs were grown: the largest complexity of examples that one was
            judged on by how its runs end, and the best score there.
    """

    solved: Solved | None
    starts: int
    evaluations: int
    seconds: float
    level: int
    score: float


def halts_always(task: Task, table: Table, examples: Examples) -> bool:
    """Whether a program halts by itself, within the step budget, on every example."""
    machine = table_machine(table, 1, examples.memory.shape[1])
    return all_halt(machine, examples, budget_steps(task, examples))


def solve(task: Task, evaluations: int, first_start: int, must_halt: bool) -> Outcome:
    """Go on with the search of seed 0 that ``hardmax train`` makes, on one thread.

    Args:
        evaluations: programs that may be judged; the start that goes beyond is ended.
        first_start: starts that were made before.
        must_halt: whether a program has to halt by itself on every acceptance example.
    """
    examples = acceptance_examples(task)
    shapes = [table_shape(Wiring(*shape)) for shape in WIDER]
    last, furthest = SearchProgress(first_start, "", 0, 0.0, 0, 0.0), (0, 0.0)
    began = time.process_time()

    def report(progress: SearchProgress) -> None:
        nonlocal last, furthest
        last = progress
        if progress.plan in ("grow", "mixed", "ladder") and not progress.found:
            furthest = max(furthest, (progress.level, progress.score))

    def exact(guess: Task, table: Table) -> bool:
        return is_exact(guess, table, examples) and (
            not must_halt or halts_always(guess, table, examples)
        )

    found = search(
        task.guesses(),
        shapes,
        exact,
        evaluations=evaluations,
        first_start=first_start,
        threads=1,
        progress=report,
    )
    seconds = time.process_time() - began
    if found is None:
        return Outcome(None, last.start, last.evaluations, seconds, *furthest)
    solved = Solved(
        _model(found, seconds), found.plan, halts_always(found.task, found.table, examples)
    )
    return Outcome(solved, found.starts, found.evaluations, seconds, *furthest)


def _model(found: Found, seconds: float) -> Model:
    """A machine whose discretization is a found program."""
    shape = found.table.shape
    wiring = Wiring(shape.registers, len(shape.modules) // len(STANDARD_MODULES))
    controller = Controller(wiring, ControllerConfig("mlp", HIDDEN), members=1)
    controller.initialise(0, torch.Generator().manual_seed(0))
    harden(controller, found.table)
    provenance = {
        "command": "python -m benchmarks.suite",
        "found_by": "search",
        "weights": FITTED,
        "seed": 0,
        "evaluations": found.evaluations,
        "starts": found.starts,
        "seconds": round(seconds, 1),
        **versions(),
    }
    return Model(found.task, controller, provenance)


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
