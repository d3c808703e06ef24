"""Proofs from end to end: found, checked, refused where something in them is changed."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hardmax.cli.main import main
from hardmax.files import load_program
from hardmax.prover.checker.check import check
from hardmax.prover.failure import NotProvedError
from hardmax.prover.prove import prove
from hardmax.prover.specifications.registry import SPECIFICATIONS
from hardmax.prover.traces import Wrong
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.nram.certificate import Certificate, load_certificate, program_digest
from hardmax.runtime.nram.gates import Gate
from hardmax.runtime.nram.interpreter import run
from hardmax.runtime.nram.program import Operation, Program, Row, StepBudget
from hardmax.trainer.nram.tasks import TASKS
from tests.support.paper_programs import copy_program
from tests.support.paths import MODELS, ROOT

TIME_LIMIT = 3600.0

PROVED = sorted(path.stem for path in MODELS.glob("*.proof"))
"""The shipped models that have a certificate."""


def changed(program: Program, change: Callable[[Operation], Operation]) -> Program:
    """The program with every operation changed."""

    def row(old: Row | None) -> Row | None:
        if old is None:
            return None
        operations = tuple(map(change, old.circuit.operations))
        return replace(old, circuit=replace(old.circuit, operations=operations))

    return replace(program, table=tuple(tuple(map(row, rows)) for rows in program.table))


def proved(program: Program) -> Certificate | Wrong:
    specification = SPECIFICATIONS[program.metadata.task]
    return prove(program, specification, TIME_LIMIT, lambda message: None)


@pytest.fixture(scope="module")
def shipped() -> Program:
    program = load_program(MODELS / "copy.pt")
    assert isinstance(program, Program)
    return program


@pytest.fixture(scope="module")
def certificate(shipped: Program) -> Certificate:
    outcome = proved(shipped)
    assert isinstance(outcome, Certificate)
    return outcome


def test_a_proof_is_found_and_checked(certificate: Certificate, shipped: Program) -> None:
    check(certificate, shipped, TIME_LIMIT)


def test_a_proof_needs_nothing_that_only_dropped_candidates_mention() -> None:
    """listk-gradient: r3 == hop(j + 1) + 1 says where to look, and is needed for that alone."""
    program = load_program(MODELS / "listk-gradient.pt")
    assert isinstance(program, Program)
    outcome = proved(program)
    assert isinstance(outcome, Certificate)
    check(outcome, program, TIME_LIMIT)


def test_what_never_halts_is_not_proved() -> None:
    """The paper's own Copy goes on for ever, whatever the budget is."""
    with pytest.raises(NotProvedError, match=r"it does not halt by itself in \d+ timesteps on "):
        proved(copy_program())


def test_a_certificate_survives_its_text(certificate: Certificate) -> None:
    assert Certificate.from_json(certificate.to_json()) == certificate


def test_a_wrong_program_is_refuted_with_an_input(shipped: Program) -> None:
    wrong = changed(
        shipped,
        lambda op: replace(op, gate=Gate.INC) if op.gate is Gate.DEC else op,
    )
    outcome = proved(wrong)
    assert isinstance(outcome, Wrong)
    answer = SPECIFICATIONS["copy"].answer(outcome.memory)
    assert answer is not None
    found = run(wrong, outcome.memory, wrong.metadata.budget.steps(len(outcome.memory))).memory
    first = next(cell for cell in answer if found[cell] != answer[cell])
    assert outcome.reason == f"cell {first} is {found[first]}, expected {answer[first]}"


def test_a_run_that_ends_in_an_error_is_a_refutation(shipped: Program) -> None:
    start = shipped.start_bits
    only_start = tuple(row if bits == start else None for bits, row in enumerate(shipped.table[0]))
    outcome = proved(replace(shipped, table=(only_start,)))
    assert isinstance(outcome, Wrong)
    assert outcome.reason.startswith("timestep 2: ")


def test_a_budget_that_is_too_small_is_not_proved(shipped: Program) -> None:
    """Large enough for everything that is drawn, but not for every length."""
    short = replace(shipped, metadata=replace(shipped.metadata, budget=StepBudget(0, 13)))
    with pytest.raises(NotProvedError, match="within the budget"):
        proved(short)


def test_there_is_a_time_limit(shipped: Program) -> None:
    with pytest.raises(NotProvedError, match="time limit"):
        prove(shipped, SPECIFICATIONS["copy"], 0.0, lambda message: None)


def edit_atom(data: dict[str, Any]) -> None:
    data["phases"][0][1] += " + 1"


def weaken_atom(data: dict[str, Any]) -> None:
    """An atom that says less, here and in the obligations: only cvc5 can notice."""
    gone = data["phases"][0].pop()
    data["obligations"] = [name for name in data["obligations"] if not name.endswith(gone)]


def drop_obligation(data: dict[str, Any]) -> None:
    del data["obligations"][-1]


def swap_obligations(data: dict[str, Any]) -> None:
    data["obligations"][-2:] = reversed(data["obligations"][-2:])


def add_obligation(data: dict[str, Any]) -> None:
    data["obligations"].append("phase 9: bounded by j <= 0")


def drop_path(data: dict[str, Any]) -> None:
    del data["paths"][-1]


def exclude_path(data: dict[str, Any]) -> None:
    """A path that happens is claimed never to."""
    path = next(path for path in data["paths"] if path.endswith(" > halt"))
    data["paths"][data["paths"].index(path)] = path.replace(" > halt", " > never")
    data["obligations"] = [name for name in data["obligations"] if not name.startswith(path)]
    data["obligations"].append(path.replace(" > halt", " > never: impossible"))
    order = [str(p) for p in data["paths"]]
    data["obligations"].sort(key=lambda n: order.index(n.split(": ")[0]) if " > " in n else -1)


def drop_bound(data: dict[str, Any]) -> None:
    data["phases"][0] = [atom for atom in data["phases"][0] if not atom.startswith("j <=")]


def drop_phase(data: dict[str, Any]) -> None:
    data["phases"] = []


def other_program(data: dict[str, Any]) -> None:
    data["program"] = "sha256:" + "0" * 64


def other_specification(data: dict[str, Any]) -> None:
    data["specification"]["preconditions"].append("n == 1")


def other_task(data: dict[str, Any]) -> None:
    data["task"] = "reverse"


def other_head(data: dict[str, Any]) -> None:
    data["head"] = "circuit 99"


def strange_atom(data: dict[str, Any]) -> None:
    data["phases"][0][1] = "__import__('os').system('true') == 0"


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (edit_atom, r"obligation missing: .* \+ 1"),
        (weaken_atom, r"cvc5 does not confirm"),
        (drop_obligation, r"obligation missing: phase 1 > "),
        (swap_obligations, r"obligations: expected phase 1 > .* next, found"),
        (add_obligation, r"no such obligation: phase 9"),
        (drop_path, r"path missing: phase 1 > "),
        (exclude_path, r"cvc5 does not confirm \(sat\): .*impossible"),
        (drop_bound, r"phase 1: expected an atom that bounds its visits"),
        (drop_phase, r"expected phases if and only if"),
        (other_program, r"program: expected sha256:.*, found sha256:0000"),
        (other_specification, r"specification: expected that of task copy"),
        (other_task, r"task: expected copy, found reverse"),
        (other_head, r"loop head: expected a place, found 'circuit 99'"),
        (strange_atom, r"expected a term, found"),
    ],
)
def test_a_changed_certificate_is_rejected_by_name(
    edit: Callable[[dict[str, Any]], None],
    message: str,
    certificate: Certificate,
    shipped: Program,
) -> None:
    data = json.loads(certificate.to_json())
    edit(data)
    changed_one = Certificate.from_json(json.dumps(data))
    with pytest.raises(HardmaxError, match=message):
        check(changed_one, shipped, TIME_LIMIT)


def change_first_equation(data: dict[str, Any]) -> str:
    atoms = data["phases"][-1]
    number = next(i for i, atom in enumerate(atoms) if atom.startswith("r") and " == " in atom)
    atoms[number] += " + 1"
    return f"obligation missing: .*{re.escape(atoms[number])}"


def remove_a_goal(data: dict[str, Any]) -> str:
    name = next(name for name in data["obligations"] if name.endswith(": outputs right"))
    data["obligations"].remove(name)
    return f"obligation missing: {re.escape(name)}"


def remove_a_general_one(data: dict[str, Any]) -> str:
    """The first one: of a gate, or else the bound of a phase."""
    name = data["obligations"].pop(0)
    return f"obligation missing: {re.escape(name)}"


def of_another_program(data: dict[str, Any]) -> str:
    data["program"] = "sha256:" + "0" * 64
    return "program: expected sha256:.*, found sha256:0000"


@pytest.mark.parametrize(
    "edit", [change_first_equation, remove_a_goal, remove_a_general_one, of_another_program]
)
@pytest.mark.parametrize("name", ["merge", "reverse", "list-reverse", "listk-gradient", "walkbst"])
def test_no_kind_of_certificate_is_changed_unnoticed(
    name: str, edit: Callable[[dict[str, Any]], str]
) -> None:
    """Two phases, T0, lemmas, outputs at the end of pointers, of gradient: all are refused."""
    program = load_program(MODELS / f"{name}.pt")
    assert isinstance(program, Program)
    data = json.loads((MODELS / f"{name}.proof").read_text())
    message = edit(data)
    with pytest.raises(HardmaxError, match=message):
        check(Certificate.from_json(json.dumps(data)), program, TIME_LIMIT)


def test_a_certificate_is_of_one_program(certificate: Certificate, shipped: Program) -> None:
    other = replace(shipped, metadata=replace(shipped.metadata, budget=StepBudget(1, 9)))
    with pytest.raises(HardmaxError, match="program: expected sha256:"):
        check(certificate, other, TIME_LIMIT)
    renamed = replace(shipped, metadata=replace(shipped.metadata, model_hash="other"))
    assert program_digest(renamed) == program_digest(shipped)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a hardmax proof in JSON"),
        ("[" * 10**5, "expected a hardmax proof in JSON"),
        ("{}", '"format": "hardmax-proof"'),
        ('{"format": "hardmax-proof", "version": 2}', "expected proof format version 1, found 2"),
        ('{"format": "hardmax-proof", "version": 1}', "malformed proof: KeyError"),
    ],
    ids=range(5),
)
def test_what_is_no_certificate_is_refused(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "x.proof").write_text(text)
    with pytest.raises(HardmaxError, match=f"x.proof: .*{message}"):
        load_certificate(tmp_path / "x.proof")


def test_the_commands(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    shipped: Program,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("copy.json").write_text(shipped.to_json())
    assert main(["prove", "copy.json", "-o", "copy.proof"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "verdict: proved for every length"
    assert main(["prove", "copy.json", "--check", "copy.proof"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "verdict: proved for every length"
    assert main(["prove", "copy.json", "--time-limit", "0"]) == 1
    assert capsys.readouterr().out == "verdict: not proved: the time limit\n"
    text = Path("copy.proof").read_text()
    Path("copy.proof").write_text(text.replace("sha256:", "sha256:0"))
    assert main(["prove", "copy.json", "--check", "copy.proof"]) == 1
    assert capsys.readouterr().out.startswith("verdict: rejected: program: expected sha256:")


def test_info_tells_of_the_certificate_beside_a_program(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], shipped: Program
) -> None:
    file, proof = tmp_path / "copy.json", tmp_path / "copy.proof"
    file.write_text(shipped.to_json())

    def told() -> dict[str, Any]:
        assert main(["info", str(file), "--json"]) == 0
        facts: dict[str, Any] = json.loads(capsys.readouterr().out)
        return facts

    assert "proved" not in told()
    shutil.copy(MODELS / "copy.proof", proof)
    assert told()["proved"].startswith(f"for every length, by {proof} (")
    assert told()["proof_hash"] == "sha256:" + hashlib.sha256(proof.read_bytes()).hexdigest()
    shutil.copy(MODELS / "swap.proof", proof)
    assert told()["proved"] == f"no: {proof} is of another program"
    proof.write_text("{}")
    assert main(["info", str(file)]) == 1
    assert "copy.proof: expected a JSON object" in capsys.readouterr().err


def test_a_refutation_is_a_command_that_shows_it(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    shipped: Program,
) -> None:
    monkeypatch.chdir(tmp_path)
    wrong = changed(
        shipped,
        lambda op: replace(op, gate=Gate.SUB) if op.gate is Gate.ADD else op,
    )
    Path("wrong.json").write_text(wrong.to_json())
    assert main(["prove", "wrong.json", "-o", "wrong.proof"]) == 1
    verdict = capsys.readouterr().out.splitlines()[-1]
    assert verdict.startswith("verdict: refuted: hardmax run wrong.json ")
    assert not Path("wrong.proof").exists()
    command = verdict.removeprefix("verdict: refuted: hardmax ").split()
    memory = list(map(int, command[2:]))
    answer = SPECIFICATIONS["copy"].answer(memory)
    assert answer is not None
    main(command)
    left = list(map(int, capsys.readouterr().out.split()))
    assert any(left[cell] != value for cell, value in answer.items())


def test_a_task_without_a_specification_is_not_proved(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program = copy_program()
    other = replace(program, metadata=replace(program.metadata, task="mine"))
    (tmp_path / "mine.json").write_text(other.to_json())
    assert main(["prove", str(tmp_path / "mine.json")]) == 1
    assert "neither a specification nor a definition of task 'mine'" in capsys.readouterr().out
    assert main(["prove", str(tmp_path / "mine.json"), "-o", str(tmp_path / "mine.proof")]) == 1
    assert "there is no specification of task 'mine'" in capsys.readouterr().out


def test_ctrl_c_ends_a_proof_at_once(tmp_path: Path) -> None:
    """Also while z3 is at work: it says that a loop head is tried, and then for long nothing."""
    command = [sys.executable, "-m", "hardmax", "prove", str(MODELS / "merge.pt")]
    proof = tmp_path / "merge.proof"
    process = subprocess.Popen(
        [*command, "-o", str(proof)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stderr is not None
    told = next(line for line in iter(process.stderr.readline, "") if "candidates" in line)
    process.send_signal(signal.SIGINT)
    out, rest = process.communicate(timeout=120)
    assert told
    assert (process.returncode, out, list(tmp_path.iterdir())) == (130, "", [])
    assert "Traceback" not in rest


@pytest.mark.parametrize("name", PROVED)
def test_the_shipped_certificates_hold(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    model, proof = MODELS / f"{name}.pt", MODELS / f"{name}.proof"
    limit = ["--time-limit", str(int(TIME_LIMIT))]
    status = main(["prove", str(model), "--check", str(proof), *limit])
    assert status == 0, capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize("name", PROVED)
def test_the_shipped_models_are_proved_anew(name: str, tmp_path: Path) -> None:
    shutil.copy(MODELS / f"{name}.pt", tmp_path)
    assert main(["prove", str(tmp_path / f"{name}.pt"), "-o", str(tmp_path / "new.proof")]) == 0
    new, shipped = tmp_path / "new.proof", MODELS / f"{name}.proof"
    assert json.loads(new.read_text()) == json.loads(shipped.read_text())


def test_the_papers_tasks_have_a_certificate() -> None:
    assert set(TASKS) <= set(PROVED)


def test_the_certificates_are_made_by_make_prove() -> None:
    makefile = (ROOT / "Makefile").read_text().replace("\\\n", "")
    (line,) = re.findall("^PROVED := (.+)$", makefile, re.MULTILINE)
    assert sorted(line.split()) == PROVED
