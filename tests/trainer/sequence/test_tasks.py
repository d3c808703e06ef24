"""The NTM's tasks: samples against the definitions, padding, what is no input."""

from __future__ import annotations

import itertools
import math

import pytest
import torch

from hardmax.runtime.errors import HardmaxError
from hardmax.trainer.sequence.tasks.copies import Copy, RepeatCopy
from hardmax.trainer.sequence.tasks.ngrams import Ngrams
from hardmax.trainer.sequence.tasks.recall import Recall
from hardmax.trainer.sequence.tasks.registry import SEQUENCE_TASKS, find_sequence_task
from hardmax.trainer.sequence.tasks.sort import GAPS_SHARE, Sort
from hardmax.trainer.sequence.tasks.task import PRESETS, SequenceTask

TASKS = [
    SEQUENCE_TASKS[name][preset] for name, preset in itertools.product(SEQUENCE_TASKS, PRESETS)
]


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("task", TASKS, ids=repr)
def test_samples_are_what_the_definition_says(task: SequenceTask) -> None:
    largest = 2 * task.largest_training_complexity
    complexity = torch.randint(task.smallest_complexity, largest + 1, (12,), generator=generator())
    batch = task.sample(complexity, generator(1))
    assert batch.inputs.shape[1:] == (int(batch.steps.max()), task.inputs)
    assert batch.targets.shape == batch.mask.shape == (*batch.inputs.shape[:2], task.outputs)
    for sample, steps in enumerate(batch.steps.tolist()):
        answer = task.solve(batch.inputs[sample, :steps].tolist())
        wanted = {(t, j) for t, j in batch.mask[sample].nonzero().tolist()}
        assert answer.keys() == wanted
        for place, value in answer.items():
            assert float(batch.targets[sample][place]) == pytest.approx(value)
        assert not batch.inputs[sample, steps:].any()


@pytest.mark.parametrize("task", TASKS, ids=repr)
def test_the_same_seed_draws_the_same_samples(task: SequenceTask) -> None:
    complexity = torch.full((5,), task.largest_training_complexity)
    first, second, other = (task.sample(complexity, generator(seed)) for seed in (3, 3, 4))
    assert torch.equal(first.inputs, second.inputs)
    assert torch.equal(first.targets, second.targets)
    assert not torch.equal(first.inputs, other.inputs)


def test_a_copy_by_hand() -> None:
    task = Copy(2, 8)
    start, a, b, stop = [0, 0, 1, 0], [1, 0, 0, 0], [1, 1, 0, 0], [0, 0, 0, 1]
    answer = task.solve([start, a, b, stop, [0] * 4, [0] * 4])
    assert answer == {(4, 0): 1, (4, 1): 0, (5, 0): 1, (5, 1): 1}


def test_a_repeated_copy_by_hand() -> None:
    task = RepeatCopy(1, 4, 4)
    answer = task.solve([[0, 1, 0], [1, 0, 0], [0, 0, 0.5], *[[0] * 3] * 3])
    assert answer == {(3, 0): 1, (3, 1): 0, (4, 0): 1, (4, 1): 0, (5, 1): 1}


def test_a_recall_by_hand() -> None:
    task = Recall(1, 2, 4)
    start, stop, one, zero = [0, 1, 0], [0, 0, 1], [1, 0, 0], [0, 0, 0]
    items = [start, zero, one, start, one, zero, start, one, one]
    answer = task.solve([*items, stop, one, zero, stop, zero, zero])
    assert answer == {(13, 0): 1, (14, 0): 1}


def test_ngrams_by_hand() -> None:
    task = find_sequence_task("ntm-ngrams", "small")
    bits = [0, 0, 1, 0, 0]
    answer = task.solve([[0, 1, 0], *([bit, 0, 0] for bit in bits)])
    half = pytest.approx(0.5)
    # After 00 came a 1 once; after 01, nothing but what was seen of it; see the last context, 00.
    assert answer == {(2, 0): half, (3, 0): half, (4, 0): half, (5, 0): pytest.approx(0.75)}


def test_a_sort_by_hand() -> None:
    task = Sort(1, 5)
    rows = [[1, 0, 0, -0.5], [0, 0, 0, 0.2], [1, 0, 0, 0.1]]
    answer = task.solve([[0, 1, 0, 0], *rows, [0, 0, 1, 0], *[[0] * 4] * 3])
    assert answer == {(5, 0): 0, (6, 0): 1, (7, 0): 1}


@pytest.mark.parametrize("length", [1, 2, 5, 40])
def test_priorities_keep_their_distance(length: int) -> None:
    task = Sort(3, 5)
    batch = task.sample(torch.full((50,), length), generator())
    given = batch.inputs[:, 1 : length + 1, task.priority_channel].sort(1).values
    assert given.abs().max() <= 1
    if length > 1:
        room = 2 * GAPS_SHARE / (length - 1)
        assert given.diff(dim=1).min() >= min(task.gap, room) - 1e-5


def test_the_estimator_has_the_smallest_loss_in_the_mean() -> None:
    task = find_sequence_task("ntm-ngrams", "small")
    assert isinstance(task, Ngrams)
    batch, following = task.sample_with_bits(torch.full((2000,), 3), generator())

    def loss(shift: float) -> float:
        guess = (batch.targets + shift).clamp(0.01, 0.99)
        surprise = torch.where(following > 0.5, -guess.log(), -(1 - guess).log())
        return float(surprise[batch.mask].mean())

    best = float(task.optimal_loss(batch)[batch.mask].mean())
    assert loss(0) == pytest.approx(best, rel=0.02)
    assert loss(0) < loss(0.05)
    assert loss(0) < loss(-0.05)
    assert best < math.log(2)


def test_error_is_the_share_of_wrong_bits() -> None:
    task = Copy(4, 8)
    batch = task.sample(torch.tensor([1, 2]), generator())
    assert task.error(batch.targets, batch).tolist() == [0, 0]
    wrong = batch.targets.clone()
    wrong[0, 3, 0] = 1 - wrong[0, 3, 0]
    wrong[1, 0, 0] = 1  # not asked for
    assert task.error(wrong, batch).tolist() == [0.25, 0]


def test_the_end_marker_counts_as_much_as_its_absence() -> None:
    task = RepeatCopy(3, 4, 4)
    batch = task.sample(torch.full((20,), 4), generator())
    marker = task.weights(batch)[..., 3]
    ends = batch.targets[..., 3] > 0
    absent = batch.mask[..., 3].sum(-1) - 1
    assert torch.equal((marker * ends).sum(-1), absent + 1.0)
    assert torch.equal((marker * ~ends).sum(-1), absent.float())
    early = batch.targets.clone()
    early[ends] = torch.tensor([0.0, 0.0, 0.0, 0.0])
    assert task.error(early, batch).tolist() == [0.5] * 20


def test_more_items_than_there_are_are_refused() -> None:
    with pytest.raises(HardmaxError, match="at most 256 items, found 300"):
        find_sequence_task("ntm-recall", "small").sample(torch.tensor([300]), generator())


@pytest.mark.parametrize("task", [t for t in TASKS if not isinstance(t, Ngrams)], ids=repr)
def test_what_is_no_input_is_refused(task: SequenceTask) -> None:
    with pytest.raises(HardmaxError, match="not an input of task ntm-"):
        task.solve([[0.0] * task.inputs] * 4)


def test_unknown_names_are_refused() -> None:
    with pytest.raises(HardmaxError, match="unknown task 'copy'"):
        find_sequence_task("copy", "small")
    with pytest.raises(HardmaxError, match="expected small or paper"):
        find_sequence_task("ntm-copy", "large")
