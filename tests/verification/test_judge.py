"""What a proof says of a machine that training would accept."""

from __future__ import annotations

import copy
import dataclasses

import pytest
import torch

from hardmax.trainer.kinds import load_model
from hardmax.trainer.stack.model import StackModel
from hardmax.verification.judge import judge
from tests.support.paths import MODELS
from tests.support.trained import access_model


@pytest.mark.parametrize("name", ["stack-anbn", "queue-copy", "stack-anbncn"])
def test_what_is_right_or_has_no_proof_is_not_refuted(name: str) -> None:
    assert judge(load_model(MODELS / f"{name}.pt")) is None


def test_other_kinds_are_not_judged() -> None:
    assert judge(access_model()) is None


def test_a_wrong_machine_is_refuted_by_an_input() -> None:
    """One whose controller has forgotten everything: it always says a."""
    model = load_model(MODELS / "stack-anbn.pt")
    assert isinstance(model, StackModel)
    machine = copy.deepcopy(model.machine)
    with torch.no_grad():
        for weights in machine.parameters():
            weights.zero_()
    assert (
        judge(dataclasses.replace(model, machine=machine)) == "wrong on a a b: expected b, found a"
    )
