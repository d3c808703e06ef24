"""Search for a discrete program of a task from its input-output examples alone, no gradient.

A search is a sequence of independent starts until one finds a program that is accepted as exact.
A round of starts, one by each plan (:mod:`hardmax.trainer.nram.search.start`), is for one guess of
how long the task takes and one shape: most often for the narrowest, in which there is least to get
wrong, and for wider ones in between. Several threads make one start each; what the first start that
succeeds has found is the result, so the same seed finds the same program with any number of
threads.

A search given a table to start from first polishes that.
"""

from __future__ import annotations

import itertools
import math
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

import numpy as np
import torch

from hardmax.trainer.nram.search.problem import Problem
from hardmax.trainer.nram.search.simplify import simplify
from hardmax.trainer.nram.search.start import TEMPER_EVALUATIONS, Order, Start
from hardmax.trainer.nram.search.table import Shape, Table
from hardmax.trainer.nram.tasks import TASKS, Task
from hardmax.trainer.progress import SearchProgress

EARLY = ("grow", "mixed", "ladder", "moment")
LATE = ("temper", "mixed", "ladder", "grow")
"""The plans of a round: of the first rounds, and of those after them."""

EARLY_ROUNDS = 6
"""For each guess."""

REPORT_EVERY = 0.25
"""Seconds between two reports."""


@dataclass(frozen=True)
class Found:
    """A program that is exact, made small, and what finding it took.

    Attributes:
        task: which guess of the task it solves.
        plan: that found it.
        evaluations: programs judged by this start and those before it.
        seconds: until it was found and made small.
    """

    task: Task
    table: Table
    plan: str
    starts: int
    evaluations: int
    seconds: float


def rounds(guesses: int, shapes: int) -> Iterator[tuple[int, int]]:
    """Yield the guess and the shape of every round, without an end.

    A round is for one of each. Most programs that are found need no wide machine and little time,
    so the rounds return to the first guess and the narrowest shape before they go one further.
    """
    for furthest in itertools.count(1):
        for both in range(min(furthest, guesses + shapes - 2) + 1):
            for shape in range(both + 1):
                if both - shape < guesses and shape < shapes:
                    yield both - shape, shape


def order(number: int, guesses: int, shapes: Sequence[Shape], tempering: bool) -> tuple[int, Order]:
    """Which guess and what plan a start is for.

    Args:
        number: of the start, from 1.
        tempering: whether there is time for the plan ``temper``.
    """
    turn, step = divmod(number - 1, len(EARLY))
    guess, shape = next(itertools.islice(rounds(guesses, len(shapes)), turn, None))
    plans = LATE if tempering and turn >= EARLY_ROUNDS * guesses else EARLY
    return guess, Order(number, plans[step], turn, shapes[shape])


def search(
    guesses: Sequence[Task],
    shapes: Sequence[Shape],
    exact: Callable[[Task, Table], bool],
    *,
    seed: int = 0,
    circuits: int = 4,
    evaluations: int | None = None,
    seconds: float | None = None,
    first_start: int = 0,
    start: Table | None = None,
    threads: int | None = None,
    progress: Callable[[SearchProgress], None] | None = None,
    watch: Callable[[Task, Table], None] | None = None,
) -> Found | None:
    """Find a program that solves a task; None where the budget is spent first.

    The same seed finds the same program. An interruption loses nothing but the search.

    Args:
        guesses: the task under each guess of its natural timesteps.
        shapes: of programs, those to begin with first.
        exact: whether a program is accepted, as
            :func:`hardmax.trainer.nram.acceptance.is_exact` says; threads ask at the same time.
        circuits: at most this many different rows; few circuits generalize and are fast.
        evaluations: programs that may be judged, None for no limit; with fewer than a start of
            the plan ``temper`` takes there is none of it.
        seconds: time that may be taken, None for no limit; a program that is found in time is
            made to halt, and small, no longer than that.
        first_start: starts already made with this seed, which are not repeated.
        start: a program to begin from, of the first shape.
        threads: starts that are made at the same time; None for as many as there are processors.
        progress: called a few times a second. The evaluations are for finding a program; what is
            found is then made small, in a time of that order.
        watch: called as often with a program that is being looked at.
    """
    run = _Search(guesses, shapes, exact, seed, circuits, evaluations, seconds, first_start, start)
    with ThreadPoolExecutor(threads or _processors()) as pool:
        try:
            return run.until_found(pool, threads or _processors(), progress, watch)
        finally:
            run.stop.set()


def compile_search() -> None:
    """Compile what searches run: many seconds the first time, as numba keeps it on disk."""
    task, shape = TASKS["access"], Shape(2)
    search([task], [shape], lambda guess, table: False, evaluations=1, threads=1)
    idle = Table(shape, np.zeros((shape.rows, shape.slots), np.int16))
    asked = itertools.count()
    once = (lambda table: False), (lambda share: None), (lambda: next(asked) > 0)
    simplify(idle, task, torch.Generator(), *once)


def _processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Search:
    """The starts of one search."""

    def __init__(
        self,
        guesses: Sequence[Task],
        shapes: Sequence[Shape],
        exact: Callable[[Task, Table], bool],
        seed: int,
        circuits: int,
        most_evaluations: int | None,
        most_seconds: float | None,
        first_start: int,
        polished: Table | None,
    ) -> None:
        self.guesses = guesses
        self.shapes = shapes
        self.exact = exact
        self.seed = seed
        self.circuits = circuits
        self.most_evaluations = math.inf if most_evaluations is None else most_evaluations
        self.most_seconds = math.inf if most_seconds is None else most_seconds
        self.first = first_start + 1
        self.polished = polished
        self.began = time.monotonic()
        self.stop = threading.Event()
        self.drawing = threading.Lock()
        self.problems: dict[int, Problem] = {}
        self.started = first_start
        self.ended = 0

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began

    @property
    def late(self) -> bool:
        """Whether the time is up."""
        return self.seconds >= self.most_seconds

    def until_found(
        self,
        pool: ThreadPoolExecutor,
        width: int,
        progress: Callable[[SearchProgress], None] | None,
        watch: Callable[[Task, Table], None] | None,
    ) -> Found | None:
        """Make starts, as many at a time as there are threads, and take them up in their order."""
        waiting: deque[tuple[Start, Future[Table | None]]] = deque()
        while True:
            found = self.has_found(waiting)
            while not found and sum(not future.done() for _, future in waiting) < width:
                waiting.append(self.begin(pool))
            futures = [future for _, future in waiting if not future.done()]
            wait(futures, timeout=REPORT_EVERY, return_when=FIRST_COMPLETED)
            late = self.late
            first, future = waiting[0]
            if progress is not None:
                running = sum(start.evaluations for start, _ in waiting)
                progress(self.progress(first, running, found))
            if watch is not None and first.standing.table is not None:
                watch(first.problem.task, first.standing.table)
            if future.done():
                waiting.popleft()
                self.ended += first.evaluations
                table = future.result()
                if table is not None:
                    return self.found(first, table, progress)
            if late and self.has_found(waiting):
                self.stop.set()
            elif late or self.ended >= self.most_evaluations:
                return None

    @staticmethod
    def has_found(waiting: Iterable[tuple[Start, Future[Table | None]]]) -> bool:
        """Whether a start has found a program, which is then worked on."""
        return any(start.standing.found for start, _ in waiting)

    def begin(self, pool: ThreadPoolExecutor) -> tuple[Start, Future[Table | None]]:
        """Begin the next start."""
        self.started += 1
        tempering = self.most_evaluations >= TEMPER_EVALUATIONS
        guess, made = order(self.started, len(self.guesses), self.shapes, tempering)
        table = self.polished if self.started == self.first else None
        if table is not None:
            made = Order(made.number, "polish", 0, self.shapes[0])
        problem = self.problem(guess)
        start = Start(
            problem,
            made,
            lambda candidate: self.exact(problem.task, candidate),
            self.seed,
            self.circuits,
            self.most_evaluations,
            self.stop.is_set,
        )
        return start, pool.submit(start.run, table)

    def problem(self, guess: int) -> Problem:
        """The examples of a guess, drawn when they are first needed."""
        if guess not in self.problems:
            self.problems[guess] = Problem(self.guesses[guess], self.seed)
        return self.problems[guess]

    def progress(self, first: Start, running: int, found: bool = False) -> SearchProgress:
        """How the search stands, by the start that is taken up next."""
        now = first.standing
        return SearchProgress(
            first.order.number,
            now.plan,
            now.level,
            now.score,
            self.ended + running,
            self.seconds,
            found,
            first.problem.complexities[0],
        )

    def found(
        self, start: Start, table: Table, progress: Callable[[SearchProgress], None] | None
    ) -> Found:
        """What a start found, made small."""
        self.stop.set()
        task = start.problem.task

        def report(share: float) -> None:
            start.standing.plan, start.standing.score = "simplify", share
            if progress is not None:
                progress(self.progress(start, 0, found=True))

        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + start.order.number)
        small = simplify(
            table,
            task,
            generator,
            lambda candidate: self.exact(task, candidate),
            report,
            lambda: self.late,
        )
        plan, number = start.order.plan, start.order.number
        return Found(task, small, plan, number, self.ended, self.seconds)
