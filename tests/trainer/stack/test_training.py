"""Training of stack machines: determinism, resumption, files, acceptance, sharpening, names."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch

from hardmax.runtime.errors import HardmaxError
from hardmax.trainer.archive import load_archive, save_archive
from hardmax.trainer.decisions import HARD, SOFT
from hardmax.trainer.kinds import find_kind, find_learner, load_model, save_model
from hardmax.trainer.progress import Progress
from hardmax.trainer.stack import checkpoint
from hardmax.trainer.stack.acceptance import mistakes, passed_batches, trained_samples
from hardmax.trainer.stack.default_configs import (
    STACK_DEFAULT_CONFIGS,
    VARIANTS,
    stack_default_settings,
)
from hardmax.trainer.stack.discrete import DiscreteController
from hardmax.trainer.stack.gradient import StackTrainer, run_batch
from hardmax.trainer.stack.margins import Decisions, met_rows
from hardmax.trainer.stack.session import StackSession
from hardmax.trainer.stack.sharpening import TRAINED_MARGIN, leave_needless, sharpen
from hardmax.trainer.stack.tasks.registry import SYMBOL_TASKS, find_symbol_task
from tests.support.stack_models import random_model

SMALL = dataclasses.replace(
    stack_default_settings("reversal", "stack"), hidden=8, members=3, batch=4, complexity=4, seed=3
)


def ignore(progress: Progress) -> None:
    """A report that nobody reads."""


def small_run(seed: int) -> StackTrainer:
    return StackSession(dataclasses.replace(SMALL, seed=seed), "test").trainer


def weights(run: StackTrainer) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in run.population.network.parameters()])


def test_same_seed_same_weights() -> None:
    first, second, other = (small_run(seed) for seed in (7, 7, 8))
    before = weights(first)
    for _ in range(4):
        for run in (first, second, other):
            run.update()
    assert weights(first).isfinite().all()
    assert not torch.equal(before, weights(first))
    assert torch.equal(weights(first), weights(second))
    assert not torch.equal(weights(first), weights(other))


def test_who_judges_has_the_last_word(monkeypatch: pytest.MonkeyPatch) -> None:
    session = StackSession(SMALL, "test")
    model = object()
    asked: list[object] = []

    def judge(model: object) -> str:
        asked.append(model)
        return "wrong on a b"

    monkeypatch.setattr(session, "examine", lambda member: model)
    assert session._accept(0) is model
    session.judge = judge
    assert session._accept(1) is None
    assert (asked, session.rejected, session.tried) == ([model], 1, {1: 0})


def test_an_interrupted_session_resumes_where_it_was(tmp_path: Path) -> None:
    state = tmp_path / "model.pt.training"

    def interrupt(progress: Progress) -> None:
        raise KeyboardInterrupt

    session = StackSession(SMALL, "test")
    with pytest.raises(KeyboardInterrupt):
        session.train(60, state, interrupt)
    resumed = find_kind("queue").resume(state)
    assert isinstance(resumed, StackSession)
    assert resumed.settings == SMALL
    for run in (session.trainer, resumed.trainer):
        for _ in range(3):
            run.update()
    assert torch.equal(weights(resumed.trainer), weights(session.trainer))
    assert resumed.train(resumed.seconds, state, ignore) is None


def test_nothing_is_trained_of_which_no_model_can_be_made(tmp_path: Path) -> None:
    session = StackSession(dataclasses.replace(SMALL, controller="lstm"), "test")
    with pytest.raises(HardmaxError, match="expected a feedforward controller"):
        session.train(60, tmp_path / "model.pt.training", ignore)
    assert not list(tmp_path.iterdir())


def test_counterexamples_are_found_and_trained_on_by_every_member() -> None:
    run = small_run(2)
    complexity = torch.full((3, 4), 4)
    run.scan()
    assert run.counterexamples.kept is None  # nobody is nearly exact
    run.population.level.fill_(4)
    run.population.discretized_error.zero_()
    run.scan()
    kept = run.counterexamples.kept
    assert kept is not None
    problem = run.draw(complexity)
    members = problem.batch.inputs.view(3, 5, -1)
    assert torch.equal(members[0, 4:], members[2, 4:])
    assert not torch.equal(members[0, :4], members[2, :4])
    assert run.discretized_error(problem).shape == (3, 4)
    again = small_run(5)
    again.restore(run.state())
    assert again.counterexamples.kept is not None
    assert torch.equal(again.counterexamples.kept.inputs, kept.inputs)


def test_noise_is_in_all_that_structures_and_states_follow() -> None:
    run = small_run(0)
    batch = run.task.sample(torch.full((12,), 2), torch.Generator().manual_seed(0))
    noise = run.noise(batch)
    network = run.population.network
    assert noise.shape == (batch.inputs.shape[1], 3, 4, sum(network.sections))
    assert noise.isfinite().all()
    soft = run_batch(network, batch, SOFT).loss
    assert not torch.equal(run_batch(network, batch, SOFT, noise).loss, soft)


def test_more_samples_are_decided_hard_where_the_soft_machine_is_nearly_right() -> None:
    run = small_run(0)
    run.population.soft_error[:] = 0.5
    run.population.soft_error[1] = 0.01
    shares = run.population.setting("straight_through").tolist()
    assert run.hard_share().tolist() == [shares[0], 0.5, *shares[2:]]
    assert shares[0] < 0.5


def test_a_machine_that_knows_nothing_is_not_exact() -> None:
    for name in SYMBOL_TASKS:
        model = random_model(0, task=name, symbols=4, depth=2)
        controller = DiscreteController(model.machine)
        assert not passed_batches(controller, model.task, seed=0)
        batch = trained_samples(model.task, 5, torch.Generator().manual_seed(0))
        answers = model.answers(batch.inputs, HARD)
        assert mistakes(controller, batch) == int(batch.wrong(answers).any(1).sum()) > 0


def test_sharpening_leaves_every_decision_as_it_was_but_certain() -> None:
    model = random_model(3, ("stack", "stackrnn"), state_bits=1, hidden=100)
    batch = trained_samples(model.task, 4, torch.Generator().manual_seed(0))
    before = model.answers(batch.inputs, HARD)
    controller = DiscreteController(model.machine)
    met = met_rows(controller, [batch])
    assert met.counted.all()  # every output of this task counts
    assert sharpen(model.machine, controller, met)
    within = torch.arange(batch.inputs.shape[1]) < batch.steps[:, None]
    assert torch.equal(model.answers(batch.inputs, HARD)[within], before[within])
    assert torch.equal(model.answers(batch.inputs, SOFT)[within], before[within])
    margins = Decisions(model.machine, controller, met).margins()
    assert min(float(margin.detach().min()) for margin in margins.values()) > TRAINED_MARGIN - 0.01


def test_what_no_answer_depends_on_is_left() -> None:
    model = random_model(1, ("stack", "stackrnn"))
    batch = trained_samples(model.task, 4, torch.Generator().manual_seed(0))
    nothing_asked = dataclasses.replace(batch, targets=torch.full_like(batch.targets, -1))
    as_it_answers = dataclasses.replace(batch, targets=model.answers(batch.inputs, HARD))
    controller = DiscreteController(model.machine)
    leave_needless(controller, nothing_asked)
    assert controller.idle.all()
    assert controller.idle.shape == (3, 4)  # pop, push, and the action of the stack RNN
    controller = DiscreteController(model.machine)
    leave_needless(controller, as_it_answers)
    assert not controller.idle.all()
    assert mistakes(controller, as_it_answers) == 0


@pytest.mark.parametrize("controller", ["mlp", "lstm"])
def test_a_model_comes_back_from_its_file(controller: str, tmp_path: Path) -> None:
    model = random_model(1, ("queue", "stackrnn"), 2, 1, controller=controller)
    path = tmp_path / "stack-dyck.pt"
    save_model(model, path)
    loaded = load_model(path)
    assert type(loaded) is type(model)
    assert loaded.digest() == model.digest()
    assert loaded.task is model.task
    assert dict(loaded.facts())["structures"] == "queue, stackrnn"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"task": "sorting"}, "unknown task"),
        ({"structures": "stack+heap"}, "expected structures among stack, queue"),
        ({"structures": "+".join(["stack"] * 9)}, "expected 1..8 structures, found 9"),
        ({"depth": 0}, "expected depth 1..4, found 0"),
        ({"symbols": 1 << 40}, "expected symbols 1..4096"),
        ({"state_bits": -1}, "expected state_bits 0..8"),
        ({"hidden": 9}, "weights do not fit"),
    ],
)
def test_a_damaged_model_is_refused(
    change: dict[str, object], message: str, tmp_path: Path
) -> None:
    path = tmp_path / "model.pt"
    save_model(random_model(1), path)
    data = load_archive(path, checkpoint.FORMAT, checkpoint.FORMAT_VERSION)
    save_archive({**data, **change}, path)
    with pytest.raises(HardmaxError, match=message):
        load_model(path)


def test_every_default_config_fits_its_task() -> None:
    assert set(STACK_DEFAULT_CONFIGS) <= set(SYMBOL_TASKS)
    for name, task in SYMBOL_TASKS.items():
        for variant in VARIANTS:
            settings = stack_default_settings(name, variant)
            assert settings.structures.startswith(variant)
        assert task.machine in VARIANTS


def test_four_names_of_machines_are_one_kind() -> None:
    for variant in VARIANTS:
        learner = find_learner("reversal", variant)
        assert learner.default_settings("reversal", {}).machine == "stack"
        assert f"with {variant}" in learner.default_settings("reversal", {}).title
    assert find_learner("Reversal") is find_kind("stack")
    assert find_learner("flipping") is find_kind("queue")
    with pytest.raises(HardmaxError, match="--registers is no option of a training of reversal"):
        find_kind("stack").default_settings("reversal", {"registers": 4})


def test_patience_is_what_the_training_is_told() -> None:
    session = StackSession(dataclasses.replace(SMALL, patience=7), "test")
    assert session.trainer.config.patience == 7
    with pytest.raises(HardmaxError, match="expected patience >= 1, found 0"):
        dataclasses.replace(SMALL, patience=0)


@pytest.mark.slow
def test_reversal_is_learned_from_examples() -> None:
    session = StackSession(stack_default_settings("reversal", "stack"), "test")
    model = session.train(600, None, ignore)
    assert model is not None
    task = find_symbol_task("reversal")
    batch = task.sample(torch.full((20,), 300), torch.Generator().manual_seed(1))
    assert not batch.wrong(model.answers(batch.inputs, HARD)).any()
