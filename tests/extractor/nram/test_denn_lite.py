"""Machines of DENN-LITE: what is imported does what its executor does.

``denn_lite/access.json`` is ``tests/test_access_working.json`` of
github.com/DrugoLebowski/denn-lite-nram-executor, under the licence beside it.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardmax.cli.main import main
from hardmax.extractor.nram.denn_lite import GATE_NAMES, import_denn_lite
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.nram.gates import GATES, Gate
from hardmax.runtime.nram.interpreter import run
from tests.support.paths import ROOT

ACCESS = ROOT / "tests" / "extractor" / "nram" / "denn_lite" / "access.json"


def random_machine(seed: int) -> dict[str, Any]:
    """A machine of random weights, with one hidden layer."""
    rng = np.random.default_rng(seed)
    registers = int(rng.integers(1, 4))
    gates = list(rng.choice(sorted(GATE_NAMES), int(rng.integers(1, 7))))
    operands = [
        registers + number
        for number, name in enumerate(gates)
        for _ in range(GATES[GATE_NAMES[name]].arity)
    ]
    outputs = sum(operands) + registers * (registers + len(gates)) + 1
    hidden = 5
    network = [
        [rng.normal(size=(registers, hidden)).tolist(), rng.normal(size=(1, hidden)).tolist()],
        [rng.normal(size=(hidden, outputs)).tolist(), rng.normal(size=(1, outputs)).tolist()],
    ]
    arguments = {"n_registers": registers, "gates": gates, "task": "noise", "time_steps": 5}
    return {"arguments": arguments, "network": network}


def executed(machine: dict[str, Any], memory: list[int], steps: int) -> list[int]:
    """What the executor makes of a memory, each softmax a hardmax: written from its description.

    Registers are updated one after another, each from what the registers before it have become.
    """
    memory, size = list(memory), len(memory)
    registers = [0] * machine["arguments"]["n_registers"]
    for _ in range(steps):
        layer = np.array([[value == 0 for value in registers]], dtype=np.float32)
        for number, (weights, bias) in enumerate(machine["network"]):
            layer = layer @ np.array(weights, np.float32) + np.array(bias, np.float32)
            if number < len(machine["network"]) - 1:
                layer = np.maximum(layer, 0)
        logits = layer[0].tolist()
        values = list(registers)

        def chosen(logits: list[float] = logits, values: list[int] = values) -> int:
            here, logits[:] = logits[: len(values)], logits[len(values) :]
            return values[int(np.argmax(here))]

        for name in machine["arguments"]["gates"]:
            gate = GATE_NAMES[name]
            given = [chosen() for _ in range(GATES[gate].arity)]
            if gate is Gate.READ:
                values.append(memory[given[0]])
            elif gate is Gate.WRITE:
                memory[given[0]] = given[1]
                values.append(0)
            else:
                meaning = GATES[gate].meaning
                assert meaning is not None
                first, second, *_ = [*given, 0, 0]
                values.append(meaning(first, second, size))
        for register in range(len(registers)):
            values[register] = chosen()
        registers = values[: len(registers)]
    return memory


@given(seed=st.integers(0, 10_000), steps=st.integers(0, 8), size=st.integers(2, 7))
def test_what_is_imported_does_what_the_executor_does(
    tmp_path_factory: pytest.TempPathFactory, seed: int, steps: int, size: int
) -> None:
    machine = random_machine(seed)
    path = tmp_path_factory.mktemp("denn") / "machine.json"
    path.write_text(json.dumps(machine))
    memory = random.Random(seed).choices(range(size), k=size)
    left = run(import_denn_lite(path), memory, steps)
    assert list(left.memory) == executed(machine, memory, steps)


def test_the_access_of_its_authors_runs_at_every_size(tmp_path: Path) -> None:
    program = import_denn_lite(ACCESS)
    assert (program.metadata.task, program.metadata.budget.steps(99)) == ("access", 3)
    for size in (3, 10, 1_000):
        memory = [size // 2, *range(size - 2, -1, -1)]
        left = run(program, memory, 3)
        assert list(left.memory) == [memory[size // 2], *memory[1:]]
        assert list(left.memory) == executed(json.loads(ACCESS.read_text()), memory, 3)


def test_it_is_a_verb(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["import", str(ACCESS), "-o", "access.json"]) == 0
    assert capsys.readouterr().out.startswith("access: 2 registers, 1 state")
    assert main(["compile", "access.json", "-o", "libaccess.so"]) == 0
    assert main(["run", "libaccess.so", "3", "1", "2", "4", "5", "0"]) == 1  # it never halts
    assert capsys.readouterr().out == "4 1 2 4 5 0\n"
    assert main(["import", str(ACCESS), "-o", "access.pt"]) == 1


def changed(**parts: Any) -> dict[str, Any]:
    """A machine with something else in it."""
    machine = random_machine(0)
    return {**machine, "arguments": {**machine["arguments"], **parts}}


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("{", "expected an NRAM of DENN-LITE in JSON"),
        ("[" * 100_000, "too many nested lists"),
        ("[]", "expected an NRAM of DENN-LITE: TypeError"),
        ("{}", "expected an NRAM of DENN-LITE: KeyError: 'arguments'"),
        (json.dumps(changed(n_registers=40)), "expected 1..12 registers, found 40"),
        (json.dumps(changed(gates=["mul"])), "expected an NRAM of DENN-LITE: KeyError: 'mul'"),
        (json.dumps(changed(gates=["read"])), "outputs for these gates, found"),
        (json.dumps(changed(time_steps=0)), "step budget must have"),
        (json.dumps({**random_machine(0), "network": [[[[1.0], [2]], [[1, 2]]]]}), "a matrix and"),
        (json.dumps({**random_machine(0), "network": [[[[1.0]] * 9, [[1.0]]]]}), "layer 0: expect"),
        (
            json.dumps({**random_machine(0), "network": [[[[1e99]], [[1.0]]]]}),
            "expected weights of at most 1e+09",
        ),
    ],
)
def test_what_is_none_is_refused(tmp_path: Path, document: str, message: str) -> None:
    path = tmp_path / "machine.json"
    path.write_text(document)
    with pytest.raises(HardmaxError) as refused:
        import_denn_lite(path)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)
