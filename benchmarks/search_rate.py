"""Programs a second that search judges, on one core: today's beside an earlier commit's.

    python -m benchmarks.search_rate --before e6be114

Both search for the same tasks in the same shapes, each in a process of its own with one thread, one
after the other; processor time counts, so that a busy machine matters little. Each case is searched
twice, the second time with more programs, and the rate is that of the additional ones: drawing
examples and compiling, which happen once, are in neither count. No program is accepted.

Commit e6be114 is the last that judged programs by the kernel that numba compiles. The last column
is the evaluation of a program alone, without the moves: how many times as fast the emitted machine
code is as the numba kernel, its definition, on the same programs; a program that the two do not
judge alike ends the benchmark.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.one_line_errors import one_line_errors
from hardmax.extractor.markdown import markdown
from hardmax.runtime.nram.gates import STANDARD_MODULES
from hardmax.trainer.nram.search.evaluation import (
    NO_LIMIT,
    evaluate,
    evaluate_by_definition,
    packed,
    weights,
)
from hardmax.trainer.nram.search.examples import subset
from hardmax.trainer.nram.search.kernel import lanes_for, table_machine
from hardmax.trainer.nram.search.problem import Problem
from hardmax.trainer.nram.search.table import Shape, Table
from hardmax.trainer.nram.tasks import TASKS

CASES = (("swap", 4, 1), ("permutation", 4, 2), ("listsearch", 3, 3), ("merge", 6, 3))
"""Task, registers and repetitions of the modules."""

FEW, MANY = 50_000, 200_000
"""Programs that the two searches of a case may judge; what the second takes more is measured."""

PROGRAMS, SAMPLE = 300, 96

MEASURE = """
import inspect, time
from hardmax.runtime.nram.gates import STANDARD_MODULES
from hardmax.trainer.nram.search.search import search
from hardmax.trainer.nram.search.table import Shape
from hardmax.trainer.nram.tasks import TASKS

def spent(name, registers, repetitions, evaluations):
    seen = []
    task, shape = TASKS[name], Shape(registers, STANDARD_MODULES * repetitions)
    given = dict(evaluations=evaluations, seed=1, progress=lambda p: seen.append(p.evaluations))
    began = time.process_time()
    if "guesses" in inspect.signature(search).parameters:
        search([task], [shape], lambda guess, table: False, threads=1, **given)
    else:
        search(task, shape, lambda table: False, **given)
    return seen[-1], time.process_time() - began

def rate(case):
    (first, before), (last, after) = spent(*case, {few}), spent(*case, {many})
    return (last - first) / (after - before)

cases = {cases!r}
spent(*cases[0], {many})  # compiles what all of them need
print([rate(case) for case in cases])
"""


def rates(package: Path, scratch: Path) -> list[float]:
    """Programs a second in every case, by the package in a folder."""
    environment = os.environ | {
        "PYTHONPATH": str(package),
        "NUMBA_CACHE_DIR": str(scratch),
        "OMP_NUM_THREADS": "1",
    }
    script = MEASURE.format(cases=CASES, few=FEW, many=MANY)
    ran = subprocess.run(
        [sys.executable, "-c", script],
        env=environment,
        cwd=scratch,
        check=True,
        capture_output=True,
        text=True,
    )
    measured: list[float] = json.loads(ran.stdout)
    return measured


def rates_of_commit(commit: str) -> list[float]:
    """The same by an earlier commit of the repository that this file lies in."""
    root = Path(__file__).parents[1]
    archive = subprocess.run(
        ["git", "archive", commit, "hardmax"], cwd=root, check=True, capture_output=True
    ).stdout
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(fileobj=io.BytesIO(archive)) as packed_files:
            packed_files.extractall(folder, filter="data")
        return rates(Path(folder), Path(folder))


def rates_of_this() -> list[float]:
    """Those of the package that this benchmark imports."""
    with tempfile.TemporaryDirectory() as folder:
        return rates(Path(__file__).parents[1], Path(folder))


def speedup(name: str, registers: int, repetitions: int) -> float:
    """How many times as fast machine code evaluates random programs as its definition does."""
    rng = np.random.default_rng(0)
    problem = Problem(TASKS[name], 0)
    shape = Shape(registers, STANDARD_MODULES * repetitions)
    pool = problem.pools[problem.top]
    examples = subset(pool, np.sort(rng.integers(0, len(pool.size), SAMPLE)))
    chosen, counted, seconds = np.arange(SAMPLE), weights(best=0.5), [0.0, 0.0]
    sample = packed(examples, examples.steps)
    for number in range(PROGRAMS + 1):
        rows = (rng.random((4, shape.slots)) * shape.limits()).astype(np.int16)
        rows[:, shape.halt_slot] = 0
        machine = table_machine(
            Table(shape, rows[rng.integers(0, 4, shape.rows)]), 4, problem.cells
        )
        lanes = lanes_for(machine, problem.cells)
        began = time.process_time()
        defined = evaluate_by_definition(
            machine, lanes, examples, chosen, examples.steps, counted, NO_LIMIT
        )
        between = time.process_time()
        lost = evaluate(machine, sample, counted, NO_LIMIT)
        ended = time.process_time()
        assert lost == defined, f"{name}: {lost} lost by machine code, {defined} by definition"
        if number > 0:  # the first call compiles
            seconds[0] += between - began
            seconds[1] += ended - between
    return seconds[0] / seconds[1]


@one_line_errors
def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Programs a second that search judges.")
    parser.add_argument("--before", metavar="COMMIT", help="an earlier commit to compare with")
    options = parser.parse_args(argv)
    after = rates_of_this()
    before = None if options.before is None else rates_of_commit(options.before)
    rows = []
    for number, case in enumerate(CASES):
        name, registers, repetitions = case
        row = [name, str(registers), str(repetitions * len(STANDARD_MODULES))]
        if before is None:
            row += ["", f"{after[number]:,.0f}", ""]
        else:
            factor = after[number] / before[number]
            row += [f"{before[number]:,.0f}", f"{after[number]:,.0f}", f"{factor:.1f}"]
        rows.append([*row, f"{speedup(*case):.1f}"])
    heads = (
        "task",
        "registers",
        "modules",
        f"before, {options.before}",
        "now, programs/s",
        "times",
    )
    print(markdown((*heads, "evaluation alone, times"), rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
