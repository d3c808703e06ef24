"""Controllers beyond the lengths trained on: members are counted, both controllers are trained."""

from __future__ import annotations

import pytest
import torch

from benchmarks import stack_lengths
from benchmarks.stack_lengths import exact_members, measure
from hardmax.trainer.stack.checkpoint import load_stack
from hardmax.trainer.stack.session import StackSession
from hardmax.trainer.train import training_settings
from tests.support.paths import MODELS


def test_a_member_that_is_exact_is_counted_at_every_length() -> None:
    settings = training_settings("reversal", machine="stack", members=2, device="cpu")
    trainer = StackSession.begin(vars(settings), "test").trainer
    assert exact_members(trainer, 1, 0) == 0
    trained = dict(load_stack(MODELS / "stack-reversal.pt").machine.named_parameters())
    with torch.no_grad():
        for name, weights in trainer.population.network.named_parameters():
            weights[1] = trained[name][0]
    assert [exact_members(trainer, factor, 0) for factor in stack_lengths.FACTORS] == [1, 1, 1]


def test_both_controllers_are_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack_lengths, "FACTORS", (1,))
    rows = measure("queue", "copy", 2, 0, members=2, hidden=4, complexity=3)
    assert rows == [["queue", "copy", controller, "0"] for controller in ("mlp", "lstm")]
