"""The benchmark of mutants: each is another program, with one row changed."""

from __future__ import annotations

from itertools import islice
from random import Random

from benchmarks.mutants import mutants
from hardmax.runtime.nram.program import Row
from tests.support.paper_programs import copy_program


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
