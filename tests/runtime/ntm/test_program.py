"""The NTM program: what it means, what it refuses, and its text form."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from numpy.typing import NDArray

from hardmax.runtime.abi import Status
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.float32 import Layer
from hardmax.runtime.ntm.interpreter import (
    NtmInterpreter,
    run,
)
from hardmax.runtime.ntm.program import NtmProgram
from hardmax.runtime.programs import load_program
from hardmax.runtime.sequence.interface import (
    LARGEST_NUMBER,
    MemoryRule,
    checked_inputs,
)
from tests.support.ntm_programs import random_ntm
from tests.support.refusals import expect_program_or_refusal
from tests.support.strategies import damaged_texts

PROGRAM = random_ntm(0)


def sequence(seed: int, steps: int, width: int = 3) -> NDArray[Any]:
    return np.random.default_rng(seed).normal(size=(steps, width)).astype(np.float32)


def equations(program: NtmProgram, inputs: NDArray[Any], rows: int) -> tuple[list[Any], list[Any]]:
    """Outputs and addresses in float64, from the formulas in the class's docstring."""

    def sigmoid(x: NDArray[Any]) -> NDArray[Any]:
        return 1 / (1 + np.exp(-x))

    def affine(layer: Layer, *parts: NDArray[Any]) -> NDArray[Any]:
        return np.concatenate(parts) @ layer.weight.astype(float) + layer.bias

    width, places = program.word_size, [0] * len(program.heads)
    memory = [program.initial_row.astype(float) for _ in range(rows)]
    reads = list(program.initial_reads.astype(float))
    h, c = np.zeros(program.hidden), np.zeros(program.hidden)
    outputs, addresses = [], []
    for x in inputs:
        if program.recurrent:
            gates = affine(program.controller, x, *reads, h).reshape(4, -1)
            c = sigmoid(gates[0]) * c + sigmoid(gates[1]) * np.tanh(gates[3])
            h = sigmoid(gates[2]) * np.tanh(c)
        else:
            h = np.tanh(affine(program.controller, x, *reads))
        for i, head in enumerate(program.heads):
            values = affine(head, h)
            key, gate, shift = np.tanh(values[:width]), values[width], values[width + 1 : width + 4]
            if gate > 0:
                sizes = [np.linalg.norm(key) * np.linalg.norm(row) + 1e-8 for row in memory]
                alike = [row @ key / size for row, size in zip(memory, sizes, strict=True)]
                places[i] = next(n for n in range(rows) if alike[n] >= max(alike) - 1e-7)
            places[i] = (places[i] + int(shift.argmax()) - 1) % rows
            if i < len(program.write_heads):
                erase, add = values[width + 4 :].reshape(2, width)
                memory[places[i]] = memory[places[i]] * (1 - sigmoid(erase)) + np.tanh(add)
            else:
                reads[i - len(program.write_heads)] = memory[places[i]]
        outputs.append(sigmoid(affine(program.output, h, *reads)))
        addresses.append(list(places))
    return outputs, addresses


@pytest.mark.parametrize("recurrent", [False, True])
@pytest.mark.parametrize(("writers", "readers"), [(1, 1), (2, 3)])
def test_a_step_is_what_the_equations_say(recurrent: bool, writers: int, readers: int) -> None:
    for seed in range(3):
        program = random_ntm(seed, writers=writers, readers=readers, recurrent=recurrent)
        inputs = sequence(seed, 20)
        result = run(program, inputs, 9)
        outputs, addresses = equations(program, inputs, 9)
        assert result.addresses.tolist() == addresses
        assert np.allclose(result.outputs, outputs, atol=1e-5)
        assert (result.steps, result.status) == (20, Status.HALTED)


def test_random_machines_search_and_do_not_and_go_both_ways() -> None:
    """What the other tests are about does happen."""
    machine = NtmInterpreter(PROGRAM, 9)
    margins, moves, before = [], set(), np.zeros((1, 2), dtype=np.int64)
    for x in sequence(0, 200):
        step = machine.step(x[None])
        margins.append(step.margins[0])
        unsearched = np.isinf(step.margins[0, :, 1])
        assert (unsearched != step.searched[0]).all()
        assert ((step.shifts[0] - (step.addresses - before)[0])[unsearched] % 9 == 0).all()
        moves |= set(((step.addresses - before) % 9)[0, unsearched].tolist())
        before = step.addresses
    assert 0 < np.isinf(np.stack(margins)[:, :, 1]).mean() < 1
    assert moves == {0, 1, 8}
    assert (np.stack(margins) >= 0).all()


def test_ties_go_to_the_lowest() -> None:
    """All rows alike, all shifts alike: row 0, shift -1."""
    head = PROGRAM.read_heads[0]
    search = Layer(np.zeros_like(head.weight), [1, 1, 1, 1, 5, 0, 0, 0])
    program = replace(PROGRAM, read_heads=(search,))
    result = run(program, sequence(0, 1), 7)
    step = NtmInterpreter(program, 7).step(sequence(0, 1))
    wrote = int(step.addresses[0, 0])
    assert result.addresses[0, 1] in {6, (wrote - 1) % 7}


def test_a_batch_is_its_sequences() -> None:
    program = random_ntm(1, writers=2, recurrent=True)
    inputs = np.stack([sequence(seed, 15) for seed in range(5)])
    batch = run(program, inputs, 8)
    for i, one in enumerate(inputs):
        alone = run(program, one, 8)
        assert (alone.addresses == batch.addresses[i]).all()
        assert (alone.outputs == batch.outputs[i]).all()


def test_what_cannot_be_run_is_not() -> None:
    nothing = sequence(0, 0)
    for rows, inputs, status in (
        (0, sequence(0, 3), Status.INVALID_ARGUMENT),
        (2, sequence(0, 3), Status.TOO_FEW_ROWS),
        (3, sequence(0, 3) * np.nan, Status.INPUT_OUT_OF_RANGE),
        (3, np.full((3, 3), np.float32(2.0**25)), Status.INPUT_OUT_OF_RANGE),
        (2, nothing, Status.HALTED),
    ):
        result = run(PROGRAM, inputs, rows)
        assert (result.status, result.steps, len(result.outputs)) == (status, 0, 0)


def test_rows_never_exceed_the_largest_number() -> None:
    """A write head that never erases and adds 1 at the very edge."""
    bias = np.zeros(16)
    bias[[5, *range(8, 12)]] = 1, -100, -100, -100, -100
    bias[12:] = 100
    head = Layer(np.zeros((5, 16)), bias)
    start = np.array([LARGEST_NUMBER, LARGEST_NUMBER - 2, 0, -LARGEST_NUMBER])
    machine = NtmInterpreter(replace(PROGRAM, write_heads=(head,), initial_row=start), 1)
    for x in sequence(0, 10):
        machine.step(x[None])
    assert machine.memory.tolist() == [[[LARGEST_NUMBER, LARGEST_NUMBER, 10, -LARGEST_NUMBER + 10]]]


@pytest.mark.parametrize("seed", range(4))
def test_text_form_round_trips(tmp_path: Path, seed: int) -> None:
    program = random_ntm(seed, seed + 1, writers=1 + seed % 2, recurrent=seed > 1)
    path = tmp_path / "program.json"
    path.write_text(program.to_json())
    assert load_program(path) == program
    assert hash(load_program(path)) == hash(program)
    assert program != random_ntm(seed + 4, seed + 1)


@given(damaged_texts(PROGRAM.to_json()))
def test_a_damaged_text_is_a_program_or_one_line(text: str) -> None:
    expect_program_or_refusal(text)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"write_heads": ()}, "1..16 write heads, found 0"),
        ({"write_heads": PROGRAM.read_heads}, r"write head 0 to be \(5, 16\), found \(5, 8\)"),
        ({"controller": Layer(np.zeros((4, 5)), np.zeros(5))}, "input channels, found 0"),
        ({"initial_row": np.full(4, np.nan)}, "at most 1.67772e.07 in initial_row"),
        ({"initial_reads": np.zeros((2, 4))}, r"initial_reads to be \(1, 4\), found \(2, 4\)"),
        ({"output": Layer(np.full((9, 1), 1e35), np.zeros(1))}, "weights are so large"),
    ],
)
def test_parts_that_do_not_fit_are_refused(change: dict[str, object], reason: str) -> None:
    with pytest.raises(HardmaxError, match=reason):
        replace(PROGRAM, **change)


def test_a_memory_rule() -> None:
    assert [MemoryRule(2, 3).rows(steps) for steps in (0, 2, 3, 7)] == [2, 2, 3, 4]
    assert MemoryRule(5).rows(10**9) == 5
    for wrong in ((0, 1), (1, -1), (2**32, 1)):
        with pytest.raises(HardmaxError, match="constant in 1"):
            MemoryRule(*wrong)


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ([[1, 2]], r"shape \(..., 3\), found \(1, 2\)"),
        ([[1, 2, 3], [1, 2]], "all of one width"),
        ([["a", "b", "c"]], "inputs that are numbers"),
        ([[1, 2, 3], [1, float("nan"), 3]], r"found nan at \[1, 1\]"),
        ([[1, 2, float("-inf")]], r"found -inf at \[0, 2\]"),
        ([[1e30, 2, 3]], r"found 1e\+30 at \[0, 0\]"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(inputs: list[Any], reason: str) -> None:
    with pytest.raises(HardmaxError, match=reason):
        checked_inputs(inputs, 3)
