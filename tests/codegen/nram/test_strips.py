"""Many timesteps at once do what they do one by one, above all where they disturb each other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardmax.codegen.nram.cfg import control_flow_graph
from hardmax.codegen.nram.explain import explain
from hardmax.codegen.nram.loops import plan_loops
from hardmax.codegen.nram.pass_pipeline import LARGE_SIZES, optimize
from hardmax.codegen.nram.strip_code import WIDTH
from hardmax.codegen.nram.strip_plan import Strip
from hardmax.runtime.nram.gates import Gate
from hardmax.runtime.nram.interpreter import run
from hardmax.runtime.nram.program import Circuit, Operation, Program
from tests.support.machines import MACHINES
from tests.support.native import JitProgram
from tests.support.strategies import POINTERS, pointer_loop, pointer_loops


def strips_of(program: Program) -> list[Strip]:
    nodes = control_flow_graph(optimize(program, 2, LARGE_SIZES), LARGE_SIZES)
    loops = plan_loops(nodes, with_strips=True)
    assert not any(loop.strip for loop in plan_loops(nodes, with_strips=False).values())
    return [loop.strip for loop in loops.values() if loop.strip is not None]


def op(gate: Gate, *operands: int) -> Operation:
    return Operation(gate, operands)


COPY = Circuit(
    (op(Gate.READ, 1), op(Gate.WRITE, 2, 3), op(Gate.INC, 1), op(Gate.INC, 2), op(Gate.DEC, 0)),
    (7, 5, 6),
    halt=False,
)
REVERSE = Circuit(
    (op(Gate.READ, 1), op(Gate.WRITE, 2, 3), op(Gate.INC, 1), op(Gate.DEC, 2), op(Gate.DEC, 0)),
    (7, 5, 6),
    halt=False,
)
UNTIL_ZERO = Circuit(
    (op(Gate.READ, 1), op(Gate.WRITE, 2, 3), op(Gate.INC, 1), op(Gate.INC, 2)),
    (3, 5, 6),
    halt=False,
)
PERMUTE = Circuit(
    (
        op(Gate.READ, 1),
        op(Gate.ADD, 2, 3),
        op(Gate.READ, 4),
        op(Gate.WRITE, 1, 5),
        op(Gate.INC, 1),
        op(Gate.DEC, 0),
    ),
    (8, 7, 2),
    halt=False,
)
SCALE = Circuit(
    (
        op(Gate.READ, 2),
        op(Gate.READ, 1),
        op(Gate.ADD, 4, 3),
        op(Gate.WRITE, 1, 5),
        op(Gate.INC, 1),
        op(Gate.DEC, 0),
    ),
    (8, 7, 2),
    halt=False,
)
DELAY = Circuit(
    (op(Gate.READ, 1), op(Gate.WRITE, 1, 3), op(Gate.INC, 1), op(Gate.DEC, 0)),
    (7, 6, 2, 4),
    halt=False,
)
TURNS = {
    "copy": COPY,
    "reverse": REVERSE,
    "until zero": UNTIL_ZERO,
    "permute": PERMUTE,
    "scale": SCALE,
    "delay": DELAY,
}
COMPILED = {name: JitProgram(pointer_loop(turn), 2) for name, turn in TURNS.items()}


@pytest.mark.parametrize("name", TURNS)
def test_these_loops_have_strips(name: str) -> None:
    assert strips_of(pointer_loop(TURNS[name]))


def test_a_chain_of_pointers_has_no_strip() -> None:
    chain = Circuit(
        (op(Gate.READ, 0), op(Gate.WRITE, 1, 3), op(Gate.INC, 1)), (3, 5, 2), halt=False
    )
    assert strips_of(pointer_loop(chain)) == []


def test_a_write_to_addresses_that_were_read_has_no_strip() -> None:
    scatter = Circuit(
        (op(Gate.READ, 1), op(Gate.WRITE, 3, 1), op(Gate.INC, 1), op(Gate.DEC, 0)),
        (6, 5, 2),
        halt=False,
    )
    assert strips_of(pointer_loop(scatter)) == []


def memory_of(size: int, seed: int, pointers: tuple[int, ...], odd: int) -> tuple[int, ...]:
    """Cells below ``size``, ``odd`` of them 0 or no address; the first are the pointers."""
    random = np.random.default_rng(seed)
    cells = random.integers(0, size, size, dtype=np.uint32)
    at = random.integers(0, size, odd)
    cells[at] = random.choice(np.array([0, size - 1, size, 2**32 - 1], dtype=np.uint32), odd)
    cells[: len(pointers)] = [pointer % size for pointer in pointers]
    return tuple(cells.tolist())


@st.composite
def pointed_memories(draw: st.DrawFn) -> tuple[int, ...]:
    """Memories of up to eight strips; pointers near each other and near both ends."""
    size = draw(st.integers(5, 8 * WIDTH))
    count = draw(st.integers(0, size))
    first = draw(st.integers(0, size - 1) | st.integers(-4, 4))
    second = first + draw(st.integers(-WIDTH - 2, WIDTH + 2) | st.integers(0, size))
    odd = draw(st.sampled_from((0, 0, 1, 5)))
    return memory_of(size, draw(st.integers(0, 2**32 - 1)), (count, first, second), odd)


@pytest.mark.parametrize("name", TURNS)
@given(pointed_memories(), st.integers(0, 200))
def test_strips_do_what_the_interpreter_does(
    name: str, memory: tuple[int, ...], max_steps: int
) -> None:
    expected = run(pointer_loop(TURNS[name]), memory, max_steps)
    assert COMPILED[name].run(memory, max_steps) == expected


@pytest.mark.parametrize("name", TURNS)
def test_every_distance_between_two_pointers(name: str) -> None:
    size = 5 * WIDTH
    program = pointer_loop(TURNS[name])
    for lag in range(-2 * WIDTH, 2 * WIDTH + 1):
        first = size // 2
        memory = memory_of(size, lag % size, (2 * WIDTH + 3, first, first + lag), odd=0)
        assert COMPILED[name].run(memory, 100) == run(program, memory, 100), lag


@pytest.mark.parametrize("at", range(WIDTH + 2))
@pytest.mark.parametrize("value", [0, 5 * WIDTH])
def test_a_strip_that_holds_a_zero_or_no_address_runs_one_by_one(at: int, value: int) -> None:
    cells = np.full(5 * WIDTH, 7, dtype=np.uint32)
    cells[:POINTERS] = (2 * WIDTH, 3, 3 * WIDTH)
    cells[3 + WIDTH + at] = value
    memory = tuple(cells.tolist())
    for name, turn in TURNS.items():
        assert COMPILED[name].run(memory, 99) == run(pointer_loop(turn), memory, 99), name


@pytest.mark.parametrize("architecture", ["x86_64", "aarch64"])
@pytest.mark.parametrize("name", TURNS)
def test_strips_on_other_machines(architecture: str, name: str) -> None:
    machine = MACHINES[architecture]
    machine.require()
    size = 5 * WIDTH
    memories = [
        memory_of(size, seed, (2 * WIDTH + seed, 3, 3 + lag), odd=seed % 2)
        for seed, lag in enumerate((0, 1, WIDTH - 1, 2 * WIDTH, size - 10))
    ]
    cases = [(memory, 100) for memory in memories]
    program = pointer_loop(TURNS[name])
    assert machine.run(program, 2, cases) == [run(program, *case) for case in cases]


def test_an_explanation_tells_of_strips() -> None:
    assert f"({WIDTH} timesteps at once)" in explain(pointer_loop(COPY))


@settings(max_examples=50)
@given(
    pointer_loops(),
    st.sampled_from((2, 3)),
    st.lists(st.tuples(pointed_memories(), st.integers(0, 200)), min_size=1, max_size=5),
)
def test_random_loops_with_pointers(
    program: Program, level: int, cases: list[tuple[tuple[int, ...], int]]
) -> None:
    compiled = JitProgram(program, level)
    for memory, max_steps in cases:
        assert compiled.run(memory, max_steps) == run(program, memory, max_steps)
