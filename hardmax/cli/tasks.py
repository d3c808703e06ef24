"""The verb ``tasks``: what can be learned, and what has been."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from hardmax.cli.terminal import GOOD, QUIET, STRONG, fitting, styled
from hardmax.runtime.extras import expect_extra
from hardmax.runtime.text import printable
from hardmax.shipped import shipped_models


@dataclass(frozen=True)
class Listed:
    """A task in the list.

    Attributes:
        group: the kind of machine, where the task is its paper's (a stack machine's are those of
            queues, deques and stack RNNs too); else the group of the suite.
        summary: one line for people.
        status: ``shipped``: a trained model comes with hardmax; else what the benchmark of the
            suite found.
    """

    name: str
    group: str
    summary: str
    status: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``hardmax tasks``."""
    parser.add_argument("--json", action="store_true", help="print the list as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print the tasks, one a line."""
    expect_extra("train")
    tasks = [*_of_papers(), *_of_suite()]
    if arguments.json:
        print(json.dumps([asdict(task) for task in tasks], indent=2))
        return 0
    widths = [max(len(getattr(task, name)) for task in tasks) for name in ("group", "name")]
    status = max(len(task.status) for task in tasks)
    for task in tasks:
        line = fitting(
            f"{task.group:<{widths[0]}}  {task.name:<{widths[1]}}  {task.status:<{status}}  "
            f"{task.summary}"
        )
        parts = (widths[0] + 2, widths[0] + widths[1] + 4, sum(widths) + status + 6)
        group, name, state, summary = (
            line[start:end] for start, end in zip((0, *parts), (*parts, None), strict=True)
        )
        found = task.status.startswith(("shipped", "solved"))
        print(
            styled(group, QUIET)
            + styled(name, STRONG)
            + styled(state, GOOD if found else QUIET)
            + summary
        )
    if sys.stdout.isatty():
        print("\nhardmax train NAME -o NAME.pt trains one; hardmax compile NAME, a shipped one.")
    return 0


def _of_papers() -> Iterator[Listed]:
    """The tasks of the papers that a machine is from."""
    from hardmax.trainer.kinds import KINDS, find_kind

    shipped = shipped_models()
    trainers = {kind: find_kind(kind) for kind in KINDS}
    listed: set[int] = set()
    for kind, trainer in trainers.items():
        if id(trainer.tasks) in listed:
            continue
        listed.add(id(trainer.tasks))
        variants = [other for other in KINDS if trainers[other].tasks is trainer.tasks]
        for name in trainer.tasks:
            files = [name] if variants == [kind] else [f"{other}-{name}" for other in variants]
            status = "shipped" if any(file in shipped for file in files) else "no model"
            yield Listed(name, kind, printable(trainer.task(name).summary), status)


def _of_suite() -> Iterator[Listed]:
    from hardmax.trainer.nram.suite.registry import GROUPS, group
    from hardmax.trainer.nram.suite.results import Result, read_results

    results = read_results()
    for name in GROUPS:
        for task, written in group(name).items():
            status = results.get(task, Result()).status
            yield Listed(task, name, (written.__doc__ or task).splitlines()[0], status)
