"""Extraction and verification of Neural Turing Machines find what is wrong, and only that."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from hardmax.cli.main import main
from hardmax.extractor.ntm.extract import OBSERVED_SAMPLES, extract_ntm, ntm_program
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.float32 import Layer
from hardmax.runtime.loader import load
from hardmax.runtime.ntm.program import NtmProgram
from hardmax.runtime.sequence.kind import find_sequence_kind
from hardmax.runtime.sequence.native import NativeNtm
from hardmax.trainer.decisions import HARD, SOFT
from hardmax.trainer.ntm.checkpoint import save_ntm
from hardmax.trainer.ntm.tape import Tape, TapeConfig
from hardmax.trainer.sequence.model import SequenceModel
from hardmax.verification.native import compiled
from hardmax.verification.sequence import NOISE, SequenceFinding, SequenceVerification
from hardmax.verification.sequence_machines import SequenceMachines
from tests.support.ntm_models import random_model

Capture = pytest.CaptureFixture[str]

NTM = find_sequence_kind("ntm")

MODELS = {
    "mlp": random_model(0),
    "lstm": random_model(1, "ntm-repeat-copy", "lstm"),
    "many heads": random_model(2, "ntm-recall", tape=TapeConfig(3, 2, 3, learned_start=True)),
    "rows alike": random_model(3, "ntm-sort", tape=TapeConfig(4)),
}
SITUATIONS = {
    f"{when}{what}" for when in ("", "first after ", "after ") for what in ("start", "stop")
}
AGREEMENTS = ("inputs of the task", "other sequences", "sequences of any contents")


def found(model: SequenceModel, native: NativeNtm) -> dict[str, SequenceFinding]:
    machines = SequenceMachines(model, ntm_program(model), native)
    return {
        finding.subject: finding
        for finding in SequenceVerification(machines).findings(20, 20, seed=0)
    }


def inputs_of(model: SequenceModel, seed: int) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    random = np.random.default_rng(seed)
    return random.normal(size=(12, model.task.inputs)).astype(np.float32)


@pytest.mark.parametrize("name", MODELS)
def test_the_program_is_the_discretized_model(name: str) -> None:
    model = MODELS[name]
    program = ntm_program(model)
    for seed in range(5):
        inputs = inputs_of(model, seed)
        expected = model.trace(inputs, 20, HARD)
        trace = NTM.trace(program, inputs, 20)
        assert trace.addresses.tolist() == expected.addresses.tolist()
        assert np.allclose(trace.outputs, expected.outputs, atol=1e-5)
        assert np.allclose(trace.added, expected.added, atol=1e-5)


def test_the_soft_trace_is_soft() -> None:
    trace = MODELS["mlp"].trace(inputs_of(MODELS["mlp"], 0), 20, SOFT)
    assert np.allclose(trace.weightings.sum(-1), 1, atol=1e-4)
    assert trace.weightings.max() < 0.999
    assert trace.outputs.shape == (12, 4)


def test_a_machine_that_learnt_nothing_agrees_with_itself_but_not_with_the_task() -> None:
    """Right code of a wrong machine: only soft model and definition tell."""
    model = MODELS["mlp"]
    report = found(model, compiled(ntm_program(model)))
    for subject, finding in report.items():
        wrong = "task" in subject or "complexity" in subject
        assert (finding.counterexample is not None) == wrong
    shown = next(iter(report.values())).counterexample
    assert shown is not None
    assert re.match(
        r"definition: [01] in step \d+, output \d+; (native|soft model)", shown.difference
    )


def changed(program: NtmProgram, change: Callable[[NtmProgram], NtmProgram]) -> NativeNtm:
    """Code of another program that says it was made of this one."""
    return compiled(replace(change(program), metadata=program.metadata))


def other_weights(program: NtmProgram) -> NtmProgram:
    weight = program.output.weight.copy()
    weight[0, 0] += 1
    return replace(program, output=Layer(weight, program.output.bias))


def other_shift(program: NtmProgram) -> NtmProgram:
    head = program.read_heads[0]
    bias = head.bias.copy()
    bias[-1] += 100
    return replace(program, read_heads=(Layer(head.weight, bias), *program.read_heads[1:]))


@pytest.mark.parametrize(
    ("change", "difference"),
    [(other_weights, r"interpreter: \[0\."), (other_shift, r"interpreter: heads at \[\d+, \d+\]")],
)
def test_wrong_code_is_found_out(
    change: Callable[[NtmProgram], NtmProgram], difference: str
) -> None:
    model = MODELS["mlp"]
    report = found(model, changed(ntm_program(model), change))
    for subject, finding in report.items():
        if subject.startswith(AGREEMENTS):
            assert finding.counterexample is not None
            assert re.match(difference, finding.counterexample.difference)


def test_a_wrong_extraction_is_found_out() -> None:
    """Native code and interpreter agree on another machine than the model."""
    model = MODELS["mlp"]
    program = replace(other_shift(ntm_program(model)), metadata=ntm_program(model).metadata)
    machines = SequenceMachines(model, program, compiled(program))
    report = {
        finding.subject: finding
        for finding in SequenceVerification(machines).findings(20, 0, seed=0)
    }
    shown = report["other sequences"].counterexample
    assert shown is not None
    assert re.match("discretized model: heads at", shown.difference)
    assert report["sequences of any contents"].counterexample is None


def test_code_of_another_model_is_refused() -> None:
    machines = SequenceMachines(
        MODELS["mlp"], ntm_program(MODELS["mlp"]), compiled(ntm_program(random_model(7)))
    )
    with pytest.raises(HardmaxError, match="expected code compiled from model"):
        SequenceVerification(machines)


def test_the_same_seed_gives_the_same_report() -> None:
    native = compiled(ntm_program(MODELS["lstm"]))
    assert found(MODELS["lstm"], native) == found(MODELS["lstm"], native)


def test_margins_say_where_they_are() -> None:
    extraction = extract_ntm(MODELS["rows alike"])
    gate, content, shift = extraction.margins
    assert 0 <= gate.value < 1
    assert 0 <= shift.value < 1
    assert content.value < NOISE  # nothing but equal rows at the start
    for margin, stage in ((gate, "gate"), (content, "content"), (shift, "shift")):
        assert re.fullmatch(rf"{stage} of (read|write), step \d+ of \d+", margin.where)


def test_moves_are_what_the_heads_did() -> None:
    """A machine whose biases alone decide: the writer goes on by one, the reader searches."""
    model = random_model(4)
    with torch.no_grad():
        tape, bias = model.machine.memory, model.machine.interface.bias
        assert isinstance(tape, Tape)
        bias.zero_()
        model.machine.interface.weight.mul_(1e-3)
        places = dict(
            zip(tape.sections, tape.parts(torch.arange(bias.numel())).values(), strict=True)
        )
        bias[0, 0, places["gate"]] = torch.tensor([-1.0, 1.0])
        bias[0, 0, places["shift"]] = torch.tensor([0.0, 0, 5, 0, 5, 0])
    moves = extract_ntm(model).moves
    assert moves.determined
    assert {row[0] for row in moves.rows()} == SITUATIONS
    assert {row[2:] for row in moves.rows()} == {("+1", "search")}
    steps = {row[0]: int(row[1]) for row in moves.rows()}
    for signal in ("start", "stop"):
        assert steps[signal] == steps[f"first after {signal}"] == 8 * OBSERVED_SAMPLES
        assert steps[f"after {signal}"] == 28 * OBSERVED_SAMPLES
    shares = [row[2] for row in extract_ntm(MODELS["lstm"]).moves.rows()]
    assert any(
        re.fullmatch(r"(\S+( [+-]1)? [\d.]+%, )+\S+( [+-]1)? [\d.]+%", text) for text in shares
    )


def test_the_line_from_a_model_to_a_picture(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("matplotlib")
    monkeypatch.chdir(tmp_path)
    save_ntm(MODELS["mlp"], "m.pt")
    program = ntm_program(MODELS["mlp"])
    assert main(["extract", "m.pt", "-o", "m.json"]) == 0
    assert Path("m.json").read_text() == program.to_json()
    _, _, *printed = capsys.readouterr().out.splitlines()
    situations = [line.split("|")[1].strip() for line in printed[:6]]
    assert set(situations) == SITUATIONS
    assert [line.split(":")[0] for line in printed[6:]] == ["form", *3 * ("smallest margin",)]
    assert main(["info", "m.pt"]) == 0
    facts = dict(line.split(":", 1) for line in capsys.readouterr().out.splitlines())
    assert facts["kind"].strip() == "trained model (Neural Turing Machine)"
    assert facts["controller"].strip() == "mlp, 12 units"
    assert main(["compile", "m.pt", "-o", "m.so"]) == 0
    native = load("m.so")
    assert isinstance(native, NativeNtm)
    inputs = inputs_of(MODELS["mlp"], 1)
    expected = NTM.trace(program, inputs, 20).addresses
    assert native.run(inputs, 20).addresses.tolist() == expected.tolist()
    assert main(["trace", "m.pt", "--plot", "m.svg", "--complexity", "3"]) == 0
    drawn = Path("m.svg").read_text()
    soft, discretized, difference = 5, 5, 5
    assert drawn.count("<image") >= soft + discretized + difference
    assert main(["verify", "m.pt", "m.so", "--inputs", "5", "--samples", "5"]) == 1
    out = capsys.readouterr().out
    assert out.endswith("verdict: NOT exact\n")
    assert "ok   5 other sequences: native = interpreter, bit for bit" in out


def test_a_counterexample_is_a_command_that_shows_it(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    save_ntm(MODELS["mlp"], "m.pt")
    assert main(["compile", "m.pt", "-o", "m.so"]) == 0
    assert main(["verify", "m.pt", "m.so", "--inputs", "5", "--samples", "0"]) == 1
    lines = capsys.readouterr().out.splitlines()
    first = next(i for i, line in enumerate(lines) if "<< END" in line)
    command = lines[first].split()
    assert command[:4] == ["hardmax", "run", "m.so", "-"]
    sequence = lines[first + 1 : lines.index("     END")]
    Path("rows.txt").write_text("\n".join(sequence))
    assert main(["run", "m.so", "rows.txt", *command[4:-2]]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1 + len(sequence)
    assert lines[lines.index("     END") + 1].strip().startswith("hardmax verify m.pt m.so")


def test_an_unusable_model_says_where(tmp_path: Path, capsys: Capture) -> None:
    model = random_model(0)
    with torch.no_grad():
        model.machine.output.weight.fill_(1e38)
    save_ntm(model, tmp_path / "m.pt")
    assert main(["compile", str(tmp_path / "m.pt"), "-o", str(tmp_path / "m.so")]) == 1
    assert re.search(r"m\.pt: weights are so large", capsys.readouterr().err)
