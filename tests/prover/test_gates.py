"""What gates and timesteps mean to the prover and to the checker, against the integers."""

from __future__ import annotations

from itertools import product

import pytest
import z3
from hypothesis import given, settings
from hypothesis import strategies as st

from hardmax.prover import gates
from hardmax.prover.checker import script
from hardmax.prover.checker.check import decide
from hardmax.prover.places import Places
from hardmax.prover.timestep import State
from hardmax.runtime.nram.gates import GATES, Gate
from hardmax.runtime.nram.interpreter import trace
from hardmax.runtime.nram.program import Program
from tests.support.strategies import programs

ARITHMETIC = [gate for gate in Gate if GATES[gate].meaning is not None]
LARGEST = 5
"""Memory sizes up to this one, and all pairs of operands below them."""


def cases(gate: Gate) -> list[tuple[int, int, int, int]]:
    """(a, b, M, the value of the gate)."""
    meaning = GATES[gate].meaning
    assert meaning is not None
    return [
        (a, b, size, meaning(a, b, size))
        for size in range(1, LARGEST + 1)
        for a, b in product(range(size), repeat=2)
    ]


def test_every_arithmetic_gate_has_a_meaning_in_both() -> None:
    assert set(gates.MEANING) == set(script.GATES) == set(ARITHMETIC)


@pytest.mark.parametrize("gate", ARITHMETIC)
def test_the_provers_meaning_is_that_of_the_integers(gate: Gate) -> None:
    for a, b, size, value in cases(gate):
        term = gates.MEANING[gate](z3.IntVal(a), z3.IntVal(b), z3.IntVal(size))
        assert z3.simplify(term).as_long() == value, (a, b, size)


@pytest.mark.parametrize("gate", ARITHMETIC)
def test_the_checkers_meaning_is_that_of_the_integers(gate: Gate) -> None:
    right = " ".join(
        f"(= {value} (let ((a {a}) (b {b}) (M {size})) {script.GATES[gate]}))"
        for a, b, size, value in cases(gate)
    )
    assert decide(f"(set-logic QF_LIA)(assert (not (and {right})))(check-sat)", 60) == "unsat"


def test_the_comparison_with_the_integers_can_fail() -> None:
    wrong = f"(= 2 (let ((a 1) (b 2) (M 4)) {script.GATES[Gate.ADD]}))"
    assert decide(f"(set-logic QF_LIA)(assert (not {wrong}))(check-sat)", 60) == "sat"


@settings(max_examples=20)
@given(st.data())
def test_a_timestep_is_that_of_the_interpreter(data: st.DataObject) -> None:
    program: Program = data.draw(programs())
    size = data.draw(st.integers(1, 5))
    cell = st.integers(0, size - 1)
    memory = data.draw(st.lists(cell, min_size=size, max_size=size))
    steps = list(trace(program, memory, 4))
    places = Places(program)
    base = z3.Function("mem", z3.IntSort(), z3.IntSort())
    state = State((z3.IntVal(0),) * program.registers, base)
    contents = [(base(z3.IntVal(i)), z3.IntVal(value)) for i, value in enumerate(memory)]

    def value(term: z3.ArithRef) -> int:
        while not z3.is_int_value(term):
            term = z3.simplify(z3.substitute(z3.simplify(term), *contents))
        return int(term.as_long())

    for step in steps:
        assert tuple(map(value, state.registers)) == step.registers
        cells = tuple(value(state.cell(z3.IntVal(i))) for i in range(size))
        assert cells == step.memory
        place = places.of(step)
        assert place.row is not None
        assert z3.is_true(
            z3.simplify(
                z3.substitute(
                    places.condition(place, [z3.IntVal(r) for r in step.registers]), *contents
                )
            )
        )
        state = state.after(place.row.circuit, z3.IntVal(size))
        registers = tuple(z3.IntVal(value(register)) for register in state.registers)
        written = tuple((z3.IntVal(value(a)), z3.IntVal(value(b))) for a, b in state.written)
        state = State(registers, base, written)
