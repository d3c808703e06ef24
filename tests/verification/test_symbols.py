"""Verification of stack machines says exact of what is, and finds what is not."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

import hardmax
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.stack.program import StackProgram
from hardmax.runtime.symbols.native import NativeStack
from hardmax.trainer.stack.model import StackModel
from hardmax.verification.native import compiled
from hardmax.verification.symbol_machines import SymbolMachines
from hardmax.verification.symbols import SymbolFinding, SymbolVerification
from tests.support.stack_models import random_model


@pytest.fixture(scope="module")
def model() -> StackModel:
    return random_model(3, task="dyck", depth=2)


def findings(
    model: StackModel, program: StackProgram, native: NativeStack
) -> dict[str, SymbolFinding]:
    verification = SymbolVerification(SymbolMachines(model, program, native))
    return {finding.subject: finding for finding in verification.findings(20, 40, 0)}


def test_a_random_machine_is_itself_but_not_its_task(model: StackModel) -> None:
    program = hardmax.extract(model).program
    found = findings(model, program, compiled(program))
    assert found["other sequences"].counterexample is None
    samples = found["random samples up to complexity 12"]
    assert samples.counterexample is not None
    assert samples.counterexample.difference.startswith("definition: ")
    assert found["random samples of complexity 1200, beyond training"].examples == 10
    shortest = found["shortest inputs"].counterexample
    assert shortest is not None
    reproduction = shortest.reproduction()
    assert reproduction is not None
    assert reproduction.arguments[:3] == ("--capacity", str(len(shortest.symbols)), "--trace")


@pytest.mark.parametrize("changed", ["output", "operation"])
def test_code_that_does_something_else_is_found(model: StackModel, changed: str) -> None:
    program = hardmax.extract(model).program
    rows = []
    for key, action in program.rows:
        if changed == "output":
            action = dataclasses.replace(
                action, output=(action.output + 1) % len(program.output_alphabet)
            )
        else:
            (operation,) = action.operations
            other = dataclasses.replace(operation, push_top=0, pop_top=False)
            action = dataclasses.replace(action, operations=(other,))
        rows.append((key, action))
    other_program = dataclasses.replace(program, rows=tuple(rows))
    found = findings(model, program, compiled(other_program))
    counterexample = found["other sequences"].counterexample
    assert counterexample is not None
    assert "interpreter: " in counterexample.difference or "model: " in counterexample.difference
    assert len(counterexample.symbols) <= 3


def test_a_program_that_is_not_the_models_is_found(model: StackModel) -> None:
    program = hardmax.extract(model).program
    rows = tuple(
        (key, dataclasses.replace(action, output=(action.output + 1) % 5))
        for key, action in program.rows
    )
    other = dataclasses.replace(program, rows=rows)
    found = findings(model, other, compiled(other))["other sequences"].counterexample
    assert found is not None
    assert found.difference.startswith("discretized model: ")


def test_code_of_another_model_is_refused(model: StackModel, tmp_path: Path) -> None:
    other = random_model(4, task="dyck", depth=2)
    hardmax.compile(other, tmp_path / "other.so")
    with pytest.raises(HardmaxError, match="expected code compiled from model"):
        hardmax.verify(model, hardmax.load(tmp_path / "other.so"), examples=1, samples=0)
