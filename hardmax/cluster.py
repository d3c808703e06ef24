"""One training on many machines: a population for every CPU of a Ray cluster, each its own seed.

Populations know nothing of each other. The first exact program stops them all; a worker that is
lost loses only its own population, and another begins in its place with the next seed.
"""

from __future__ import annotations

import dataclasses
import itertools
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.extras import expect_extra
from hardmax.trainer.kinds import AnyModel, begin
from hardmax.trainer.population.settings import TrainingSettings
from hardmax.trainer.progress import Progress
from hardmax.trainer.train import known_name
from hardmax.verification.judge import judge

RUNNING, HERE = "auto", "local"
"""Addresses: the cluster that runs on this machine; one that is started here, and ends with us."""

POLL_EVERY = 0.5
"""Seconds between two looks at the workers."""

ANSWER_WITHIN = 5.0
"""Seconds that a cluster has to take a connection."""


@dataclass(frozen=True)
class WorkerStatus:
    """One worker as it last reported.

    Attributes:
        seed: of its training.
        node: host name of the machine that it runs on.
        pid: of its process there.
        progress: None until the training has reported.
    """

    seed: int
    node: str
    pid: int
    progress: Progress | None


@dataclass(frozen=True)
class ClusterProgress:
    """How a training on a cluster stands.

    Attributes:
        seconds: since it began.
        workers: those that have answered.
        waiting: workers for which the cluster has not found a place yet.
        lost: workers that died.
    """

    seconds: float
    workers: tuple[WorkerStatus, ...]
    waiting: int
    lost: int

    def __str__(self) -> str:
        nodes = len({worker.node for worker in self.workers})
        plural = "" if nodes == 1 else "s"
        waiting = f", {self.waiting} waiting for a place" if self.waiting else ""
        return f"{len(self.workers)} workers on {nodes} node{plural}{waiting}, {self.lost} lost"

    @property
    def furthest(self) -> WorkerStatus | None:
        """The worker at the highest complexity now, and the nearest to mastering it."""
        return max(self.workers, key=_advance, default=None)


def _advance(worker: WorkerStatus) -> tuple[int, float]:
    progress = worker.progress
    if progress is None:
        return 0, 0.0
    if progress.search is not None:
        return progress.search.level, progress.search.score
    return max(progress.levels), 1 - progress.discretized_error


class Worker:
    """One training in a process of its own; it trains in one thread and answers in another."""

    def __init__(self, settings: TrainingSettings, command: str) -> None:
        torch.set_num_threads(1)
        known_name(settings.task)  # a task in a file is loaded in this process, too
        self.settings = settings
        self.command = command
        self.progress: Progress | None = None

    def train(self, limit: float) -> AnyModel | None:
        """As :meth:`Training.train`; what it would save to resume is not kept."""
        session = begin(self.settings, self.command)
        session.judge = judge
        return session.train(limit, None, self._note)

    def _note(self, progress: Progress) -> None:
        self.progress = progress

    def status(self) -> WorkerStatus:
        """How this worker stands."""
        return WorkerStatus(self.settings.seed, socket.gethostname(), os.getpid(), self.progress)


@dataclass
class _Place:
    """A worker as the one who waits for it sees it: Ray's references, and its last answer."""

    actor: Any
    outcome: Any
    answer: Any
    status: WorkerStatus | None = None


def train_on_cluster(
    settings: TrainingSettings,
    command: str,
    limit: float,
    address: str,
    report: Callable[[ClusterProgress], None],
) -> AnyModel | None:
    """Train until a worker has found an exact machine, or time is up.

    Args:
        settings: of the first worker; the others have the seeds that follow.
        limit: seconds.
        address: RUNNING, HERE, or a cluster's HOST:PORT.
        report: called about twice a second.

    Returns:
        The model, whose provenance also says which worker on which node found it, which seeds were
        tried and how many workers were lost; None when time is up.

    Raises:
        HardmaxError: Ray is not installed, no cluster answers, it has no place for a worker, or
            every worker failed.
    """
    with _connection(address) as ray:
        resource = "GPU" if settings.device == "cuda" else "CPU"
        count = int(ray.cluster_resources().get(resource, 0))
        if count == 0:
            raise HardmaxError(f"expected a Ray cluster with a {resource}, found none in it")
        options = {"num_cpus": 1, "num_gpus": int(resource == "GPU"), "max_concurrency": 2}
        run = _Run(ray, ray.remote(**options)(Worker), settings, command, limit)
        for _ in range(count):
            run.start_worker()
        return run.wait(report)


@contextmanager
def _connection(address: str) -> Iterator[Any]:
    """The module ``ray``, connected."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nobody is told that we train
    expect_extra("ray")
    import ray

    try:
        if address not in (RUNNING, HERE):
            _expect_an_answer(address)
        here = {"include_dashboard": False} if address == HERE else {}
        ray.init(address=address, log_to_driver=False, logging_level="ERROR", **here)
    except (OSError, RuntimeError, ValueError) as error:
        reason = str(error).split("\n")[0][:200]
        raise HardmaxError(f"no Ray cluster answers at {address}: {reason}") from None
    try:
        yield ray
    finally:
        ray.shutdown()


def _expect_an_answer(address: str) -> None:
    """Ray itself takes a minute to find out that nobody listens at HOST:PORT."""
    host, _, port = address.rpartition("://")[2].rpartition(":")
    if not host or not port.isdecimal():
        raise HardmaxError(f"expected {RUNNING}, {HERE} or HOST:PORT for Ray, found {address!r}")
    with socket.create_connection((host, int(port)), timeout=ANSWER_WITHIN):
        pass


class _Run:
    """The workers of one training and what became of them."""

    def __init__(
        self, ray: Any, worker: Any, settings: TrainingSettings, command: str, limit: float
    ) -> None:
        self.ray = ray
        self.worker = worker
        self.settings = settings
        self.command = command
        self.began = time.monotonic()
        self.limit = limit
        self.seeds = itertools.count(settings.seed)
        self.newest = settings.seed
        self.places: dict[int, _Place] = {}
        self.lost = 0

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began

    def start_worker(self) -> None:
        """Ask the cluster for one more worker, with the next seed."""
        self.newest = seed = next(self.seeds)
        actor = self.worker.remote(dataclasses.replace(self.settings, seed=seed), self.command)
        outcome = actor.train.remote(self.limit - self.seconds)
        self.places[seed] = _Place(actor, outcome, actor.status.remote())

    def wait(self, report: Callable[[ClusterProgress], None]) -> AnyModel | None:
        """Look after the workers until one has a model, or time is up."""
        while self.places and self.seconds < self.limit:
            outcomes = {place.outcome: seed for seed, place in self.places.items()}
            ended, _ = self.ray.wait(list(outcomes), timeout=POLL_EVERY)
            self._listen()
            for outcome in ended:
                model = self._end(outcomes[outcome])
                if model is not None:
                    return model
            report(self._progress())
        return None

    def _listen(self) -> None:
        """Take the answers that have come, and ask again."""
        answers = {place.answer: place for place in self.places.values()}
        come, _ = self.ray.wait(list(answers), num_returns=len(answers), timeout=0)
        for answer in come:
            place = answers[answer]
            try:
                place.status = self.ray.get(answer)
            except self.ray.exceptions.RayActorError:
                continue  # it is lost, and its outcome says so
            place.answer = place.actor.status.remote()

    def _end(self, seed: int) -> AnyModel | None:
        """A worker has ended: by a model, by its time, or by dying."""
        place = self.places.pop(seed)
        try:
            model: AnyModel | None = self.ray.get(place.outcome)
        except self.ray.exceptions.RayActorError as error:
            self.lost += 1
            self.ray.kill(place.actor)
            if place.status is not None and place.status.progress is not None:
                self.start_worker()  # one that never got to train would only die again
            elif not self.places:
                raise HardmaxError(f"every worker died: {_last_line(error)}") from None
            return None
        except self.ray.exceptions.RayTaskError as error:
            raise HardmaxError(f"the worker with seed {seed} failed: {_last_line(error)}") from None
        if model is None:
            return None
        return dataclasses.replace(
            model,
            provenance={
                **model.provenance,
                "worker": seed - self.settings.seed,
                "node": "unknown" if place.status is None else place.status.node,
                "seeds_tried": f"{self.settings.seed}..{self.newest}",
                "workers_lost": self.lost,
            },
        )

    def _progress(self) -> ClusterProgress:
        known = [place.status for place in self.places.values() if place.status is not None]
        waiting = len(self.places) - len(known)
        return ClusterProgress(self.seconds, tuple(known), waiting, self.lost)


def _last_line(error: Exception) -> str:
    """What went wrong, of the many lines in which Ray says it."""
    return str(error).strip().splitlines()[-1].strip()[:200]
