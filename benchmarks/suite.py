"""The suite: which tasks beyond the paper's ten the search solves, with fixed seeds and budgets.

    python -m benchmarks.suite

Every task gets the first attempt, then those that are not solved, or only by programs that idle,
get the second, and so on. What was found is written after each attempt, so that an interrupted run
goes on where it was, and the tables in docs/suite.md and docs/mips.md are made of it.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import multiprocessing
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

import hardmax
from benchmarks.one_line_errors import resumable
from benchmarks.solving import RUNS_IN_ALL, Outcome, program_size, run_native, solve
from benchmarks.suite_pages import write_pages
from hardmax.runtime.atomic_write import write_output
from hardmax.runtime.errors import HardmaxError
from hardmax.trainer.nram.own_tasks.written_task import WrittenTask
from hardmax.trainer.nram.suite.registry import suite
from hardmax.trainer.nram.suite.results import (
    RESULTS,
    SOLVED,
    Result,
    Solution,
    read_results,
    results_text,
)

BUDGETS = (1_000_000, 2_000_000, 4_000_000, 8_000_000, 16_000_000)
"""Programs that each attempt at a task may judge. An attempt goes on where the one before ended."""


@dataclass(frozen=True)
class Options:
    """Where results and models go, and how many attempts are made side by side."""

    results: Path
    models: Path | None
    processes: int


def attempt(name: str, result: Result, models: Path | None) -> tuple[Outcome, Solution | None]:
    """Make one attempt more at a task, and try what it finds as native code.

    Args:
        models: where the model is put; None for nowhere.
    """
    torch.set_num_threads(1)
    task, idles = WrittenTask(suite()[name]), result.solution is not None
    outcome = solve(task, BUDGETS[result.attempts], result.starts, must_halt=idles)
    found = outcome.solved
    if found is None:
        return outcome, None
    program, wiring = hardmax.extract(found.model).program, found.model.controller.wiring
    runs, size = run_native(found.model.task, program), program_size(program)
    if runs.wrong:
        return outcome, None
    if models is not None:
        hardmax.save_model(found.model, models / f"{name}.pt")
    solution = Solution(
        registers=wiring.registers,
        repetitions=wiring.repetitions,
        plan=found.plan,
        evaluations=outcome.evaluations,
        seconds=round(outcome.seconds, 1),
        circuits=size.circuits,
        operations=size.operations,
        code=size.code,
        halts=found.halts,
        runs=RUNS_IN_ALL,
        wrong=runs.wrong,
        halted=runs.halted,
    )
    return outcome, solution


def after(result: Result, outcome: Outcome, solution: Solution | None) -> Result:
    """A result with one attempt more; a program that halts takes the place of one that idles."""
    evaluations = result.evaluations + outcome.evaluations
    seconds = round(result.seconds + outcome.seconds, 1)
    kept = result.solution
    if solution is not None and (kept is None or solution.halts):
        kept = replace(solution, evaluations=evaluations, seconds=seconds)
    level, score = max((result.level, result.score), (outcome.level, round(outcome.score, 4)))
    return Result(result.attempts + 1, outcome.starts, evaluations, seconds, level, score, kept)


def pending(results: dict[str, Result], names: Sequence[str], most: int) -> list[str]:
    """The tasks that get an attempt more: those that had the fewest first, then the cheapest."""
    open_ones = [
        name for name in names if results[name].attempts < most and results[name].status != SOLVED
    ]
    return sorted(open_ones, key=lambda name: (results[name].attempts, results[name].seconds))


def run(results: dict[str, Result], names: Sequence[str], most: int, options: Options) -> None:
    """Make all attempts that are still to be made, and keep what was found after each."""
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(options.processes, context) as pool:
        running: dict[concurrent.futures.Future[tuple[Outcome, Solution | None]], str] = {}
        try:
            while True:
                waiting = [n for n in pending(results, names, most) if n not in running.values()]
                while waiting and len(running) < options.processes:
                    name = waiting.pop(0)
                    running[pool.submit(attempt, name, results[name], options.models)] = name
                if not running:
                    return
                done, _ = concurrent.futures.wait(
                    running, return_when=concurrent.futures.FIRST_COMPLETED
                )
                for future in done:
                    name = running.pop(future)
                    results[name] = after(results[name], *future.result())
                    write_output(options.results, results_text(results).encode())
                    print(line(name, results[name]), flush=True)
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def line(name: str, result: Result) -> str:
    """How a task stands, for the log."""
    return (
        f"{name}: {result.status} after {result.attempts} attempts, {result.evaluations} programs, "
        f"{result.seconds:.0f} CPU s; level {result.level}, score {result.score:.3f}"
    )


@resumable
def main(argv: Sequence[str] | None = None) -> int:
    """Make the attempts, and write the pages."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.suite", description=__doc__)
    parser.add_argument("--tasks", nargs="+", metavar="TASK", help="only these")
    parser.add_argument(
        "--attempts",
        type=int,
        default=len(BUDGETS),
        help="at most so many a task (default %(default)s)",
    )
    parser.add_argument(
        "--again", nargs="+", default=[], metavar="TASK", help="forget what is known of these"
    )
    parser.add_argument(
        "--processes", type=int, default=2, help="side by side (default %(default)s)"
    )
    parser.add_argument("--results", type=Path, default=RESULTS, metavar="FILE")
    parser.add_argument("--models", type=Path, metavar="FOLDER", help="keep the models there")
    arguments = parser.parse_args(argv)
    known = list(suite())
    for name in [*(arguments.tasks or ()), *arguments.again]:
        if name not in known:
            raise HardmaxError(f"unknown task {name!r}, expected one of {', '.join(known)}")
    found = read_results(arguments.results)
    results = {name: found.get(name, Result()) for name in known}
    results |= dict.fromkeys(arguments.again, Result())
    options = Options(arguments.results, arguments.models, arguments.processes)
    run(results, arguments.tasks or known, min(arguments.attempts, len(BUDGETS)), options)
    write_pages(results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
