"""Verification passes what is right and finds what is wrong, with a memory that shows it."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import hardmax
from hardmax import HardmaxError, Report, verify
from hardmax.cli.main import main
from hardmax.runtime.loader import load_ram
from hardmax.runtime.nram.gates import Gate
from hardmax.runtime.nram.native import NativeProgram
from hardmax.runtime.nram.program import Circuit, Operation, Program, Row
from hardmax.trainer.nram.hardening import MARGIN
from hardmax.trainer.nram.machine import soft, timesteps
from hardmax.trainer.nram.model import Model
from hardmax.trainer.nram.tasks import TASKS, Task, find_task
from hardmax.verification.memory_machines import Machines
from hardmax.verification.memory_strategies import TaskInput, task_inputs
from tests.support.controllers import random_controller
from tests.support.strategies import memories
from tests.support.trained import access_model, access_program, model_of, wrong_access_program

Capture = pytest.CaptureFixture[str]

FEW = {"examples": 30, "samples": 60}


def compiled(program: Program, path: Path) -> NativeProgram:
    """A library that says it was compiled from :func:`access_model`, whatever it does."""
    metadata = replace(program.metadata, model_hash=access_model().digest())
    hardmax.compile(replace(program, metadata=metadata), path)
    return load_ram(path)


def store_circuit() -> Circuit:
    """The second timestep of :func:`access_program`."""
    row = access_program().table[0][0]
    assert row is not None
    return row.circuit


def with_store(circuit: Circuit) -> Program:
    """Access with another second timestep."""
    program = access_program()
    (*rows, first) = program.table[0]
    return replace(program, table=((*(Row(circuit) for _ in rows), first),))


def mutations() -> dict[str, Program]:
    """Access programs in each of which one thing is wrong."""
    right = store_circuit()
    wrong_operand = (*right.operations[:2], Operation(Gate.WRITE, (3, 0)))
    scribble = (*right.operations, Operation(Gate.ONE, ()), Operation(Gate.WRITE, (5, 5)))
    return {
        "wrong gate": wrong_access_program(),
        "wrong operand": with_store(replace(right, operations=wrong_operand)),
        "never halts": with_store(replace(right, halt=False)),
        "halts at once": replace(access_program(), table=((Row(right),) * 4,)),
        "spoils a cell that is not the answer": with_store(replace(right, operations=scribble)),
    }


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> NativeProgram:
    path = tmp_path_factory.mktemp("verify") / "access.so"
    return compiled(hardmax.extract(access_model()).program, path)


def failed(report: Report) -> set[str]:
    kinds = ("inputs", "other", "any contents", "random samples", "input of")
    return {
        kind
        for kind in kinds
        for finding in report.findings
        if kind in finding.subject and finding.counterexample is not None
    }


# What is right


def test_a_right_program_passes(right: NativeProgram) -> None:
    report = verify(access_model(), right, **FEW)
    assert report.exact
    assert [finding.examples for finding in report.findings] == [30, 30, 30, 60, 100, 1]
    assert [finding.complexity for finding in report.findings][3:] == [50, 1_000, 100_000]
    assert report.margins[0] == hardmax.extract(access_model()).margins[0]
    assert "soft error 0, discretized error 0, native error 0" in report.findings[3].claim


def test_the_same_seed_gives_the_same_report(right: NativeProgram) -> None:
    first, again, other = (
        verify(access_model(), right, examples=20, samples=0, seed=seed) for seed in (1, 1, 2)
    )
    assert first == again
    assert other.exact


def test_a_verdict_needs_evidence(right: NativeProgram) -> None:
    with pytest.raises(HardmaxError, match="a verdict needs evidence"):
        verify(access_model(), right, examples=0, samples=0)


@settings(max_examples=40)
@given(seed=st.integers(0, 10**6), memory=memories(6), max_steps=st.integers(1, 20))
def test_the_discretized_model_is_the_interpreted_program(
    seed: int, memory: tuple[int, ...], max_steps: int
) -> None:
    """Models that nobody trained, wandering through all their rows."""
    controller = random_controller(seed=seed, dtype=torch.float32)
    model = Model(find_task("copy"), controller, {})
    machines = Machines(model, hardmax.extract(model).program, NativeProgram.__new__(NativeProgram))
    assert machines.discretized(memory, max_steps) == machines.interpreted(memory, max_steps)


def test_the_read_out_is_the_argmax_of_the_expected_memory() -> None:
    """Stopping as soon as nothing can change any more changes nothing."""
    for seed in range(5):
        controller = random_controller(seed=seed, dtype=torch.float32)
        with torch.no_grad():
            controller.halting.bias.add_(1.0)
        memory = torch.randint(5, (20, 5), generator=torch.Generator().manual_seed(seed))
        expected = torch.zeros(20, 5, 5)
        with torch.no_grad():
            for step in timesteps(controller, memory[None], torch.full((1, 20), 12), soft):
                expected += step.finish[0, :, None, None] * step.memory[0]
        model = Model(find_task("copy"), controller, {})
        assert torch.equal(model.soft_cells(memory, 12), expected.argmax(-1))


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_task_inputs_are_inputs_of_the_task(task: Task) -> None:
    sizes: set[float] = set()

    @settings(max_examples=30)
    @given(task_inputs(task, 8))
    def check(drawn: TaskInput) -> None:
        assert task.solve(drawn.memory)
        smallest = task.minimum_size(drawn.complexity)
        assert smallest <= len(drawn.memory) <= 3 * smallest
        sizes.add(len(drawn.memory) / smallest)

    check()
    assert min(sizes) == 1
    assert max(sizes) > 2


# What is wrong


@pytest.mark.parametrize("name", mutations())
def test_a_wrong_library_is_found_out(tmp_path: Path, name: str) -> None:
    native = compiled(mutations()[name], tmp_path / "wrong.so")
    report = verify(access_model(), native, **FEW)
    assert not report.exact
    assert {"inputs", "other", "any contents"} <= failed(report)
    for finding in report.findings:
        if finding.counterexample is not None:
            assert "native" in finding.counterexample.difference


def test_a_model_that_learnt_something_else_is_found_out(tmp_path: Path) -> None:
    """Native code is what the model is: only the task's definition tells them from the truth."""
    model = model_of(wrong_access_program())
    hardmax.compile(hardmax.extract(model).program, tmp_path / "wrong.so")
    report = verify(model, load_ram(tmp_path / "wrong.so"), **FEW)
    assert failed(report) == {"inputs", "random samples", "input of"}
    difference = report.findings[0].counterexample
    assert difference is not None
    assert difference.memory == (1, 2, 0)
    assert difference.difference == "definition: 2 in cell 0; native: 1"


def test_a_soft_model_that_its_hardmax_betrays_is_found_out(tmp_path: Path) -> None:
    """The logits so small that every softmax is a blur, with the same first choices."""
    model = model_of(access_program())
    with torch.no_grad():
        for layer in (model.controller.decisions, model.controller.halting):
            layer.weight.mul_(0.2 / MARGIN)
            layer.bias.mul_(0.2 / MARGIN)
    hardmax.compile(hardmax.extract(model).program, tmp_path / "blurred.so")
    report = verify(model, load_ram(tmp_path / "blurred.so"), **FEW)
    assert failed(report) == {"inputs", "random samples"}
    assert "discretized error 0, native error 0" in report.findings[3].claim
    assert report.margins[0].value < 1


def test_code_from_another_model_is_refused(right: NativeProgram) -> None:
    with pytest.raises(hardmax.HardmaxError, match="expected code compiled from model"):
        verify(model_of(wrong_access_program()), right)


# The command


def test_the_verdict_of_the_command(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    hardmax.save_model(access_model(), Path("access.pt"))
    compiled(mutations()["wrong gate"], Path("wrong.so"))
    quick = ["--inputs", "30", "--samples", "60", "--seed", "5"]

    assert main(["verify", "access.pt", *quick]) == 0
    *lines, margin, verdict = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines] == [
        ["ok", "30"],
        ["ok", "30"],
        ["ok", "30"],
        ["ok", "60"],
        ["ok", "100"],
        ["ok", "1"],
    ]
    assert margin.startswith("smallest margin ")
    assert verdict == "verdict: exact"

    assert main(["verify", "access.pt", "wrong.so", *quick]) == 1
    out = capsys.readouterr().out
    assert out.endswith("verdict: NOT exact\n")
    assert f"hardmax verify access.pt wrong.so {' '.join(quick)}\n" in out


def test_a_counterexample_is_a_command_that_shows_it(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Typing what is printed gives an answer that the definition does not."""
    monkeypatch.chdir(tmp_path)
    hardmax.save_model(model_of(wrong_access_program()), Path("access.pt"))
    assert main(["verify", "access.pt", "--inputs", "30", "--samples", "0"]) == 1
    first, *commands = capsys.readouterr().out.splitlines()[:4]
    assert first == f"FAIL {first.split()[1]} inputs of the task up to complexity 1: " + (
        "definition: 2 in cell 0; native: 1"
    )
    assert [command.split()[:2] for command in commands] == [
        ["hardmax", verb] for verb in ("compile", "run", "verify")
    ]
    assert [main(shlex.split(command)[1:]) for command in commands[:2]] == [0, 0]
    assert capsys.readouterr().out == "1 2 0\n"
    assert main(shlex.split(commands[2])[1:]) == 1
    assert capsys.readouterr().out.splitlines()[:4] == [first, *commands]


def test_a_memory_that_run_refuses_is_not_printed_as_a_command(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A difference that shows only where a cell holds no address."""
    monkeypatch.chdir(tmp_path)
    hardmax.save_model(access_model(), Path("access.pt"))
    right = store_circuit()
    careless = (*right.operations, Operation(Gate.ONE, ()), Operation(Gate.READ, (5,)))
    compiled(with_store(replace(right, operations=careless)), Path("careless.so"))
    assert main(["verify", "access.pt", "careless.so", "--inputs", "200", "--samples", "0"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[:3]] == ["ok", "ok", "FAIL"]
    assert re.search(r"^     memory [\d ]+ \(not all addresses\), at most \d+ timesteps$", lines[3])
    assert lines[4].startswith("     hardmax verify access.pt careless.so")
