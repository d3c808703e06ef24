"""What a file of examples is enough for, as a user would have it.

    python -m benchmarks.own_tasks

Writes examples of tasks of the paper, and of invented ones that are in no suite
(:mod:`benchmarks.invented_tasks`), into files, trains from each file with nothing else, and holds
what was found against the task's definition, at n = 5, 50 and 1,000. What was measured is kept
after each training, so that an interrupted run goes on where it was; the tables of docs/own-task.md
are made of it.

A training is given one thread and two minutes of processor time.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

import hardmax
from benchmarks.invented_tasks import EARLIER, LATER
from benchmarks.one_line_errors import resumable
from benchmarks.pages import write_section
from hardmax.extractor.markdown import markdown
from hardmax.runtime.atomic_write import write_output
from hardmax.trainer.nram.own_tasks.written_task import WrittenTask
from hardmax.trainer.nram.tasks import Task, find_task
from hardmax.trainer.progress import Progress

PAGE, RESULTS = Path("docs/own-task.md"), Path(__file__).with_name("own_tasks.json")

PAPER = ("copy", "reverse", "increment", "access", "listk")

INVENTED = {task.name: task for task in (*EARLIER, *LATER)}

COUNTS, SEEDS = (50, 1_000), 3
"""Examples in a file, and trainings from it, of the paper's tasks. Of the others: 50, and one."""

LIMIT = 120
"""Processor seconds of a training: two minutes on one core."""

LARGEST, ROOM = 6, 3
"""Largest complexity in a file, and most cells that a memory has too many."""

CHECKED, INPUTS = (5, 50, 1_000), 32


@dataclass(frozen=True)
class Case:
    """A training: from how many examples of a task, with which seed."""

    task: str
    examples: int
    seed: int

    @property
    def name(self) -> str:
        """By which it is known among the results."""
        return f"{self.task}, {self.examples} examples, seed {self.seed}"


@dataclass(frozen=True)
class Measured:
    """How a training ended.

    Attributes:
        found: whether a program was.
        seconds: of processor time, from reading the file to the model.
        evaluations: programs judged.
        halting: in words, whether it halts by itself; empty where nothing was found.
        wrong: of INPUTS inputs of each of CHECKED, how many it gets wrong.
    """

    found: bool
    seconds: float
    evaluations: int
    halting: str
    wrong: tuple[int, ...]


class _SpentError(Exception):
    """A training has used up its processor time."""


def cases() -> Iterator[Case]:
    """All trainings, in the order in which they are made."""
    for count in COUNTS:
        for task in PAPER:
            yield from (Case(task, count, seed) for seed in range(SEEDS))
    yield from (Case(task, COUNTS[0], 0) for task in INVENTED)


def task_of(name: str) -> Task:
    """A task of the paper, or an invented one."""
    return WrittenTask(INVENTED[name]) if name in INVENTED else find_task(name)


def example_lines(task: Task, count: int, seed: int = 0) -> Iterator[str]:
    """So many different examples of a task, as lines of ``.jsonl``; fewer where there are fewer."""
    generator = torch.Generator().manual_seed(seed)
    seen: set[tuple[int, ...]] = set()
    for _ in range(100 * count):
        if len(seen) == count:
            return
        n, room = torch.randint(LARGEST * (ROOM + 1), (2,), generator=generator).tolist()
        n = max(n % LARGEST + 1, task.smallest_complexity)
        size = task.minimum_size(n) + room % (ROOM + 1)
        before = task.sample(torch.tensor([n]), size, generator).inputs[0].tolist()
        if tuple(before) not in seen:
            seen.add(tuple(before))
            answer = task.solve(before)
            after = [answer.get(cell) for cell in range(size)]
            yield json.dumps({"before": before, "after": after})


def wrong_inputs(task: Task, library: Path) -> tuple[int, ...]:
    """Of INPUTS inputs of each of CHECKED, how many a library gets wrong."""
    program = hardmax.load(library)
    wrong = []
    for n in CHECKED:
        size, generator = task.minimum_size(n), torch.Generator().manual_seed(n)
        inputs = task.sample(torch.full((INPUTS,), n), size, generator).inputs.tolist()
        left = [program.run(memory).memory.tolist() for memory in inputs]
        wrong.append(
            sum(
                any(after[cell] != value for cell, value in task.solve(memory).items())
                for memory, after in zip(inputs, left, strict=True)
            )
        )
    return tuple(wrong)


def measure(case: Case) -> Measured:
    """Make a training, and try what it finds."""
    task = task_of(case.task)
    evaluations = 0

    def watch(progress: Progress) -> None:
        nonlocal evaluations
        evaluations = progress.evaluations
        found = progress.search is not None and progress.search.found
        if time.process_time() - began >= LIMIT and not found:
            raise _SpentError

    with tempfile.TemporaryDirectory(prefix="hardmax-") as folder:
        path, library = Path(folder, f"{case.task}.jsonl"), Path(folder, "found.so")
        path.write_text("\n".join(example_lines(task, case.examples)))
        began = time.process_time()
        try:
            model = hardmax.train(path, seed=case.seed, progress=watch)
        except _SpentError:
            return Measured(False, round(time.process_time() - began, 1), evaluations, "", ())
        seconds = round(time.process_time() - began, 1)
        hardmax.compile(model, library)
        halting, judged = str(model.provenance["halting"]), model.provenance["evaluations"]
        return Measured(True, seconds, int(judged), halting, wrong_inputs(task, library))


def read_results(path: Path) -> dict[str, Measured]:
    """What was measured so far, by the name of the case."""
    if not path.exists():
        return {}
    return {
        name: Measured(**{**data, "wrong": tuple(data["wrong"])})
        for name, data in json.loads(path.read_text()).items()
    }


def results_text(results: dict[str, Measured]) -> str:
    """As :func:`read_results` reads them."""
    return json.dumps({name: asdict(one) for name, one in results.items()}, indent=1) + "\n"


def of_the_paper(results: dict[str, Measured]) -> str:
    """The table of the paper's tasks."""
    rows = []
    for count in COUNTS:
        for task in PAPER:
            known = [Case(task, count, seed).name for seed in range(SEEDS)]
            made = [results[name] for name in known if name in results]
            found = [one for one in made if one.found]
            if made:
                exact = sum(one.wrong[-1] == 0 for one in found)
                halt = sum(one.halting.startswith("halts by itself") for one in found)
                rows.append(
                    [
                        *(task, str(count), f"{exact} of {len(made)}", f"{halt} of {len(found)}"),
                        ", ".join(f"{one.seconds:.0f}" for one in made),
                        f"{statistics.median(one.evaluations for one in made):,.0f}",
                    ]
                )
    heads = ("task", "examples", "exact at n = 1,000", "halt by themselves")
    return markdown((*heads, "processor seconds", "programs judged, median"), rows)


def of_the_invented(results: dict[str, Measured]) -> str:
    """The table of the invented tasks."""
    rows = []
    for name, task in INVENTED.items():
        one = results.get(Case(name, COUNTS[0], 0).name)
        if one is None:
            rows.append([name, task.what, "not measured", "", "", "", ""])
            continue
        wrong = ", ".join(map(str, one.wrong))
        spent = (f"{one.seconds:.0f}", f"{one.evaluations:,}")
        rows.append([name, task.what, "yes" if one.found else "no", one.halting, *spent, wrong])
    heads = ("task", "what the examples show", "found", "ends", "processor seconds")
    of = f"wrong of {INPUTS} at n = {', '.join(f'{n:,}' for n in CHECKED)}"
    return markdown((*heads, "programs judged", of), rows)


@resumable
def main(argv: Sequence[str] | None = None) -> int:
    """Make the trainings that are not made yet, and write the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.own_tasks", description=__doc__)
    known = (*PAPER, *INVENTED)
    parser.add_argument("--tasks", nargs="+", choices=known, metavar="TASK", help="only these")
    parser.add_argument("--again", action="store_true", help="also those that are measured")
    parser.add_argument("--results", type=Path, default=RESULTS, metavar="FILE")
    arguments = parser.parse_args(argv)
    torch.set_num_threads(1)
    results = read_results(arguments.results)
    chosen = [case for case in cases() if case.task in (arguments.tasks or known)]
    for case in chosen:
        if case.name not in results or arguments.again:
            results[case.name] = one = measure(case)
            write_output(arguments.results, results_text(results).encode())
            print(f"{case.name}: {one}", flush=True)
    write_section(PAGE, "files of the paper's tasks", of_the_paper(results))
    write_section(PAGE, "files of invented tasks", of_the_invented(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
