"""The benchmark of mutants: each is another program, with one row changed."""

from __future__ import annotations

from itertools import islice
from random import Random

import pytest

from benchmarks import mutants as benchmark
from benchmarks.mutants import mutants, outcome
from hardmax.files import load_program
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.nram.program import Program, Row
from tests.support.paper_programs import copy_program
from tests.support.paths import MODELS


def different(one: Row | None, other: Row | None) -> int:
    """How many decisions differ between two rows with the same gates."""
    assert one is not None
    assert other is not None
    before, after = one.circuit, other.circuit
    operands = zip(before.operations, after.operations, strict=True)
    count = sum(a != b for x, y in operands for a, b in zip(x.operands, y.operands, strict=True))
    count += sum(a != b for a, b in zip(before.outputs, after.outputs, strict=True))
    return count + (before.halt != after.halt)


def test_a_mutant_differs_in_one_decision_and_from_the_others() -> None:
    program = copy_program()
    found = list(islice(mutants(program, Random(1)), 40))
    assert len({mutant.table for mutant in found}) == 40
    for mutant in found:
        pairs = list(zip(program.table[0], mutant.table[0], strict=True))
        changed = [(one, other) for one, other in pairs if one != other]
        assert len(changed) == 1
        assert different(*changed[0]) == 1


def test_a_proof_that_the_checker_rejects_leaves_a_mutant_unknown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    program = load_program(MODELS / "access.pt")
    assert isinstance(program, Program)
    assert outcome(program, Random(1)) == "proved"

    def reject(*_: object) -> None:
        raise HardmaxError("cvc5 does not confirm (sat)")

    monkeypatch.setattr(benchmark, "check", reject)
    assert outcome(program, Random(1)) == "unknown"
    assert capsys.readouterr().out == "rejected: cvc5 does not confirm (sat)\n"
