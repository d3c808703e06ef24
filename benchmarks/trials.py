"""Whole trainings side by side: the same tasks and seeds, settings that differ in one thing."""

from __future__ import annotations

import argparse
import dataclasses
import math
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from hardmax.extractor.markdown import markdown
from hardmax.trainer.nram.default_configs import default_settings
from hardmax.trainer.nram.session import Session, Settings
from hardmax.trainer.nram.tasks import TASKS
from hardmax.trainer.progress import Progress


@dataclass(frozen=True)
class Trial:
    """One training.

    Attributes:
        settings: what was trained.
        seconds: until it had an exact machine, or its time was up.
        cpu_seconds: of all threads; where others work on the same machine these say more.
        updates: of every member, by gradient.
        evaluations: programs that search judged.
        exact: whether a discretized machine passed the acceptance test.
        found_by: as in a model's provenance; empty where nothing was found.
    """

    settings: Settings
    seconds: float
    cpu_seconds: float
    updates: int
    evaluations: int
    exact: bool
    found_by: str


class _SpentError(Exception):
    """A training has used up its CPU seconds."""


def run_trial(settings: Settings, limit: float) -> Trial:
    """Train for at most ``limit`` CPU seconds, or about as many."""
    session = Session(settings, "benchmark")
    began, cpu_began = time.monotonic(), time.process_time()

    def expire(progress: Progress) -> None:
        if time.process_time() - cpu_began >= limit:
            raise _SpentError

    try:
        model = session.train(math.inf, None, expire)
    except _SpentError:
        model = None
    return Trial(
        settings,
        time.monotonic() - began,
        time.process_time() - cpu_began,
        session.trainer.updates,
        session.evaluations,
        model is not None,
        "" if model is None else str(model.provenance["found_by"]),
    )


def table(varied: str, trials: Sequence[Trial]) -> str:
    """A row in Markdown for every task and value of the setting ``varied``.

    Seconds, updates and programs judged are medians over the runs that ended exact; "most" is the
    largest number of CPU seconds of one of them.
    """
    groups: dict[tuple[str, str], list[Trial]] = {}
    for trial in trials:
        key = trial.settings.task, getattr(trial.settings, varied)
        groups.setdefault(key, []).append(trial)
    rows = []
    for key, runs in groups.items():
        exact = [trial for trial in runs if trial.exact]
        found = ["", "", "", "", ""]
        if exact:
            seconds, cpu, updates, judged = (
                statistics.median(getattr(trial, name) for trial in exact)
                for name in ("seconds", "cpu_seconds", "updates", "evaluations")
            )
            most = max(trial.cpu_seconds for trial in exact)
            found = [f"{seconds:.1f}", f"{cpu:.1f}", f"{most:.1f}"]
            found += [f"{updates:.0f}", f"{judged:.0f}"]
        rows.append([*key, f"{len(exact)} of {len(runs)}", f"{len(exact) / len(runs):.0%}", *found])
    times = ("seconds", "CPU seconds", "most", "updates", "programs judged")
    return markdown(("task", varied, "exact", "share", *times), rows)


def compare(
    name: str,
    purpose: str,
    varied: str,
    choices: Sequence[str],
    argv: Sequence[str] | None,
    **fixed: Any,
) -> int:
    """The command line of a comparison: train, and print the table.

    Args:
        name: of the benchmark; purpose: one line for people.
        varied: the setting that differs, and its ``choices``.
        fixed: settings that are not the default config's.
    """
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{name}", description=purpose)
    parser.add_argument("--tasks", nargs="+", default=list(TASKS), metavar="TASK")
    parser.add_argument(
        f"--{varied}s", dest="choices", nargs="+", choices=choices, default=list(choices)
    )
    parser.add_argument("--seeds", type=int, default=3, help="trainings each (default %(default)s)")
    parser.add_argument("--first-seed", type=int, default=0, help="of each (default %(default)s)")
    parser.add_argument(
        "--minutes", type=float, default=5, help="CPU time of each (default %(default)s)"
    )
    parser.add_argument("--members", type=int, help="of a population, not the default number")
    parser.add_argument("--threads", type=int, default=1, help="of each (default %(default)s)")
    arguments = parser.parse_args(argv)
    torch.set_num_threads(arguments.threads)
    if arguments.members is not None:
        fixed["members"] = arguments.members
    trials = []
    try:
        for settings in _plan(arguments, varied, fixed):
            trial = run_trial(settings, 60 * arguments.minutes)
            trials.append(trial)
            outcome = f"exact, found by {trial.found_by}" if trial.exact else "not exact"
            value = getattr(settings, varied)
            print(
                f"{settings.task}, {value}, seed {settings.seed}: {outcome} after "
                f"{trial.seconds:.1f} s, {trial.cpu_seconds:.1f} CPU s, {trial.updates} updates, "
                f"{trial.evaluations} programs",
                file=sys.stderr,
                flush=True,
            )
    except KeyboardInterrupt:
        print("interrupted; what has ended:", file=sys.stderr)
    threads = f"{arguments.threads} thread{'s' * (arguments.threads > 1)}"
    print(f"At most {arguments.minutes:g} minutes of CPU time a training, {threads}.\n")
    print(table(varied, trials))
    return 0


def _plan(arguments: argparse.Namespace, varied: str, fixed: dict[str, Any]) -> Iterator[Settings]:
    """Settings in such an order that an interrupted comparison is fair: seed after seed."""
    for seed in range(arguments.first_seed, arguments.first_seed + arguments.seeds):
        for task in arguments.tasks:
            for choice in arguments.choices:
                chosen = {**fixed, varied: choice}
                default = default_settings(task, chosen.get("method"))
                yield dataclasses.replace(default, seed=seed, **chosen)
