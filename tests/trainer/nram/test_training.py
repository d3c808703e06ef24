"""Training: determinism, interruption and resumption, the population, and one whole training."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from hardmax.runtime.errors import HardmaxError
from hardmax.trainer.kinds import find_kind
from hardmax.trainer.layers import ControllerConfig
from hardmax.trainer.nram import session as sessions
from hardmax.trainer.nram.acceptance import acceptance_examples, is_exact
from hardmax.trainer.nram.checkpoint import load_model, save_model
from hardmax.trainer.nram.controller import Controller
from hardmax.trainer.nram.default_configs import (
    DEFAULT_CONFIGS,
    GRADIENT_ALONE,
    default_settings,
)
from hardmax.trainer.nram.gradient import RANGES, NramTrainer, mixture
from hardmax.trainer.nram.hardening import lookup_table
from hardmax.trainer.nram.search.table import Shape, Table
from hardmax.trainer.nram.session import Session, Settings
from hardmax.trainer.nram.tasks import TASKS
from hardmax.trainer.nram.wiring import Wiring
from hardmax.trainer.population.population import (
    DISCRETIZATIONS,
    Population,
    draw_hyperparameters,
    perturb,
)
from hardmax.trainer.population.updates import GradientConfig
from hardmax.trainer.progress import Progress
from hardmax.trainer.provenance import AS_TRAINED

CPU = torch.device("cpu")

SMALL = Settings(
    task="access",
    method="gradient",
    seed=3,
    registers=3,
    repetitions=1,
    controller="mlp",
    hidden=8,
    members=3,
    batch=4,
    complexity=3,
    slack=2,
    discretization="mixed",
    device="cpu",
)


def ignore(progress: Progress) -> None:
    """A report that nobody reads."""


def gradient_run(seed: int, controller: str = "mlp") -> NramTrainer:
    return NramTrainer(
        TASKS["copy"],
        Wiring(registers=3, repetitions=1),
        ControllerConfig(controller, hidden=8),
        GradientConfig(members=3, batch=4, highest=3, slack=2),
        seed,
        CPU,
    )


def weights(run: NramTrainer) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in run.population.network.parameters()])


@pytest.mark.parametrize("native", [False, True])
@pytest.mark.parametrize("discretization", DISCRETIZATIONS)
def test_every_discretization_trains(discretization: str, native: bool) -> None:
    config = GradientConfig(members=2, batch=4, highest=3, slack=1, discretization=discretization)
    run = NramTrainer(TASKS["access"], Wiring(2, 1), ControllerConfig(hidden=8), config, 0, CPU)
    run.native = native
    before = weights(run)
    for _ in range(4):
        run.update()
    assert weights(run).isfinite().all()
    assert not torch.equal(before, weights(run))


@pytest.mark.parametrize("discretization", ["entropy", "values"])
def test_the_native_kernel_learns_what_eager_operations_learn(discretization: str) -> None:
    """The first moments of Adam are those of the same gradients; nothing here is random."""
    moments, errors = [], []
    for native in (False, True):
        config = GradientConfig(
            members=3, batch=4, highest=3, slack=1, discretization=discretization
        )
        run = NramTrainer(TASKS["copy"], Wiring(3, 1), ControllerConfig(hidden=8), config, 0, CPU)
        run.native = native
        population = run.population
        population.hyperparameters = [
            dataclasses.replace(h, gradient_noise=0.0) for h in population.hyperparameters
        ]
        population.penalty.fill_(0.4)
        problem = run.draw(torch.full((3, 4), 3))
        errors.append((run.learn(problem), run.discretized_error(problem)))
        first = population.optimizer.first
        moments.append(torch.cat([moment.flatten() for moment in first.values()]))
    assert moments[0].abs().max() > 1e-3
    assert torch.allclose(moments[0], moments[1], atol=1e-6)
    for eager, native_error in zip(*errors, strict=True):
        assert torch.allclose(eager, native_error)


@pytest.mark.parametrize("native", [False, True])
@pytest.mark.parametrize("controller", ["mlp", "lstm"])
def test_same_seed_same_weights(controller: str, native: bool) -> None:
    first, second, other = (gradient_run(seed, controller) for seed in (7, 7, 8))
    for run in (first, second, other):
        assert run.native  # as it is where LLVM is installed
        run.native = native
    for _ in range(5):
        for run in (first, second, other):
            run.update()
    assert torch.equal(weights(first), weights(second))
    assert not torch.equal(weights(first), weights(other))


def test_a_restored_run_continues_as_if_never_stopped() -> None:
    whole, half = gradient_run(1), gradient_run(1)
    for _ in range(6):
        half.update()
    continued = gradient_run(2)
    continued.restore(half.state())
    for _ in range(6):
        continued.update()
    for _ in range(12):
        whole.update()
    assert torch.equal(weights(whole), weights(continued))
    assert torch.equal(whole.population.level, continued.population.level)


def test_mixture_decides_hard_for_its_share_and_soft_for_the_rest() -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(2, 200, 3, 5, requires_grad=True)
    halting = torch.randn(2, 200)
    decide = mixture(torch.tensor([0.0, 1.0]), torch.zeros(2), generator)
    choices, finish = decide(logits, halting)
    assert torch.allclose(choices[0], logits[0].softmax(-1))
    assert torch.equal(choices[1].argmax(-1), logits[1].argmax(-1))
    assert torch.allclose(choices[1].amax(-1), torch.ones(200, 3))
    assert torch.allclose(finish[1], (halting[1] > 0).float())
    choices[1, :, :, 0].sum().backward()  # type: ignore[no-untyped-call]
    assert logits.grad is not None
    assert logits.grad[1].abs().sum() > 0


def test_copies_differ_from_the_original_by_stated_factors_only() -> None:
    generator = torch.Generator().manual_seed(0)
    original = draw_hyperparameters(DISCRETIZATIONS["mixed"], generator, RANGES)
    for name, (low, high) in RANGES.items():
        assert low <= getattr(original, name) <= high
    copy = perturb(original, generator, RANGES)
    assert copy.straight_through == original.straight_through
    assert 0.69 <= copy.learning_rate / original.learning_rate <= 1.41
    only = perturb(original, generator, {"learning_rate": RANGES["learning_rate"]})
    assert only == dataclasses.replace(original, learning_rate=only.learning_rate)


def test_restart_and_copy_touch_one_member_only() -> None:
    population = Population(
        Controller(Wiring(3, 1), ControllerConfig(hidden=8), 3),
        DISCRETIZATIONS["mixed"],
        1,
        0,
        RANGES,
    )
    before = [p.detach().clone() for p in population.network.parameters()]
    population.level[1] = 4
    population.copy(1, 0)
    population.restart(2)
    assert population.level.tolist() == [4, 4, 1]
    for old, new in zip(before, population.network.parameters(), strict=True):
        assert torch.equal(new[0], old[1])
        assert torch.equal(new[1], old[1])
    moved = [
        not torch.equal(new[2], old[2])
        for old, new in zip(before, population.network.parameters(), strict=True)
    ]
    assert any(moved)


@pytest.mark.parametrize("level", [1, 3])
def test_who_stays_at_a_level_is_replaced_when_patience_ends(level: int) -> None:
    config = GradientConfig(members=3, batch=4, highest=3, slack=1, patience=150)
    run = NramTrainer(TASKS["copy"], Wiring(3, 1), ControllerConfig(hidden=8), config, 0, CPU)
    population = run.population
    population.level.fill_(level)
    population.since_raise = torch.tensor([50, 149, 150])
    run._exploit()
    assert population.since_raise.tolist() == [50, 149, 0]
    assert population.level.tolist() == [level, level, 1]


def test_what_collapses_returns_to_its_best() -> None:
    population = Population(
        Controller(Wiring(3, 1), ControllerConfig(hidden=8), 3),
        DISCRETIZATIONS["mixed"],
        1,
        0,
        RANGES,
    )
    everyone = torch.ones(3, dtype=torch.bool)
    population.discretized_error = torch.tensor([0.1, 0.1, 0.1])
    population.keep_best(everyone)
    kept = [p.detach().clone() for p in population.network.parameters()]
    rates = population.setting("learning_rate")
    with torch.no_grad():
        for p in population.network.parameters():
            p.add_(1)
    population.discretized_error = torch.tensor([0.05, 0.4, 0.4])
    population.keep_best(everyone)
    population.return_to_best(torch.tensor([True, True, False]))
    for old, new in zip(kept, population.network.parameters(), strict=True):
        assert torch.equal(new[0], old[0] + 1)  # it had become better
        assert torch.equal(new[1], old[1])
        assert torch.equal(new[2], old[2] + 1)  # it was not asked to return
    assert population.discretized_error.tolist() == pytest.approx([0.05, 0.1, 0.4])
    assert (population.setting("learning_rate") < rates).tolist() == [True, True, False]


def test_every_default_config_is_of_a_task() -> None:
    assert set(DEFAULT_CONFIGS) | set(GRADIENT_ALONE) <= set(TASKS)


def test_a_default_config_follows_the_method() -> None:
    kind = find_kind("nram")
    alone = kind.default_settings("swap", {"method": "gradient"})
    assert dataclasses.astuple(alone) == dataclasses.astuple(default_settings("swap", "gradient"))
    turns = kind.default_settings("swap", {})
    assert isinstance(alone, Settings)
    assert isinstance(turns, Settings)
    assert (turns.method, alone.method) == ("hybrid", "gradient")
    assert alone.members > turns.members
    assert alone.patience > turns.patience
    assert kind.default_settings("swap", {"method": "gradient", "members": 5}).members == 5


def test_a_program_that_does_nothing_is_not_exact() -> None:
    shape = Shape(registers=1)
    idle = Table(shape, np.zeros((shape.rows, shape.slots), dtype=np.int16))
    for task in TASKS.values():
        assert not is_exact(task, idle, acceptance_examples(task))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"task": "juggling"}, "unknown task"),
        ({"members": 0}, "members 1.."),
        ({"batch": -1}, "batch 1.."),
        ({"complexity": 0}, "complexity 1.."),
        ({"slack": -1}, "slack 0.."),
        ({"patience": 0}, "patience >= 1"),
        ({"method": "luck"}, "expected method"),
        ({"seed": -1}, "seed 0.."),
        ({"discretization": "hope"}, "unknown discretization"),
    ],
)
def test_settings_are_checked(change: dict[str, object], message: str) -> None:
    with pytest.raises(HardmaxError, match=message):
        dataclasses.replace(SMALL, **change)


def test_an_interrupted_session_resumes_where_it_was(tmp_path: Path) -> None:
    state = tmp_path / "model.pt.training"

    def interrupt(progress: Progress) -> None:
        raise KeyboardInterrupt

    settings = dataclasses.replace(SMALL, task="merge")  # which is not found that soon
    session = Session(settings, "test")
    with pytest.raises(KeyboardInterrupt):
        session.train(60, state, interrupt)
    resumed = Session.resume(state)
    assert resumed.settings == settings
    assert resumed.trainer.updates == session.trainer.updates
    assert torch.equal(weights(resumed.trainer), weights(session.trainer))
    assert resumed.train(resumed.seconds + 0.2, state, ignore) is None
    assert resumed.trainer.updates > session.trainer.updates


def test_a_damaged_state_is_refused_in_one_line(tmp_path: Path) -> None:
    state = tmp_path / "model.pt.training"
    torch.save({"format": "hardmax-training", "format_version": 4, "settings": {}}, state)
    with pytest.raises(HardmaxError, match="damaged training state"):
        Session.resume(state)


def test_training_ends_with_an_exact_model_whose_weights_are_as_trained(tmp_path: Path) -> None:
    settings = dataclasses.replace(
        SMALL, seed=0, registers=4, hidden=32, members=8, batch=16, complexity=5
    )
    session = Session(settings, "hardmax train access")
    model = session.train(240, tmp_path / "state", ignore)
    assert model is not None
    save_model(model, tmp_path / "access.pt")
    loaded = load_model(tmp_path / "access.pt")
    assert loaded.digest() == model.digest()
    assert loaded.provenance["command"] == "hardmax train access"
    assert loaded.provenance["found_by"] == "gradient"
    assert loaded.provenance["weights"] == AS_TRAINED
    table, _ = lookup_table(loaded.controller, 0)
    assert is_exact(loaded.task, table, acceptance_examples(loaded.task))


@pytest.mark.parametrize(("method", "compiled"), [("search", True), ("gradient", False)])
def test_the_clock_of_a_training_starts_after_compiling(
    method: str, compiled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = Session(dataclasses.replace(SMALL, method=method), "test")
    deadlines: list[float] = []
    monkeypatch.setattr(sessions, "compile_search", lambda: deadlines.append(session.deadline))
    assert session.train(0.0, None, lambda progress: None) is None
    assert deadlines == [math.inf] * compiled
    assert session.deadline < math.inf
