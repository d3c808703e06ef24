"""Counting wrong samples: none of a machine that is right, all of one that is not."""

from __future__ import annotations

from benchmarks.stack_samples import stack_models, tried_only, wrong_samples
from hardmax.trainer.stack.checkpoint import load_stack
from tests.support.paths import MODELS
from tests.support.stack_models import random_model


def test_a_shipped_machine_gets_none_wrong_and_a_random_one_all() -> None:
    samples = {1: 20, 2: 10, 10: 3}
    assert wrong_samples(load_stack(MODELS / "queue-copy.pt"), samples) == {1: 0, 2: 0, 10: 0}
    wrong = wrong_samples(random_model(0, ("stack",), task="reversal"), samples)
    assert wrong[2] == 10
    assert wrong[10] == 3


def test_stack_machines_are_told_from_others_by_their_names() -> None:
    names = {path.stem for path in stack_models(MODELS)}
    assert {"queue-copy", "stack-reversal", "stackrnn-anb2n"} <= names
    assert names.isdisjoint({"copy", "ntm-copy", "reverse-gradient"})


def test_what_is_proved_or_counted_is_not_sampled() -> None:
    names = {path.stem for path in tried_only(MODELS)}
    assert "queue-flipping" in names
    assert names.isdisjoint({"queue-copy", "stack-anbncn"})
