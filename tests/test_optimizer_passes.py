"""Every optimizing pass keeps what a program does, and removes what it says it removes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codegen.pipeline import optimize, passes
from runtime.interpreter import run
from runtime.passes.value_classes import MEMORY_SIZES
from runtime.program import Program
from tests.strategies import arbitrary_memories, programs

STEPS = 40
SMALL, LARGE = MEMORY_SIZES[:-1], MEMORY_SIZES[-1:]
EVERY_PASS = dict(passes(3))

each_pass = pytest.mark.parametrize("name", EVERY_PASS)


@each_pass
@given(program=programs(), memory=arbitrary_memories(), max_steps=st.integers(0, STEPS))
def test_a_pass_changes_no_run(
    name: str, program: Program, memory: tuple[int, ...], max_steps: int
) -> None:
    after = EVERY_PASS[name](program)
    assert run(after, memory, max_steps) == run(program, memory, max_steps)


@given(
    program=programs(),
    memory=arbitrary_memories(12),
    max_steps=st.integers(0, STEPS),
    level=st.integers(1, 3),
)
def test_all_passes_together_change_no_run(
    program: Program, memory: tuple[int, ...], max_steps: int, level: int
) -> None:
    expected = run(program, memory, max_steps)
    assert run(optimize(program, level), memory, max_steps) == expected
    sizes = LARGE if len(memory) >= LARGE[0].smallest else SMALL
    assert run(optimize(program, level, sizes), memory, max_steps) == expected
