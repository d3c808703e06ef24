"""``hardmax train``: its options, and what it leaves behind."""

from __future__ import annotations

import argparse
import os
import signal
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

import hardmax
from hardmax.api import train
from hardmax.cli import train as train_verb
from hardmax.cli.main import main
from hardmax.cli.progress import ProgressDisplay
from hardmax.cli.tensorboard import EventLog, scalars
from hardmax.cli.train import wilson_interval
from hardmax.runtime.errors import HardmaxError
from hardmax.trainer.kinds import KINDS, AnyModel, find_kind, load_model
from hardmax.trainer.metrics import metrics_path
from hardmax.trainer.nram.default_configs import default_settings
from hardmax.trainer.nram.gradient import NramTrainer
from hardmax.trainer.nram.tasks import LOADED, TASKS, registry
from hardmax.trainer.nram.tasks.access import Access
from hardmax.trainer.population.population import DISCRETIZATIONS
from hardmax.trainer.population.session import Judge
from hardmax.trainer.progress import Progress, SearchProgress
from hardmax.trainer.train import (
    TimeUpError,
    complete,
    output_for_one,
    state_path,
    training_settings,
)
from hardmax.verification.judge import judge
from tests.support.trained import access_model

Capture = pytest.CaptureFixture[str]


@pytest.mark.parametrize(
    ("former", "today", "value", "refused"),
    [
        ("--scheme", "--discretization", "hope", "unknown discretization method 'hope'"),
        ("--begin-from", "--init-from", "none.pt", "cannot read none.pt"),
    ],
)
def test_a_former_spelling_works_and_says_what_is_spelled_today(
    tmp_path: Path, capsys: Capture, former: str, today: str, value: str, refused: str
) -> None:
    command = ["train", "access", "-o", str(tmp_path / "out.pt")]
    assert main([*command, today, value]) == 1
    told = capsys.readouterr().err
    assert refused in told
    assert main([*command, former, value]) == 1
    first, rest = capsys.readouterr().err.split("\n", 1)
    assert first == f"hardmax: {former} is now {today}; the next release knows only that"
    assert rest == told


def test_former_spellings_are_not_in_the_help(capsys: Capture) -> None:
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    told = capsys.readouterr().out
    assert "--discretization" in told
    assert "--scheme" not in told
    assert "--begin-from" not in told


def test_the_help_names_every_task_and_discretization_method(capsys: Capture) -> None:
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    told = capsys.readouterr().out
    proposed: dict[str, list[str]] = {}
    for kind in map(find_kind, KINDS):
        for name in kind.tasks:
            if name in set(LOADED) - set(TASKS):  # by another test
                continue
            names = proposed.setdefault(kind.task(name).machine, [])
            if name not in names:  # several names on the command line may be of one kind
                names.append(name)
    assert {kind: names.split() for kind, names in train_verb.TASKS.items()} == proposed
    assert train_verb.DISCRETIZATIONS.split() == list(DISCRETIZATIONS)
    assert "walkbst" in told
    assert "partly-hard" in told


@pytest.mark.parametrize("option", ["--seed 5", "--members 3", "--init-from a.pt"])
def test_a_training_goes_on_as_it_began(tmp_path: Path, capsys: Capture, option: str) -> None:
    command = ["train", "access", "-o", str(tmp_path / "out.pt"), "--resume", *option.split()]
    assert main(command) == 1
    assert f"{option.split()[0]} is no option of --resume" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--members 100000000", "expected members 1..65536, found 100000000"),
        ("--seed 99999999999999999999", "expected seed 0.."),
        ("--batch 99999999999999999999", "expected batch 1..65536"),
        ("--complexity 99999999999999999999", "expected complexity 1..1048576"),
        ("--slack 99999999999999999999", "expected slack 0..1048576"),
        ("--minutes nan", "expected minutes above 0"),
        ("--members 65536 --hidden 4096", "expected memory for 65536 members, found too little"),
        ("--machine ntm", "expected a task that a machine of kind ntm can learn"),
        ("--machine abacus", "unknown machine 'abacus', expected one of nram, ntm, stack"),
        ("--preset small", "--preset is no option of a training of access"),
    ],
)
def test_what_no_training_can_be_told_is_one_line(
    tmp_path: Path, capsys: Capture, options: str, message: str
) -> None:
    assert main(["train", "access", "-o", str(tmp_path / "out.pt"), *options.split()]) == 1
    told = capsys.readouterr().err
    assert message in told
    assert told.startswith("hardmax: error: ")
    assert told.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


class FoundAtOnce:
    """A training that has a model, as :class:`hardmax.trainer.kinds.AnySession`."""

    settings = default_settings("access")
    seconds = 0.0

    def __init__(self) -> None:
        self.judge: Judge = lambda model: None

    def train(
        self, limit: float, state_path: Path | None, report: Callable[[Progress], None]
    ) -> AnyModel | None:
        assert state_path is not None
        state_path.write_text("saved now and then")
        return access_model()

    def save(self, path: Path) -> None:
        path.write_text("saved at the end")


@pytest.mark.parametrize("by", ["Python", "command"])
def test_a_proof_has_the_last_word(
    by: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = FoundAtOnce()
    monkeypatch.setattr("hardmax.trainer.kinds.begin", lambda *_: session)
    output = tmp_path / "access.pt"
    if by == "Python":
        hardmax.train("access", output=output)
    else:
        main(["train", "access", "-o", str(output)])
    assert session.judge is judge


def test_the_state_goes_when_the_model_is_written(tmp_path: Path) -> None:
    output = tmp_path / "access.pt"
    assert complete(FoundAtOnce(), output, 1, lambda _: None) is not None
    assert load_model(output).digest() == access_model().digest()
    assert list(tmp_path.iterdir()) == [output]


def test_a_model_that_cannot_be_written_is_found_again_from_the_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "access.pt"

    def full(source: object, target: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(HardmaxError, match="No space left on device"):
        complete(FoundAtOnce(), output, 1, lambda _: None)
    assert list(tmp_path.iterdir()) == [state_path(output)]
    assert state_path(output).read_text() == "saved at the end"


def test_of_two_trainings_to_one_output_the_second_is_refused(
    tmp_path: Path, capsys: Capture
) -> None:
    output = tmp_path / "out.pt"
    with output_for_one(output):
        assert main(["train", "access", "-o", str(output)]) == 1
        told = capsys.readouterr().err
        assert told == f"hardmax: error: cannot write {output}: another training writes it\n"
    assert list(tmp_path.iterdir()) == []
    with output_for_one(output):
        pass  # the lock is gone with the one who had it


def test_sigterm_ends_a_training_as_ctrl_c_does(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "out.pt"
    before = signal.getsignal(signal.SIGTERM)

    def update(self: object) -> list[int]:
        os.kill(os.getpid(), signal.SIGTERM)
        return []

    monkeypatch.setattr(NramTrainer, "update", update)
    assert main(["train", "access", "-o", str(output), "--members", "2"]) == 143
    told = capsys.readouterr().err
    assert f"interrupted; --resume continues from {state_path(output)}\n" in told
    assert list(tmp_path.iterdir()) == [state_path(output)]
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_training_from_python_says_when_its_time_is_up(tmp_path: Path) -> None:
    output = tmp_path / "out.pt"
    with pytest.raises(TimeUpError, match="access: no exact machine in 0 seconds"):
        train("access", method="gradient", members=2, time_limit=0, output=output)
    assert set(tmp_path.iterdir()) == {state_path(output), metrics_path(output)}
    with pytest.raises(HardmaxError, match="--rows is no option of a training of access"):
        train("access", rows=3)


class Echo(Access):
    """A task of one's own."""

    title = "Echo"


def test_a_task_of_ones_own_needs_no_default_config(monkeypatch: pytest.MonkeyPatch) -> None:
    tasks = dict(TASKS)
    monkeypatch.setattr(registry, "LOADED", tasks)
    monkeypatch.setattr(type(find_kind("nram")), "tasks", tasks)
    settings = training_settings(Echo(), device="cpu")
    assert settings.task == "echo"
    assert settings.complexity == Echo.largest_training_complexity
    again = Echo()
    training_settings(again, device="cpu")
    assert tasks["echo"] is again
    monkeypatch.setattr(Echo, "title", "Copy")
    with pytest.raises(HardmaxError, match="there is another task of the name 'copy'"):
        training_settings(Echo())


@pytest.mark.parametrize(
    ("successes", "trials", "expected"),
    [(10, 10, (0.722, 1.0)), (0, 10, (0.0, 0.278)), (5, 10, (0.237, 0.763)), (1, 1, (0.207, 1.0))],
)
def test_the_interval_is_wilsons(
    successes: int, trials: int, expected: tuple[float, float]
) -> None:
    """Wilson (1927), as tables of it give it."""
    assert wilson_interval(successes, trials) == pytest.approx(expected, abs=5e-4)


def test_each_seed_is_trained_and_the_share_is_told(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained: list[tuple[int, str]] = []

    def one(arguments: argparse.Namespace) -> int:
        trained.append((arguments.seed, arguments.output.name))
        return arguments.seed % 2

    monkeypatch.setattr("hardmax.cli.train._one", one)
    assert main(["train", "access", "-o", str(tmp_path / "a.pt"), "--seeds", "3-5"]) == 0
    assert trained == [(3, "a-3.pt"), (4, "a-4.pt"), (5, "a-5.pt")]
    assert capsys.readouterr().out == ("solved 1 of 3 seeds: 33 % (95 % interval 6 to 79 %)\n")
    assert main(["train", "access", "-o", "a.pt", "--seeds", "1-2", "--seed", "3"]) == 1
    assert "expected --seeds or --seed" in capsys.readouterr().err
    for wrong in ("5-3", "a-b", "-", "0-99999999"):
        with pytest.raises(SystemExit):
            main(["train", "access", "-o", "a.pt", f"--seeds={wrong}"])


def test_the_display_says_what_it_waits_for_and_how_near_it_is(capsys: Capture) -> None:
    def progress(seconds: float, levels: tuple[int, ...], error: float, **search: Any) -> Progress:
        searched = SearchProgress(1, "polish", 4, 0.5, 9, 1.0, **search) if search else None
        return Progress(seconds, 7, 70, levels, error, error, 2, 9, searched)

    with ProgressDisplay("copy", 600, 5) as display:
        for reached, shown in (
            (0.4, progress(20, (1, 3), 1.0)),
            (0.99, progress(40, (5, 3), 0.0)),
            (0.7, progress(60, (1, 1), 1.0, found=False)),
            (1.0, progress(80, (1, 1), 1.0, found=True)),
        ):
            assert display.reached(shown) == pytest.approx(reached)
            display.show(shown)
    first, climbing, right, searching, found = capsys.readouterr().err.splitlines()
    assert first == "copy: begun"
    assert "waiting for a member to get to complexity 5" in climbing
    assert "machine that makes no mistake (2 candidates rejected)" in right
    assert "waiting for a program that makes no mistake" in searching
    assert "making it smaller" in found
    begun = Progress(1.0, 4, 4, (3, 3), 1.0, 1.0, 0, 0, None, first_level=3)
    assert display.reached(begun) == 0.0, "what it begins with is no progress"
    with ProgressDisplay("copy", 600, 5, quiet=True) as display:
        display.show(progress(20, (1, 3), 1.0))
    assert capsys.readouterr().err == ""


def test_what_tensorboard_is_told_is_known_and_finite() -> None:
    search = SearchProgress(1, "grow", 3, 0.25, 9, 1.0)
    unknown = float("nan")
    begun = Progress(1.0, 0, 0, (1, 1), unknown, unknown, 2, 9, search)
    assert dict(scalars(begun)) == {
        "candidates rejected": 2,
        "search/score": 0.25,
        "search/level": 3,
    }
    trained = Progress(2.0, 8, 80, (1, 3), 0.25, 0.5, 0, 0, None, loss=1.5, penalty=0.5)
    assert dict(scalars(trained)) == {
        "candidates rejected": 0,
        "error/soft": 0.25,
        "error/discretized": 0.5,
        "error/gap": 0.25,
        "level/highest": 3,
        "level/mean": 2,
        "loss": 1.5,
        "penalty": 0.5,
    }


@pytest.mark.skipif(find_spec("tensorboard") is None, reason="TensorBoard is not installed")
def test_a_training_shows_in_tensorboard(tmp_path: Path) -> None:
    with EventLog(tmp_path / "run") as log:
        log.show(Progress(2.0, 8, 80, (1, 3), 0.25, 0.5, 0, 0, None))
    (events,) = (tmp_path / "run").iterdir()
    assert b"error/discretized" in events.read_bytes()


@pytest.mark.skipif(find_spec("tensorboard") is not None, reason="TensorBoard is installed")
def test_without_tensorboard_its_extra_is_named(tmp_path: Path, capsys: Capture) -> None:
    output = tmp_path / "a.pt"
    command = ["train", "access", "-o", str(output), "--tensorboard", str(tmp_path / "runs")]
    assert main([*command, "--method", "gradient"]) == 1
    assert "pip install 'hardmax[tensorboard]'" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
