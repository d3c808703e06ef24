"""Training on a Ray cluster, where one worker or every worker may die."""

from __future__ import annotations

import dataclasses
import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hardmax import cluster
from hardmax.cli.main import main
from hardmax.cluster import ClusterProgress, Worker, WorkerStatus, train_on_cluster
from hardmax.runtime.errors import HardmaxError
from hardmax.trainer.kinds import begin
from hardmax.trainer.nram.acceptance import acceptance_examples, is_exact
from hardmax.trainer.nram.hardening import lookup_table
from hardmax.trainer.nram.model import Model
from hardmax.trainer.nram.session import Session
from hardmax.trainer.ntm.default_configs import ntm_default_settings
from hardmax.trainer.ntm.session import NtmSession
from hardmax.trainer.population.settings import TrainingSettings
from hardmax.trainer.progress import Progress
from hardmax.trainer.sequence.model import SequenceModel
from tests.support.ntm_models import random_model
from tests.trainer.nram.test_training import SMALL

TINY = dataclasses.replace(
    SMALL, method="gradient", seed=0, registers=4, hidden=32, members=8, batch=16, complexity=5
)
"""Some seconds of work."""

TINY_NTM = dataclasses.replace(
    ntm_default_settings("ntm-copy"), hidden=8, width=3, members=2, batch=3, complexity=2
)
"""More work than anybody waits for."""


def ignore(progress: ClusterProgress) -> None:
    """A report that nobody reads."""


@pytest.fixture
def address() -> Iterator[str]:
    """A cluster of two nodes, each with a CPU, in processes of their own."""
    pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    two_nodes = Cluster(
        initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False}
    )
    try:
        two_nodes.add_node(num_cpus=1)
        yield two_nodes.address
    finally:
        two_nodes.shutdown()


def progress(level: int, discretized_error: float) -> Progress:
    return Progress(1.0, 10, 100, (1, level), 0.0, discretized_error, 0, 0, None)


def test_the_furthest_worker_is_the_one_with_the_highest_level_and_then_the_smallest_error() -> (
    None
):
    workers = tuple(
        WorkerStatus(seed, "node", 1, reported)
        for seed, reported in enumerate(
            [None, progress(2, 0.0), progress(3, 0.5), progress(3, 0.25)]
        )
    )
    for number, furthest in ((1, 0), (2, 1), (3, 2), (4, 3)):
        standing = ClusterProgress(1.0, workers[:number], 0, 0)
        assert standing.furthest is workers[furthest]
    assert ClusterProgress(1.0, (), 2, 0).furthest is None
    assert str(ClusterProgress(1.0, workers, 1, 2)) == (
        "4 workers on 1 node, 1 waiting for a place, 2 lost"
    )


@pytest.mark.parametrize("settings", [TINY, TINY_NTM])
def test_a_worker_trains_the_machine_that_its_settings_are_of(settings: TrainingSettings) -> None:
    kind = Session if settings is TINY else NtmSession
    session = begin(settings, "test")
    assert type(session) is kind
    assert session.settings == settings
    worker = Worker(settings, "test")
    assert worker.status().progress is None
    assert worker.train(0) is None
    reached = worker.status().progress
    assert reached is not None
    assert reached.updates == 1
    assert reached.samples == settings.members * settings.batch


def test_without_ray_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    arguments = ["train", "access", "--ray", "auto", "-o", str(tmp_path / "access.pt")]
    assert main(arguments) == 1
    assert capsys.readouterr().err == (
        "hardmax: error: training on a cluster needs Ray, which is not installed: "
        "pip install 'hardmax[ray]'\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_cluster_keeps_no_state_to_resume(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["train", "access", "--ray", "auto", "--resume", "-o", str(tmp_path / "access.pt")]
    assert main(arguments) == 1
    assert "expected --ray or --resume" in capsys.readouterr().err


@pytest.mark.filterwarnings("ignore")  # what Ray itself warns of is not ours to mend
@pytest.mark.parametrize("place", ["nowhere", "host:port", "{}"])
def test_no_cluster_is_one_line(place: str) -> None:
    pytest.importorskip("ray")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(HardmaxError) as error:
        train_on_cluster(TINY, "test", 10, place.format(f"127.0.0.1:{port}"), ignore)
    assert "\n" not in str(error.value)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_killed_worker_loses_only_its_own_population(address: str) -> None:
    seen: list[ClusterProgress] = []

    def kill_the_second(progress: ClusterProgress) -> None:
        seen.append(progress)
        for worker in progress.workers:
            if worker.seed == 1 and worker.progress is not None and progress.lost == 0:
                os.kill(worker.pid, signal.SIGKILL)

    model = train_on_cluster(TINY, "hardmax train access", 300, address, kill_the_second)
    assert isinstance(model, Model)
    table, _ = lookup_table(model.controller, 0)
    assert is_exact(model.task, table, acceptance_examples(model.task))
    found = model.provenance
    assert found["workers_lost"] == 1
    assert found["seeds_tried"] == "0..2"
    assert found["seed"] in (0, 2)
    assert found["worker"] == found["seed"]
    assert found["node"] == socket.gethostname()
    pids = {worker.seed: worker.pid for standing in seen for worker in standing.workers}
    assert len(set(pids.values())) == len(pids) >= 2
    assert os.getpid() not in pids.values()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_the_machines_of_a_cluster_may_be_ntms(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "Worker", EasilySatisfied)
    seen: list[ClusterProgress] = []
    model = train_on_cluster(TINY_NTM, "hardmax train ntm-copy", 300, address, seen.append)
    assert isinstance(model, SequenceModel)
    assert model.digest() == random_model(model.provenance["seed"]).digest()
    assert model.provenance["seeds_tried"] == "0..1"
    assert model.provenance["workers_lost"] == 0
    progress = [worker.progress for standing in seen for worker in standing.workers]
    assert any(one is not None and one.updates > 0 for one in progress)


class EasilySatisfied(cluster.Worker):
    """A worker that trains for some seconds and then takes any machine for an exact one."""

    def train(self, limit: float) -> SequenceModel:
        assert super().train(min(limit, 5)) is None
        return random_model(self.settings.seed)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_workers_that_all_die_before_they_train_end_it(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "Worker", Doomed)
    with pytest.raises(HardmaxError, match="every worker died"):
        train_on_cluster(TINY, "test", 300, address, ignore)


class Doomed(cluster.Worker):
    """A worker whose process dies as soon as it is to train."""

    def train(self, limit: float) -> None:
        os.kill(os.getpid(), signal.SIGKILL)
