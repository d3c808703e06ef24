"""Compiled Neural Turing Machines equal the interpreter bit for bit, and touch nothing else."""

from __future__ import annotations

import functools
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hardmax.codegen.driver import Kind, emit, write_program
from hardmax.codegen.header import header
from hardmax.codegen.targets import Target
from hardmax.runtime.abi import Status
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.float32 import Layer
from hardmax.runtime.ntm.interpreter import run
from hardmax.runtime.ntm.program import NtmProgram
from hardmax.runtime.sequence.abi import (
    NTM_SIGNATURES,
    NTM_STATUS_TEXT,
)
from hardmax.runtime.sequence.interface import (
    LARGEST_NUMBER,
    MemoryRule,
)
from hardmax.runtime.sequence.result import SequenceResult
from tests.support.native_ntm import JitNtm
from tests.support.ntm_programs import random_ntm

SHAPES: dict[str, NtmProgram] = {
    "one of everything": random_ntm(0, 1, 1, 1, 1),
    "small": random_ntm(1),
    "an LSTM": random_ntm(2, 5, 3, 6, 7, recurrent=True),
    "a whole vector": random_ntm(3, 3, 16, 16, 16),
    "one over a vector": random_ntm(4, 2, 17, 17, 17, recurrent=True),
    "many heads": random_ntm(5, writers=3, readers=4),
    "an LSTM with many heads": random_ntm(6, 2, 9, 5, 20, writers=2, readers=2, recurrent=True),
    "a memory of constant size": random_ntm(7, memory=MemoryRule(2)),
    "as in the literature": random_ntm(8, 10, 9, 20, 100),
}


@functools.cache
def jit(name: str, level: int) -> JitNtm:
    return JitNtm(SHAPES[name], level)


def inputs_of(program: NtmProgram, seed: int, steps: int, scale: float = 1.0) -> np.ndarray:
    drawn = np.random.default_rng(seed).normal(scale=scale, size=(steps, program.input_width))
    return np.clip(drawn, -LARGEST_NUMBER, LARGEST_NUMBER).astype(np.float32)


def expect_same(found: SequenceResult, expected: SequenceResult) -> None:
    assert found.status == expected.status
    assert (found.steps, found.addresses.tolist()) == (
        expected.steps,
        expected.addresses.tolist(),
    )
    assert found.outputs.tobytes() == expected.outputs.tobytes()


@given(
    st.sampled_from(sorted(SHAPES)),
    st.sampled_from([0, 2]),
    st.integers(0, 2**32 - 1),
    st.integers(0, 24),
    st.one_of(st.integers(1, 4), st.integers(1, 50)),
    st.sampled_from([1e-3, 1.0, 1e8]),
)
@example("small", 2, 0, 3, 3, 1.0)
def test_native_code_agrees_bit_for_bit(
    name: str, level: int, seed: int, steps: int, rows: int, scale: float
) -> None:
    program, native = SHAPES[name], jit(name, level)
    inputs = inputs_of(program, seed, steps, scale)
    expected = run(program, inputs, rows)
    expect_same(native.run(inputs, rows), expected)
    by_steps = native.run_by_steps(inputs, rows)
    if expected.status is Status.HALTED:
        expect_same(by_steps, expected)
    else:
        assert by_steps.status is expected.status


@pytest.mark.parametrize("rows", [1, 2, 3, 15, 16, 17, 32, 33])
def test_every_number_of_rows_around_a_block_is_right(rows: int) -> None:
    program = replace(random_ntm(9), metadata=replace(random_ntm(9).metadata, memory=MemoryRule(1)))
    native = JitNtm(program, 2)
    for seed in range(3):
        inputs = inputs_of(program, seed, 40)
        expect_same(native.run(inputs, rows), run(program, inputs, rows))


def test_ties_between_rows_go_to_the_lowest() -> None:
    """Coarse weights make rows repeat, so that a search finds ties in other lanes and blocks."""
    drawn = random_ntm(3, 1, 1, 1, 3, memory=MemoryRule(1))

    def coarse(layer: Layer) -> Layer:
        return Layer(np.round(layer.weight), np.round(layer.bias))

    program = replace(
        drawn,
        write_heads=tuple(map(coarse, drawn.write_heads)),
        read_heads=tuple(map(coarse, drawn.read_heads)),
    )
    native = JitNtm(program, 2)
    for rows in (5, 16, 40):
        inputs = np.round(inputs_of(program, rows, 200))
        expect_same(native.run(inputs, rows), run(program, inputs, rows))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, np.float32(LARGEST_NUMBER + 2)])
@pytest.mark.parametrize("at", [0, 4])
def test_inputs_that_are_no_numbers_are_refused(value: float, at: int) -> None:
    program, native = SHAPES["small"], jit("small", 2)
    inputs = inputs_of(program, 0, 5)
    inputs[at, -1] = value
    result = native.run(inputs, 9)
    assert result.status is Status.INPUT_OUT_OF_RANGE
    expect_same(result, run(program, inputs, 9))
    by_steps = native.run_by_steps(inputs, 9)
    assert (by_steps.status, by_steps.steps) == (Status.INPUT_OUT_OF_RANGE, at)
    largest = np.where(inputs == inputs[at, -1], np.float32(LARGEST_NUMBER), inputs[:, :])
    largest[at, -1] = LARGEST_NUMBER
    expect_same(native.run(largest, 9), run(program, largest, 9))


def test_a_memory_too_small_for_the_sequence_is_refused() -> None:
    program, native = SHAPES["small"], jit("small", 2)
    inputs = inputs_of(program, 0, 7)  # the rule: 2 + 7 // 3 rows
    assert native.run(inputs, 3).status is Status.TOO_FEW_ROWS
    assert native.run(inputs, 4).status is Status.HALTED
    by_steps = native.run_by_steps(inputs, 3)
    assert (by_steps.status, by_steps.steps) == (Status.TOO_FEW_ROWS, 5)


def test_null_pointers_and_no_rows_are_refused() -> None:
    native = jit("small", 2)
    x, state, outputs, _ = (array.ctypes.data for array in native.arrays(1, 4))
    invalid = Status.INVALID_ARGUMENT
    assert native.start(None, 4) == invalid
    assert native.start(state, 0) == invalid
    for arguments in (
        (None, 1, 4, state, outputs, None),
        (x, 1, 4, None, outputs, None),
        (x, 1, 4, state, None, None),
        (x, 1, 0, state, outputs, None),
    ):
        assert native.run_raw(*arguments) == invalid
    assert native.run_raw(None, 0, 4, state, None, None) == Status.HALTED
    for pointers in ((None, x, outputs), (state, None, outputs), (state, x, None)):
        assert native.step(*pointers, None) == invalid
    assert native.step(state, x, outputs, None) == Status.INPUT_OUT_OF_RANGE  # the marks are NaN


def test_a_run_can_be_continued_by_steps() -> None:
    program, native = SHAPES["small"], jit("small", 2)
    inputs = inputs_of(program, 1, 9)
    expected = run(program, inputs, 5)
    x, state, outputs, addresses = native.arrays(8, 5)
    x[:] = inputs[:8]
    native.run_raw(
        x.ctypes.data, 8, 5, state.ctypes.data, outputs.ctypes.data, addresses.ctypes.data
    )
    x[0] = inputs[8]
    native.step(state.ctypes.data, x.ctypes.data, outputs.ctypes.data, addresses.ctypes.data)
    assert outputs[0].tobytes() == expected.outputs[8].tobytes()
    assert addresses[0].tolist() == expected.addresses[8].tolist()


def test_a_library_defines_the_interface_and_needs_nothing(tmp_path: Path) -> None:
    library = tmp_path / "ntm.so"
    write_program(SHAPES["as in the literature"], library)
    for command, found in (
        (["nm", "--dynamic", str(library)], None),
        (["readelf", "--dynamic", str(library)], "NEEDED"),
    ):
        listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        if found is None:
            symbols = {tuple(line.split()[-2:]) for line in listed.splitlines()}
            assert symbols == {("T", name) for name in NTM_SIGNATURES}
        else:
            assert found not in listed


def test_the_header_names_every_status_and_function() -> None:
    text = header(SHAPES["small"])
    for status, meaning in NTM_STATUS_TEXT.items():
        assert f"/* {meaning} */\n    HARDMAX_{status.name} = {status.value}" in text
    assert all(f"{signature};" in text for signature in NTM_SIGNATURES.values())
    assert "memory:      2 + steps // 3 rows" in text


C_PROGRAM = r"""
#include "ntm.h"
#include "ntm.h"
#include <stdio.h>
#include <stdlib.h>

int main(void)
{
    uint64_t steps = 6, t, i;
    uint32_t rows = (uint32_t)mine_ntm_rows(steps), addresses[MINE_HEADS];
    float inputs[MINE_INPUT_WIDTH], outputs[MINE_OUTPUT_WIDTH];
    void *state = malloc(mine_ntm_state_size(rows));

    if (state == NULL || mine_abi_version() != MINE_ABI_VERSION)
        return 1;
    if (mine_ntm_start(state, rows) != MINE_HALTED)
        return 2;
    for (t = 0; t < steps; t++) {
        for (i = 0; i < MINE_INPUT_WIDTH; i++)
            inputs[i] = (float)(t + i) / 8;
        if (mine_ntm_step(state, inputs, outputs, addresses) != MINE_HALTED)
            return 3;
        for (i = 0; i < MINE_HEADS; i++)
            printf("%u ", (unsigned)addresses[i]);
        for (i = 0; i < MINE_OUTPUT_WIDTH; i++)
            printf("%a ", outputs[i]);
        printf("\n");
    }
    free(state);
    return 0;
}
"""


@pytest.mark.parametrize(
    ("compiler", "standard"), [("gcc", "c99"), ("g++", "c++11")], ids=["C", "C++"]
)
def test_the_header_and_the_archive_make_a_program(
    tmp_path: Path, compiler: str, standard: str
) -> None:
    program = SHAPES["small"]
    write_program(program, tmp_path / "ntm.a", with_header=True, prefix="mine")
    source = "main.c" if compiler == "gcc" else "main.cpp"
    (tmp_path / source).write_text(C_PROGRAM)
    strict = ["-Wall", "-Wextra", "-pedantic", "-Werror", f"-std={standard}"]
    subprocess.run([compiler, *strict, source, "ntm.a", "-o", "main"], cwd=tmp_path, check=True)
    printed = subprocess.run([tmp_path / "main"], check=True, capture_output=True, text=True)
    inputs = [[(t + i) / 8 for i in range(3)] for t in range(6)]
    expected = run(program, np.array(inputs, dtype=np.float32), 4)
    for line, addresses, outputs in zip(
        printed.stdout.splitlines(), expected.addresses, expected.outputs, strict=True
    ):
        words = line.split()
        assert [int(word) for word in words[:2]] == addresses.tolist()
        assert [float.fromhex(word) for word in words[2:]] == outputs.tolist()


@pytest.mark.parametrize("level", [0, 2])
@pytest.mark.parametrize("triple", ["x86_64", "aarch64", "riscv64", "wasm32"])
def test_no_target_needs_a_library(triple: str, level: int) -> None:
    """Neither for square roots nor for copies and fills: what is called is what is there."""
    program = SHAPES["an LSTM with many heads"]
    code = emit(program, Kind.ASSEMBLY, level, target=Target(triple)).decode()
    called = set(
        re.findall(r"^\s+(?:callq?|bl|call|tail|jmp|b)\s+([A-Za-z_]\w*)", code, re.MULTILINE)
    )
    assert "advance" in called
    assert all(re.search(rf"^{name}:", code, re.MULTILINE) for name in called)


def test_no_gpu_kernel() -> None:
    with pytest.raises(
        HardmaxError, match="a Neural Turing Machine cannot be compiled for nvptx64"
    ):
        emit(SHAPES["small"], Kind.PTX)
