"""The gates' meaning as z3 terms against their integer meaning, on all operands."""

from __future__ import annotations

import pytest
import z3

from hardmax.runtime.nram.gates import GATES, Gate
from hardmax.validation.gates import MEANING


@pytest.mark.parametrize("gate", MEANING, ids=lambda gate: gate.value)
@pytest.mark.parametrize("bits", [1, 2, 3])
def test_terms_mean_what_the_gates_do(gate: Gate, bits: int) -> None:
    """Of so few bits that sums and differences of operands wrap around."""
    meaning = GATES[gate].meaning
    assert meaning is not None
    for m in range(1, 1 << bits):
        for a in range(m):
            for b in range(m):
                words = (z3.BitVecVal(value, bits) for value in (a, b, m))
                assert z3.simplify(MEANING[gate](*words)).as_long() == meaning(a, b, m)


def test_every_arithmetic_gate_has_a_meaning() -> None:
    assert set(MEANING) == {gate for gate in Gate if GATES[gate].meaning is not None}
