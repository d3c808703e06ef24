"""Which stack machines gradient training finds, of which seeds, and in how many CPU seconds.

    python -m benchmarks.stack_training                    # the table in docs/stacks.md
    python -m benchmarks.stack_training --cases deque:reversal stack:dyck,depth=1 --seeds 3

A seed counts when its discretized machine passes the acceptance test within so many CPU seconds of
one thread, 120 being a minute of two cores; what else runs on the machine does not count. Where its
task has a specification, the machine is then proved for every length, or a proof refuses it. What
was found is written after each training, so that an interrupted run goes on where it was.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

import hardmax
from benchmarks.one_line_errors import resumable
from benchmarks.pages import write_section
from hardmax.extractor.markdown import markdown
from hardmax.prover.failure import NotProvedError
from hardmax.prover.stack.certificate import StackCertificate
from hardmax.prover.stack.prove import prove
from hardmax.prover.stack.specifications import SPECIFICATIONS
from hardmax.runtime.atomic_write import write_output
from hardmax.trainer.kinds import begin
from hardmax.trainer.progress import Progress
from hardmax.trainer.stack.tasks.registry import SYMBOL_TASKS
from hardmax.trainer.train import training_settings

PAGE, SECTION = Path("docs/stacks.md"), "yields"
RESULTS = Path(__file__).with_name("stack_training.json")

PROOF_SECONDS = 60.0

OTHERS = (
    *("stackrnn:reversal", "deque:reversal", "deque:copy", "stackrnn:anbn", "stack:anb2n"),
    "stack:dyck,depth=1",
)
"""What is trained besides every task on the machine that it proposes."""


@dataclass(frozen=True)
class Case:
    """What is trained; ``str`` gives what :meth:`parse` takes.

    Attributes:
        options: settings that replace the task's default config.
    """

    machine: str
    task: str
    options: tuple[tuple[str, str | int], ...] = ()

    @staticmethod
    def parse(text: str) -> Case:
        """``MACHINE:TASK``, then settings, ``,NAME=VALUE`` each."""
        name, *settings = text.split(",")
        machine, _, task = name.partition(":")
        options = (setting.partition("=") for setting in settings)
        return Case(
            machine,
            task,
            tuple((name, int(value) if value.isdigit() else value) for name, _, value in options),
        )

    def __str__(self) -> str:
        return ",".join((f"{self.machine}:{self.task}", *(f"{k}={v}" for k, v in self.options)))


@dataclass(frozen=True)
class Attempt:
    """One training.

    Attributes:
        seconds: of one processor, until it was over.
        updates: of every member.
        exact: whether a discretized machine passed the acceptance test.
        proved: for every length; None where there is nothing to prove.
    """

    seconds: float
    updates: int
    exact: bool
    proved: bool | None = None


class _SpentError(Exception):
    """A training has used up its CPU seconds."""


def attempt(case: Case, seed: int, limit: float) -> Attempt:
    """Train once, for at most ``limit`` CPU seconds or a little more."""
    settings = training_settings(
        case.task, machine=case.machine, seed=seed, device="cpu", **dict(case.options)
    )
    session: Any = begin(settings, "benchmark")
    began = time.process_time()

    def expire(progress: Progress) -> None:
        if time.process_time() - began >= limit:
            raise _SpentError

    model: Any = None
    with contextlib.suppress(_SpentError):
        model = session.train(float("inf"), None, expire)
    spent, updates = round(time.process_time() - began, 1), session.trainer.updates
    if model is None:
        return Attempt(spent, updates, exact=False)
    proved = is_proved(model) if case.task in SPECIFICATIONS else None
    return Attempt(spent, updates, exact=True, proved=proved)


def is_proved(model: Any) -> bool:
    """Whether the proof for every length succeeds."""
    program: Any = hardmax.extract(model).program
    try:
        return isinstance(prove(program, PROOF_SECONDS, lambda _: None), StackCertificate)
    except NotProvedError:
        return False


Results = dict[str, dict[str, Attempt]]
"""Attempts by case and seed."""


def read_results(path: Path) -> Results:
    """What earlier runs found; nothing where there is no file."""
    if not path.exists():
        return {}
    data = json.loads(path.read_text())
    return {
        case: {seed: Attempt(**found) for seed, found in seeds.items()}
        for case, seeds in data.items()
    }


def write_results(results: Results, path: Path) -> None:
    """As :func:`read_results` reads them."""
    data = {
        case: {seed: asdict(found) for seed, found in seeds.items()}
        for case, seeds in results.items()
    }
    write_output(path, (json.dumps(data, indent=1) + "\n").encode())


def table(cases: Sequence[Case], results: Results, limit: float) -> str:
    """A row in Markdown for each case of which something is known."""
    rows = []
    for case in cases:
        attempts = results.get(str(case), {}).values()
        if not attempts:
            continue
        exact = [found for found in attempts if found.exact and found.seconds <= limit]
        proved = sum(bool(found.proved) for found in exact)
        options = ", ".join(f"{name} {value}" for name, value in case.options)
        rows.append(
            [
                case.machine,
                case.task + (f" ({options})" if options else ""),
                f"{len(exact)} of {len(attempts)}",
                f"{proved} of {len(exact)}" if case.task in SPECIFICATIONS and exact else "",
                f"{statistics.median(found.seconds for found in exact):.0f}" if exact else "",
                f"{statistics.median(found.updates for found in exact):.0f}" if exact else "",
            ]
        )
    return markdown(("machine", "task", "seeds exact", "proved", "CPU s", "updates"), rows)


@resumable
def main(argv: Sequence[str] | None = None) -> int:
    """Train what was not trained yet, and write the table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.stack_training", description=__doc__.split("\n")[0]
    )
    parser.add_argument(
        "--cases",
        nargs="+",
        type=Case.parse,
        default=[],
        metavar="MACHINE:TASK[,SETTING=VALUE]",
        help="train only these",
    )
    parser.add_argument("--seeds", type=int, default=5, help="default %(default)s")
    parser.add_argument(
        "--seconds", type=float, default=120, help="of CPU, each (default %(default)s)"
    )
    parser.add_argument("--again", action="store_true", help="forget what is known of the cases")
    parser.add_argument("--results", type=Path, default=RESULTS, metavar="FILE")
    arguments = parser.parse_args(argv)
    torch.set_num_threads(1)
    # What is to be proved comes first.
    proposed = [
        *(Case(SYMBOL_TASKS[task].machine, task) for task in SPECIFICATIONS),
        *(Case(task.machine, name) for name, task in SYMBOL_TASKS.items()),
        *map(Case.parse, OTHERS),
    ]
    limit = arguments.seconds
    results = read_results(arguments.results)
    for case in arguments.cases or dict.fromkeys(proposed):
        known = {} if arguments.again else results.get(str(case), {})
        results[str(case)] = known
        for seed in map(str, range(arguments.seeds)):
            found = known.get(seed)
            if found is None or not (found.exact or found.seconds >= limit):
                known[seed] = attempt(case, int(seed), limit)
                write_results(results, arguments.results)
                print(f"{case} seed {seed}: {known[seed]}", flush=True)
    known_cases = list(dict.fromkeys([*proposed, *map(Case.parse, results)]))
    write_section(PAGE, SECTION, table(known_cases, results, limit))
    return 0


if __name__ == "__main__":
    sys.exit(main())
