"""NTM training: determinism, resumption, files, acceptance, and the seam of decisions."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import pytest
import torch

from hardmax.runtime.errors import HardmaxError
from hardmax.trainer.archive import load_archive, save_archive
from hardmax.trainer.decisions import HARD, SOFT, Mixture, Noisy
from hardmax.trainer.kinds import load_model
from hardmax.trainer.layers import ControllerConfig
from hardmax.trainer.nram.checkpoint import load_model as load_nram
from hardmax.trainer.nram.checkpoint import save_model
from hardmax.trainer.nram.model import Model
from hardmax.trainer.ntm import checkpoint
from hardmax.trainer.ntm.checkpoint import load_ntm, save_ntm
from hardmax.trainer.ntm.default_configs import NTM_DEFAULT_CONFIGS, ntm_default_settings
from hardmax.trainer.ntm.session import NtmSession, NtmSettings
from hardmax.trainer.ntm.tape import TapeChoices, TapeConfig, rotate, sharpen, write
from hardmax.trainer.population.counterexamples import MOST_KEPT, Counterexamples
from hardmax.trainer.population.population import FORMER_NAMES
from hardmax.trainer.population.updates import GradientConfig
from hardmax.trainer.progress import Progress
from hardmax.trainer.sequence.acceptance import is_exact, mean_error
from hardmax.trainer.sequence.gradient import SequenceTrainer, run_batch
from hardmax.trainer.sequence.machine import SequenceConfig
from hardmax.trainer.sequence.model import SequenceModel
from hardmax.trainer.sequence.tasks.registry import SEQUENCE_TASKS, find_sequence_task
from hardmax.trainer.sequence.tasks.task import PRESETS, SequenceBatch
from tests.support.ntm_models import random_model
from tests.support.trained import access_model

CPU = torch.device("cpu")

SMALL = dataclasses.replace(
    ntm_default_settings("ntm-copy"), hidden=8, width=3, members=2, batch=3, complexity=2, seed=3
)


def ignore(progress: Progress) -> None:
    """A report that nobody reads."""


def ntm_run(seed: int, kind: str = "mlp", task_name: str = "ntm-copy") -> SequenceTrainer:
    task = find_sequence_task(task_name, "small")
    config = SequenceConfig(
        task.inputs, task.outputs, ControllerConfig(kind, 8), TapeConfig(4, learned_start=True)
    )
    training = GradientConfig(members=3, batch=4, highest=3, slack=2, discretization="mixed")
    return SequenceTrainer(task, config, training, seed, CPU)


def weights(run: SequenceTrainer) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in run.population.network.parameters()])


@pytest.mark.parametrize("task", SEQUENCE_TASKS)
@pytest.mark.parametrize("kind", ["mlp", "lstm"])
def test_same_seed_same_weights(kind: str, task: str) -> None:
    first, second, other = (ntm_run(seed, kind, task) for seed in (7, 7, 8))
    before = weights(first)
    for _ in range(4):
        for run in (first, second, other):
            run.update()
    assert weights(first).isfinite().all()
    assert not torch.equal(before, weights(first))
    assert torch.equal(weights(first), weights(second))
    assert not torch.equal(weights(first), weights(other))


@pytest.mark.parametrize("settled", [False, True])
def test_a_restored_run_continues_as_if_never_stopped(settled: bool) -> None:
    begin = settled_run if settled else ntm_run
    whole, half, continued = begin(1), begin(1), ntm_run(2)
    for _ in range(5):
        half.update()
    continued.restore(half.state())
    for _ in range(5):
        continued.update()
    for _ in range(10):
        whole.update()
    assert torch.equal(weights(whole), weights(continued))
    assert torch.equal(whole.population.level, continued.population.level)


def test_an_interrupted_session_resumes_where_it_was(tmp_path: Path) -> None:
    state = tmp_path / "model.pt.training"

    def interrupt(progress: Progress) -> None:
        raise KeyboardInterrupt

    session = NtmSession(SMALL, "test")
    with pytest.raises(KeyboardInterrupt):
        session.train(60, state, interrupt)
    resumed = NtmSession.resume(state)
    assert resumed.settings == SMALL
    assert resumed.provenance("gradient", "as trained")["resumptions"] == 1
    assert resumed.trainer.updates == session.trainer.updates
    assert torch.equal(weights(resumed.trainer), weights(session.trainer))
    assert resumed.train(resumed.seconds + 0.2, state, ignore) is None
    assert resumed.trainer.updates > session.trainer.updates


def test_a_state_by_the_names_of_version_0_1_resumes(tmp_path: Path) -> None:
    """Settings, hyperparameters and errors had other names; the file's format is the same."""
    path = tmp_path / "model.pt.training"
    session = NtmSession(SMALL, "test")
    session.trainer.update()
    session.save(path)
    former = {today: name for name, today in FORMER_NAMES.items()}

    def renamed(value: object) -> object:
        if isinstance(value, dict):
            return {former.get(name, name): renamed(part) for name, part in value.items()}
        return [renamed(part) for part in value] if isinstance(value, list) else value

    state = load_archive(path, NtmSession.format, NtmSession.format_version)
    assert not FORMER_NAMES.keys() & state["settings"].keys()
    torch.save(renamed(state), path)
    state = load_archive(path, NtmSession.format, NtmSession.format_version)
    assert FORMER_NAMES.keys() & state["settings"].keys()
    resumed = NtmSession.resume(path)
    assert resumed.settings == SMALL
    assert resumed.trainer.population.hyperparameters == session.trainer.population.hyperparameters
    assert torch.equal(weights(resumed.trainer), weights(session.trainer))


def test_a_member_that_is_nearly_right_learns_more_slowly() -> None:
    run = ntm_run(0)
    full = run.population.setting("learning_rate")
    assert torch.equal(run.learning_rates(), full)
    run.population.discretized_error[:] = torch.tensor([0.0, 0.025, 1.0])
    assert torch.allclose(run.learning_rates() / full, torch.tensor([0.1, 0.5, 1.0]))


def test_members_are_independent_of_each_other() -> None:
    model = random_model(0)
    task = model.task
    batch = task.sample(torch.full((4,), 3), torch.Generator().manual_seed(0))
    alone = run_batch(model.machine, task, batch, 9, SOFT)
    pair = type(model.machine)(model.machine.config, members=2)
    pair.initialise(1, torch.Generator().manual_seed(5))
    state = pair.state_dict()
    for name, tensor in model.machine.state_dict().items():
        state[name][0] = tensor[0]
    doubled = dataclasses.replace(
        batch,
        **{
            field.name: torch.cat([getattr(batch, field.name)] * 2)
            for field in dataclasses.fields(batch)
        },
    )
    together = run_batch(pair, task, doubled, 9, SOFT)
    assert torch.allclose(together.loss[0], alone.loss[0], atol=1e-6)
    assert not torch.allclose(together.loss[1], alone.loss[0], atol=1e-3)


def settled_run(seed: int) -> SequenceTrainer:
    """A run whose members are taken to be nearly right, which they are not."""
    run = ntm_run(seed)
    run.population.level.fill_(run.config.highest)
    run.population.discretized_error.zero_()
    return run


def test_counterexamples_are_found_and_trained_on_by_every_member() -> None:
    run = settled_run(2)
    complexity = torch.full((3, 4), 3)
    assert run.draw(complexity).batch.inputs.shape[0] == 3 * 4
    run.scan()
    kept = run.counterexamples.kept
    assert kept is not None
    assert len(kept.steps) == MOST_KEPT
    assert set(kept.steps.tolist()) == {4, 6, 8}
    problem = run.draw(complexity)
    again = math.ceil(run.replayed * 4)
    members = problem.batch.inputs.view(3, 4 + again, *problem.batch.inputs.shape[1:])
    assert torch.equal(members[0, 4:], members[2, 4:])
    assert not torch.equal(members[0, :4], members[2, :4])
    assert run.discretized_error(problem).shape == (3, 4)
    _, soft_error = run.objective(problem)
    assert soft_error.shape == (3, 4)


def test_what_is_not_settled_is_left_alone() -> None:
    run = settled_run(2)
    run.population.discretized_error.fill_(0.2)
    assert not run.noise().any()
    run.scan()
    assert run.counterexamples.kept is None
    tolerant = ntm_run(2, task_name="ntm-ngrams")
    tolerant.population.level.fill_(tolerant.config.highest)
    tolerant.population.discretized_error.zero_()
    assert not tolerant.settled().any()


def test_only_the_newest_counterexamples_are_kept() -> None:
    task = find_sequence_task("ntm-copy", "small")
    generator = torch.Generator().manual_seed(0)
    counterexamples = Counterexamples(SequenceBatch)
    for length in (5, 2):
        batch = task.sample(torch.full((MOST_KEPT,), length), generator)
        counterexamples.add(batch, torch.arange(MOST_KEPT) < MOST_KEPT - 2)
        counterexamples.add(batch, torch.zeros(MOST_KEPT, dtype=torch.bool))
    kept = counterexamples.kept
    assert kept is not None
    assert kept.steps.tolist() == [12] * 2 + [6] * (MOST_KEPT - 2)
    assert torch.equal(kept.inputs[2:, :6], batch.inputs[:-2])
    for padded in (kept.inputs, kept.mask):
        assert not padded[2:, 6:].any()


def test_noise_is_in_proportion_to_the_spread_and_only_in_choices() -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.tensor([0.0, 9.0, 10.0]).expand(2, 5000, 3)
    noisy = Noisy(HARD, torch.tensor([0.0, 0.03]), generator)
    for scale in (1, 1000):
        chosen = noisy.choose(scale * logits)
        assert torch.equal(chosen[0], HARD.choose(logits[0]))
        # The difference of two Gumbel draws is logistic.
        expected = 1 / (1 + math.exp(0.1 / 0.03))
        assert float(chosen[1, :, 1].mean()) == pytest.approx(expected, abs=0.01)
        assert not chosen[1, :, 0].any()
    assert torch.equal(noisy.switch(logits), HARD.switch(logits))


def test_rotation_and_sharpening_by_hand() -> None:
    weighting = torch.tensor([0.0, 0.9, 0.1, 0.0]).view(1, 1, 4)
    forward, backward = torch.tensor([0.0, 0, 1]), torch.tensor([1.0, 0, 0])
    assert rotate(weighting, forward.view(1, 1, 3)).flatten().tolist() == pytest.approx(
        [0, 0, 0.9, 0.1]
    )
    assert rotate(weighting, backward.view(1, 1, 3)).flatten().tolist() == pytest.approx(
        [0.9, 0.1, 0, 0]
    )
    sharper = sharpen(weighting, torch.tensor(2.0).view(1, 1, 1)).flatten().tolist()
    assert sharper == pytest.approx([0, 0.81 / 0.82, 0.01 / 0.82, 0])


def test_writing_erases_and_adds_where_the_head_is() -> None:
    rows = torch.ones(1, 1, 3, 2)
    weighting = torch.tensor([0.0, 1, 0]).view(1, 1, 3)
    erase, add = torch.tensor([1.0, 0.5]).view(1, 1, 2), torch.tensor([0.25, 0]).view(1, 1, 2)
    written = write(rows, weighting, erase, add)[0, 0].tolist()
    assert written == [[1, 1], [0.25, 0.5], [1, 1]]


@pytest.mark.parametrize("kind", ["mlp", "lstm"])
def test_the_discretized_machine_stands_in_one_row(kind: str) -> None:
    model = random_model(4, kind=kind)
    inputs = torch.randn(1, 5, 9, model.task.inputs, generator=torch.Generator().manual_seed(0))
    for step in model.machine.steps(inputs, 6, HARD):
        assert isinstance(step.choices, TapeChoices)
        assert torch.equal(step.choices.weightings.amax(-1), torch.ones(1, 5, 2))
        assert torch.allclose(step.choices.weightings.sum(-1), torch.ones(1, 5, 2))
        assert set(step.choices.gates.flatten().tolist()) <= {0.0, 1.0}


def test_a_mixture_of_everything_hard_is_the_discretized_machine() -> None:
    model = random_model(5)
    inputs = torch.randn(1, 4, 8, model.task.inputs, generator=torch.Generator().manual_seed(0))
    mixture = Mixture(torch.ones(1), torch.zeros(1), torch.Generator())
    mixed = model.machine(inputs, 6, mixture)
    assert torch.allclose(mixed, model.machine(inputs, 6, HARD), atol=1e-5)
    mixed.sum().backward()
    assert model.machine.interface.weight.grad is not None
    shift = model.machine.interface.weight.grad[..., -6:]
    assert shift.abs().sum() > 0


def test_a_machine_that_knows_nothing_is_not_exact() -> None:
    for name in SEQUENCE_TASKS:
        model = random_model(0, name)
        assert not is_exact(model.machine, model.task, seed=0)
        assert mean_error(model.machine, model.task, 3, 4, SOFT) > 0.05


def test_a_model_comes_back_from_its_file(tmp_path: Path) -> None:
    model = random_model(1, kind="lstm", tape=TapeConfig(4, 2, 3, learned_start=True))
    path = tmp_path / "ntm-copy.pt"
    save_ntm(model, path)
    loaded = load_model(path)
    assert isinstance(loaded, SequenceModel)
    assert loaded.digest() == model.digest()
    assert loaded.machine.config == model.machine.config
    assert loaded.task is model.task
    with pytest.raises(HardmaxError, match="expected a hardmax-model file"):
        load_nram(path)


def test_an_nram_is_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "access.pt"
    save_model(access_model(), path)
    assert isinstance(load_model(path), Model)
    with pytest.raises(HardmaxError, match="expected a hardmax-ntm-model file"):
        load_ntm(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"task": "ntm-copying"}, "unknown task"),
        ({"preset": "huge"}, "unknown preset"),
        ({"width": "8"}, "width of type int"),
        ({"read_heads": 0}, "read_heads 1..16"),
        ({"hidden": 9}, "weights do not fit"),
        ({"provenance": {"seed": [1]}}, "provenance of primitives"),
    ],
)
def test_a_damaged_model_is_refused(
    change: dict[str, object], message: str, tmp_path: Path
) -> None:
    path = tmp_path / "model.pt"
    save_ntm(random_model(1), path)
    data = load_archive(path, checkpoint.FORMAT, checkpoint.FORMAT_VERSION)
    save_archive({**data, **change}, path)
    with pytest.raises(HardmaxError, match=message):
        load_ntm(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"task": "copy"}, "unknown task"),
        ({"preset": "large"}, "small or paper"),
        ({"members": 0}, "members 1.."),
        ({"complexity": 0}, "complexity 1.."),
        ({"slack": -1}, "slack 0.."),
        ({"discretization": "hope"}, "unknown discretization"),
    ],
)
def test_settings_are_checked(change: dict[str, object], message: str) -> None:
    with pytest.raises(HardmaxError, match=message):
        dataclasses.replace(SMALL, **change)


def test_patience_is_what_the_training_is_told() -> None:
    session = NtmSession(dataclasses.replace(SMALL, patience=7), "test")
    assert session.trainer.config.patience == 7


def test_every_default_config_fits_its_task() -> None:
    assert set(NTM_DEFAULT_CONFIGS) <= set(SEQUENCE_TASKS)
    for name in SEQUENCE_TASKS:
        for preset in PRESETS:
            assert isinstance(ntm_default_settings(name, preset), NtmSettings)


def test_a_model_is_trained_further() -> None:
    settings = dataclasses.replace(ntm_default_settings("ntm-copy"), members=2)
    task = find_sequence_task("ntm-copy", "small")
    trained = NtmSession(settings, "").trainer.population.network.select(1)
    model = SequenceModel(task, "small", trained, {})
    session = NtmSession.continuing(model, settings, "hardmax train")
    population = session.trainer.population
    assert population.level.tolist() == [8, 8]
    for member in range(2):
        copy = population.network.select(member)
        for name, parameter in trained.named_parameters():
            assert torch.equal(parameter, dict(copy.named_parameters())[name])
    assert session.provenance("gradient", "as trained")["init_from"] == model.digest()
    with pytest.raises(HardmaxError, match="expected a model of the same sizes"):
        NtmSession.continuing(model, dataclasses.replace(settings, hidden=8), "")
    with pytest.raises(HardmaxError, match="expected a model of the same task"):
        NtmSession.continuing(model, ntm_default_settings("ntm-sort"), "")
