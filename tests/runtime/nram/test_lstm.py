"""The recurrent program: arithmetic, text form, and compiled code that agrees bit for bit."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hardmax.codegen.driver import Kind, emit
from hardmax.runtime.abi import Status
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.float32 import LARGEST_EXPONENT, Layer, exponential, sigmoid, tanh
from hardmax.runtime.loader import load_ram
from hardmax.runtime.metadata import read_metadata, write_metadata
from hardmax.runtime.nram.gates import STANDARD_MODULES, Gate
from hardmax.runtime.nram.interpreter import run, trace
from hardmax.runtime.nram.lstm import RecurrentProgram
from hardmax.runtime.programs import load_program, read_program
from tests.support.native import JitProgram
from tests.support.recurrent_programs import random_program
from tests.support.refusals import expect_program_or_refusal
from tests.support.strategies import arbitrary_memories, damaged_texts

PROGRAM = random_program(0)

SHAPES = {
    "one of everything": (1, 1, (Gate.WRITE,)),
    "no module": (2, 3, ()),
    "small": (3, 5, STANDARD_MODULES),
    "one over a vector": (2, 17, STANDARD_MODULES),
    "as trained": (4, 32, STANDARD_MODULES * 2),
    "many registers": (20, 4, STANDARD_MODULES),
}
"""Registers, LSTM cells, modules."""


def arguments() -> np.ndarray:
    """Many binary32 numbers of all magnitudes, and a fine grid where the functions bend."""
    bits = np.arange(0, 2**32, 65_521, dtype=np.uint64).astype(np.uint32)
    everything = bits.view(np.float32)
    grid = np.linspace(-12, 12, 200_001, dtype=np.float32)
    return np.concatenate((everything[np.isfinite(everything)], grid))


def test_exponential_is_within_its_stated_error() -> None:
    x = arguments()
    x = x[abs(x) <= LARGEST_EXPONENT]
    exact = np.exp(x.astype(np.float64))
    assert abs(exponential(x) / exact - 1).max() < 2e-7


def test_sigmoid_and_tanh_are_within_their_stated_error() -> None:
    x = arguments()
    wide = np.clip(x.astype(np.float64), -700, 700)
    assert abs(sigmoid(x) - 1 / (1 + np.exp(-wide))).max() < 2e-7
    assert abs(tanh(x) - np.tanh(wide)).max() < 2e-7
    assert (tanh(-x) == -tanh(x)).all()
    assert (abs(tanh(x)) <= 1).all()


def test_a_layer_adds_input_after_input() -> None:
    """1e8 swallows 1 in binary32, so that the order shows."""
    weight = np.array([[1.0], [1e8], [-1e8]])
    assert Layer(weight, np.array([0.0]))(np.ones((1, 3), np.float32)) == 0
    assert Layer(weight[[1, 2, 0]], np.array([0.0]))(np.ones((1, 3), np.float32)) == 1


def test_a_row_is_what_the_equations_say() -> None:
    """The LSTM and the argmax in float64, from the formulas in the class's docstring."""
    program, state = PROGRAM, PROGRAM.start_state
    h, c = np.zeros(5), np.zeros(5)
    for bits in (7, 5, 0, 3, 7):
        x = np.array([bits & 1, bits >> 1 & 1, bits >> 2 & 1], dtype=float)
        y = np.maximum(x @ program.inputs.weight + program.inputs.bias, 0)
        gates = np.concatenate((y, h)) @ program.cell.weight + program.cell.bias
        remember, admit, output, candidate = gates.reshape(4, 5)
        c = c / (1 + np.exp(-remember)) + np.tanh(candidate) / (1 + np.exp(-admit))
        h = np.tanh(c) / (1 + np.exp(-output))
        logits = h @ program.decisions.weight + program.decisions.bias
        ends = np.cumsum(program.choices)
        choices = tuple(int(part.argmax()) for part in np.split(logits, ends[:-1]))
        halt = bool(h @ program.halting.weight + program.halting.bias > 0)
        row = program.row(state, bits)
        assert row.circuit == program.circuit(choices, halt)
        state = row.next_state
        assert np.allclose(state.output, h, atol=1e-5)
        assert np.allclose(state.cell, c, atol=1e-5)


def test_ties_go_to_the_lowest_value() -> None:
    flat = replace(
        PROGRAM,
        decisions=Layer(
            np.zeros_like(PROGRAM.decisions.weight), np.zeros_like(PROGRAM.decisions.bias)
        ),
    )
    circuit = flat.row(flat.start_state, 7).circuit
    assert {operand for operation in circuit.operations for operand in operation.operands} == {0}
    memory = (1, 2, 3, 0)
    assert JitProgram(flat, 2).run(memory, 5) == run(flat, memory, 5)


@pytest.mark.parametrize("level", [0, 2])
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_native_code_agrees_bit_for_bit(
    shape: tuple[int, int, tuple[Gate, ...]], level: int
) -> None:
    registers, hidden, modules = shape
    random = np.random.default_rng(hidden)
    program = random_program(hidden, registers, hidden, modules)
    native = JitProgram(program, level)
    for _ in range(8):
        size = int(random.integers(1, 12))
        memory = random.integers(0, size + (random.random() < 0.3), size).tolist()
        steps = int(random.integers(0, 30))
        assert native.run(memory, steps) == run(program, memory, steps)


NATIVE = JitProgram(PROGRAM, 2)


@given(arbitrary_memories(), st.integers(0, 12))
def test_native_code_agrees_on_any_memory(memory: tuple[int, ...], max_steps: int) -> None:
    assert NATIVE.run(memory, max_steps) == run(PROGRAM, memory, max_steps)


def test_decisions_that_hang_on_the_last_bit_agree() -> None:
    """Weights of a few sizes make ties and near-ties the rule, not the exception."""
    seen = set()
    for seed in range(6):
        drawn = random_program(seed, hidden=4)
        coarse = {
            name: Layer(np.round(layer.weight), np.round(layer.bias))
            for name, layer in drawn.layers()
            if name != "halting"
        }
        halting = Layer(drawn.halting.weight, np.array([-0.2]))
        program = replace(drawn, **coarse, halting=halting)
        native = JitProgram(program, 2)
        for size in range(1, 8):
            memory = [(i * 3 + 1) % size for i in range(size)]
            result = run(program, memory, 20)
            assert native.run(memory, 20) == result
            seen.add(result.status)
    assert seen == {Status.HALTED, Status.STEP_LIMIT}


def test_compiled_code_carries_its_program(tmp_path: Path) -> None:
    path = tmp_path / "lstm.so"
    path.write_bytes(emit(PROGRAM, Kind.SHARED_LIBRARY))
    native = load_ram(path)
    assert native.program == PROGRAM
    assert (native.metadata["states"], native.metadata["circuits"]) == (0, 0)
    expected = run(PROGRAM, (2, 1, 0, 3), 16)
    result = native.run([2, 1, 0, 3], 16)
    assert (tuple(result.memory.tolist()), result.steps, result.status) == (
        expected.memory,
        expected.steps,
        expected.status,
    )


def test_a_trace_shows_every_timestep() -> None:
    steps = list(trace(PROGRAM, (2, 1, 0, 3), 16))
    assert len(steps) == run(PROGRAM, (2, 1, 0, 3), 16).steps
    assert all(len(step.accesses) == 2 for step in steps)


def test_text_form_round_trips(tmp_path: Path) -> None:
    for seed in range(5):
        program = random_program(seed, registers=seed + 1)
        path = tmp_path / "program.json"
        path.write_text(program.to_json())
        assert load_program(path) == program
        assert hash(load_program(path)) == hash(program)
    assert random_program(1) != random_program(2)
    assert read_metadata(write_metadata(PROGRAM, "me"))[1] == PROGRAM


@given(damaged_texts(PROGRAM.to_json()))
def test_a_damaged_text_is_a_program_or_one_line(text: str) -> None:
    expect_program_or_refusal(text)


@given(st.text(max_size=30))
@example("[]")
@example('{"format": "hardmax-recurrent-program"}')
@example("[" * 100_000)
def test_any_text_is_a_program_or_one_line(text: str) -> None:
    with pytest.raises(HardmaxError) as error:
        read_program(text)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"registers": 0}, "1..20 registers, found 0"),
        ({"registers": 4}, r"expected inputs to be \(4, 5\), found \(3, 5\)"),
        ({"modules": STANDARD_MODULES[1:]}, "expected decisions to be"),
        ({"halting": PROGRAM.inputs}, r"expected halting to be \(5, 1\)"),
        ({"inputs": Layer(np.zeros((3, 0)), np.zeros(0))}, "1..4096 LSTM cells, found 0"),
        (
            {"halting": Layer(np.full((5, 1), 3e38), np.zeros(1))},
            "weights are so large",
        ),
    ],
)
def test_parts_that_do_not_fit_are_refused(change: dict[str, object], reason: str) -> None:
    with pytest.raises(HardmaxError, match=reason):
        replace(PROGRAM, **change)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_weights_that_are_no_numbers_are_refused(value: float) -> None:
    with pytest.raises(HardmaxError, match="finite"):
        Layer(np.array([[value]]), np.zeros(1))


def test_weights_cannot_be_changed() -> None:
    weight = np.ones((1, 1), np.float32)
    layer = Layer(weight, np.zeros(1))
    weight[0, 0] = 5
    assert layer.weight[0, 0] == 1
    with pytest.raises(ValueError, match="read-only"):
        layer.weight[0, 0] = 5


def test_large_weights_do_not_overflow() -> None:
    program: RecurrentProgram = random_program(3, scale=1e6)
    native = JitProgram(program, 2)
    memory = (3, 1, 2, 0, 4)
    assert native.run(memory, 20) == run(program, memory, 20)
