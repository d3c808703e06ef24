"""Compiled stack machines against the interpreter: every level, function, status and structure."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hardmax
from hardmax.codegen.driver import Kind, emit
from hardmax.codegen.header import header
from hardmax.codegen.kinds import find_kind
from hardmax.codegen.lower import lower
from hardmax.codegen.stack.table import MAX_ENTRIES, Table
from hardmax.codegen.targets import Architecture, Target
from hardmax.runtime.abi import MAX_SIZE, Status
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.stack.interpreter import run
from hardmax.runtime.stack.program import Action, Operation, StackProgram, Structure
from hardmax.runtime.symbols.abi import (
    STACK_CONTINUE,
    STACK_GROW,
    STACK_RUN,
    STACK_RUN_BATCH,
    STACK_START,
    STACK_STATE_SIZE,
    STACK_STEP,
)
from hardmax.runtime.symbols.interface import SymbolMetadata, enough_cells
from tests.support import stack_programs
from tests.support.machines import MACHINES, require
from tests.support.native_stack import JitStack
from tests.support.stack_programs import END, several

LEVELS = range(4)
MACHINES_BY_NAME = {
    "reversal": stack_programs.reversal(),
    "copy": stack_programs.copy(),
    "dyck": stack_programs.dyck_next(),
    "dyck-close": stack_programs.dyck_close(),
    "anbn": stack_programs.anbn(),
    "several": several(),
}


def expected(program: StackProgram, symbols: list[int], capacity: int) -> tuple[object, Status]:
    result = run(program, np.array(symbols, dtype=np.int64), capacity)
    return result.outputs.tolist(), result.status


def answers(jit: JitStack, symbols: list[int], capacity: int) -> list[tuple[object, Status]]:
    """What the functions say that must agree."""
    results = [jit.run(symbols, capacity), jit.run_by_steps(symbols, capacity)]
    if capacity >= enough_cells(jit.program, len(symbols)):
        results.append(jit.run_growing(symbols))
    return [(result.outputs.tolist(), result.status) for result in results]


@given(stack_programs.stack_programs(), st.sampled_from(LEVELS), st.data())
@settings(max_examples=15)
def test_code_is_the_interpreter(program: StackProgram, level: int, data: st.DataObject) -> None:
    jit = JitStack(program, level)
    symbol = st.integers(0, len(program.alphabet) - 1)
    for _ in range(8):
        symbols = data.draw(st.lists(symbol, max_size=60))
        if symbols and data.draw(st.integers(0, 7)) == 0:
            symbols[-1] = data.draw(st.sampled_from([len(program.alphabet), MAX_SIZE]))
        capacity = data.draw(st.sampled_from([1, 2, 5, 200]))
        wanted = expected(program, symbols, capacity)
        assert all(answer == wanted for answer in answers(jit, symbols, capacity))


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", MACHINES_BY_NAME)
def test_machines_written_by_hand(name: str, level: int) -> None:
    program = MACHINES_BY_NAME[name]
    jit = JitStack(program, level)
    random = np.random.default_rng(0)
    for length in (0, 1, 7, 50):
        symbols = random.integers(len(program.alphabet), size=length).tolist()
        for capacity in (1, 3, 100):
            wanted = expected(program, symbols, capacity)
            assert all(answer == wanted for answer in answers(jit, symbols, capacity))


@pytest.mark.parametrize("level", LEVELS)
def test_a_batch_is_its_runs(level: int) -> None:
    program = several()
    jit = JitStack(program, level)
    random = np.random.default_rng(1)
    sequences = [random.integers(2, size=n).tolist() for n in (5, 0, 9, 1, 30)]
    status, results = jit.run_batch(sequences, 3)
    assert results == [expected(program, symbols, 3) for symbols in sequences]
    assert status is next((s for _, s in results if s is not Status.HALTED), Status.HALTED)
    assert status is not Status.HALTED
    assert jit.run_batch([], 3) == (Status.HALTED, [])


@pytest.mark.parametrize("level", LEVELS)
def test_what_cannot_be_run_is_refused_and_nothing_is_stored(level: int) -> None:
    jit = JitStack(MACHINES_BY_NAME["reversal"], level)
    state, array = jit.state(4), jit.array(1, 4)
    before = state.copy()
    refused = [
        (STACK_START, None, 4),
        (STACK_START, state, 0),
        (STACK_STEP, None, 0, array),
        (STACK_STEP, state, 0, None),
        (STACK_CONTINUE, None, array, 1, array, None),
        (STACK_CONTINUE, state, None, 1, array, None),
        (STACK_CONTINUE, state, array, 1, None, None),
        (STACK_RUN, array, 1, 0, state, array, None),
        (STACK_RUN, None, 1, 4, state, array, None),
        (STACK_RUN, array, 1, 4, None, array, None),
        (STACK_RUN, array, 1, 4, state, None, None),
        (STACK_RUN_BATCH, array, None, 1, 4, state, array, None, None, None),
        (STACK_RUN_BATCH, array, array, 1, 0, state, array, None, None, None),
        (STACK_GROW, None, state, 4),
        (STACK_GROW, state, None, 4),
    ]
    for name, *arguments in refused:
        assert jit.call(str(name), *arguments) == Status.INVALID_ARGUMENT, name
    assert (state == before).all()
    assert jit.run([], 4).status is Status.HALTED
    assert jit.call(STACK_RUN, None, 0, 4, state, None, None) == Status.HALTED


def test_a_state_shrinks_only_to_what_it_holds() -> None:
    jit = JitStack(MACHINES_BY_NAME["copy"], 2)
    state, smaller, outputs = jit.state(4), jit.state(2, 1), jit.array(2, 3)
    symbols = jit.array(3, 3)
    symbols[:] = [0, 1, 2]
    assert jit.call(STACK_RUN, symbols, 3, 4, state, outputs, None) == Status.HALTED
    before = smaller.copy()
    assert jit.call(STACK_GROW, state, smaller, 2) == Status.INVALID_ARGUMENT
    assert (smaller == before).all()


def test_a_stopped_run_can_be_continued(tmp_path: Path) -> None:
    library = tmp_path / "reversal.so"
    hardmax.compile(MACHINES_BY_NAME["reversal"], library)
    native = hardmax.load(library)
    length = 40_000
    symbols = np.random.default_rng(2).integers(3, size=length)
    stream = native.start(length)
    first = stream.run(symbols[:17_000])
    rest = stream.run(symbols[17_000:])
    assert first.status is rest.status is Status.HALTED
    answer = stream.run(np.concatenate([[END], np.full(length, END + 1)])).outputs[1:]
    assert (answer == symbols[::-1]).all()


def test_a_million_symbols_are_reversed(tmp_path: Path) -> None:
    library = tmp_path / "reversal.so"
    hardmax.compile(MACHINES_BY_NAME["reversal"], library)
    symbols = np.random.default_rng(3).integers(3, size=1_000_000)
    given = np.concatenate([symbols, [END], np.full(len(symbols), END + 1)])
    answer = hardmax.load(library).run(given).outputs[len(symbols) + 1 :]
    assert (answer == symbols[::-1]).all()


def test_values_beyond_a_byte_take_two() -> None:
    values, pushed = 300, (5, 299, 256, 255, 254)
    names = (*map(str, range(values)), "blank")
    pushes = [
        ((0, symbol, (read,)), Action((Operation(push_top=symbol),), symbol, 0))
        for symbol in pushed
        for read in range(values + 1)
    ]
    pops = [
        ((0, values, (read,)), Action((Operation(pop_top=True),), max(read - 1, 0), 0))
        for read in range(values + 1)
    ]
    rows = (*pushes, *pops)
    program = StackProgram(
        (Structure.STACK,), (1,), values, names, names, 1, rows, SymbolMetadata("wide")
    )
    small, large = JitStack(MACHINES_BY_NAME["reversal"], 1), JitStack(program, 1)
    assert small.call(STACK_STATE_SIZE, 800) < 2 * 800 <= large.call(STACK_STATE_SIZE, 800)
    symbols = [*pushed, *6 * [values]]
    assert large.run(symbols, 9).outputs.tolist() == [*pushed, *pushed[::-1], 0]


def test_equal_nodes_of_a_table_are_one() -> None:
    table = Table.of(MACHINES_BY_NAME["reversal"])
    # The node of the first part, and the one that holds nothing; a leaf for each pushed symbol, for
    # the end, for the blank, and the one that holds nothing.
    assert len(table.entries) == 5 + 5
    assert len(table.leaves) == (3 + 1 + 1 + 1) * 4


def test_a_table_with_too_few_rows_for_its_values_is_refused() -> None:
    values = 65535
    rows = tuple(
        ((0, i, (i + 1,)), Action((Operation(),), 0, 0)) for i in range(MAX_ENTRIES // values + 1)
    )
    names = tuple(f"s{i}" for i in range(len(rows)))
    program = StackProgram(
        (Structure.STACK,), (1,), values, names, ("x",), 1, rows, SymbolMetadata("sparse")
    )
    with pytest.raises(HardmaxError, match="at most 1048576 entries"):
        lower(program, "")


@pytest.mark.parametrize("name", MACHINES)
@pytest.mark.parametrize("level", [0, 3])
def test_every_architecture(name: str, level: int) -> None:
    machine = MACHINES[name]
    machine.require()
    program = several()
    random = np.random.default_rng(4)
    cases = [
        (random.integers(2, size=length).tolist(), capacity)
        for length in (0, 1, 10, 100)
        for capacity in (1, 4, 300)
    ]
    for (symbols, capacity), (status, outputs) in zip(
        cases, machine.run_stack(program, level, cases), strict=True
    ):
        assert (outputs, Status(status)) == expected(program, symbols, capacity)


def test_a_gpu_is_no_target() -> None:
    with pytest.raises(HardmaxError, match=r"^a stack machine cannot be compiled for nvptx64"):
        emit(several(), Kind.PTX, target=Target(Architecture.NVPTX64.value))


def test_the_header_is_c_and_names_every_function(tmp_path: Path) -> None:
    require("cc")
    text = header(several(), "rev")
    assert "rev_stack_grow(" in text
    assert "REV_OVERFLOW = -6" in text
    Path(tmp_path, "rev.h").write_text(text)
    for name, language in (("use.c", "-std=c99"), ("use.cpp", "-std=c++11")):
        source = tmp_path / name
        source.write_text(
            '#include "rev.h"\nint main(void) { return rev_stack_capacity(0) != 1 || '
            "rev_stack_capacity(UINT64_MAX) != UINT32_MAX || rev_stack_capacity(3) != 6; }\n"
        )
        command = ["cc" if name.endswith(".c") else "c++", language, "-Wall", "-Wextra", "-Werror"]
        binary = tmp_path / f"{name}.out"
        subprocess.run([*command, "-o", str(binary), str(source)], check=True)
        subprocess.run([str(binary)], check=True)


def test_explain_says_what_a_step_looks_up() -> None:
    text = find_kind("stack").explain(MACHINES_BY_NAME["reversal"], 2)
    assert text.splitlines() == [
        "a step looks up: the symbol, 1 cell",
        "table: 20 rows in 10 entries and 24 leaves",
        "cells: 1 byte each, in stack",
    ]
