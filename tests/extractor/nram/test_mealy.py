"""LSTMs as programs: the exact one, and the Mealy machine that does the same."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given

from hardmax import verify
from hardmax.codegen.driver import Kind, emit
from hardmax.extractor.nram.drop_unused_reads import drop_unused_reads
from hardmax.extractor.nram.extract import extract
from hardmax.extractor.nram.lstm import recurrent_program
from hardmax.extractor.nram.mealy import Mealy, NoMealyError, find_mealy
from hardmax.extractor.nram.passes import simplify
from hardmax.runtime.abi import Status
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.float32 import Layer
from hardmax.runtime.loader import load_ram
from hardmax.runtime.nram.gates import Gate
from hardmax.runtime.nram.interpreter import run, trace
from hardmax.runtime.nram.lstm import RecurrentProgram
from hardmax.runtime.nram.passes.reachability import following, known_at_start
from hardmax.runtime.nram.program import Metadata, Program, StepBudget
from hardmax.trainer.layers import ControllerConfig
from hardmax.trainer.nram import lstm
from hardmax.trainer.nram.acceptance import acceptance_examples
from hardmax.trainer.nram.checkpoint import load_model
from hardmax.trainer.nram.controller import Controller
from hardmax.trainer.nram.discrete import run_discrete
from hardmax.trainer.nram.model import Model
from hardmax.trainer.nram.tasks import TASKS
from hardmax.trainer.nram.wiring import Wiring
from tests.support.controllers import random_controller
from tests.support.native import JitProgram
from tests.support.paths import MODELS
from tests.support.recurrent_programs import random_program
from tests.support.strategies import memories, programs
from tests.support.tables import table_from_program
from tests.support.trained import access_program

ACCESS = TASKS["access"]
WIRING = Wiring(2, 1)
METADATA = Metadata("any", StepBudget(0, 9))


def counting_program(steps: int) -> RecurrentProgram:
    """Halts after so many timesteps, whatever it sees: its one cell counts to 0 from below.

    Nothing else is ever chosen than value 0, so that r1 keeps its 0.
    """
    drawn = random_program(0, registers=1, hidden=2)
    logits = drawn.decisions.weight.shape[1]
    cell = np.zeros(8)
    cell[[0, 1, 2, 3, 4, 5]] = 50.0  # remember, admit and emit everything
    cell[[6, 7]] = np.arctanh(1 / 16)  # and add 1/16 in every timestep
    threshold = (np.tanh(steps / 16) + np.tanh((steps - 1) / 16)) / 2
    return replace(
        drawn,
        inputs=Layer(np.zeros((1, 2)), np.zeros(2)),
        cell=Layer(np.zeros((4, 8)), cell),
        decisions=Layer(np.zeros((2, logits)), np.zeros(logits)),
        halting=Layer(np.array([[1.0], [0.0]]), np.array([-threshold])),
    )


@pytest.fixture(scope="module")
def model() -> Model:
    """An LSTM for Access."""
    controller = Controller(WIRING, ControllerConfig("lstm", hidden=12), members=1)
    controller.initialise(0, torch.Generator().manual_seed(1))
    table = table_from_program(access_program())
    assert lstm.learn_table(ACCESS, controller, table, acceptance_examples(ACCESS))
    return Model(ACCESS, controller, {"complexity": 5})


@pytest.mark.parametrize("seed", range(4))
def test_the_exact_lstm_is_the_trained_one(seed: int) -> None:
    controller = random_controller(
        kind="lstm", registers=3, repetitions=2, hidden=9, seed=seed, dtype=torch.float32
    )
    program = recurrent_program(controller, METADATA)
    native = JitProgram(program, 2)
    generator = torch.Generator().manual_seed(seed)
    for size in (1, 2, 3, 7):
        memory = torch.randint(size, (10, size), generator=generator)
        budget = torch.full((10,), 12)
        expected = run_discrete(controller, memory, torch.full((10,), size), budget)
        for i, cells in enumerate(memory.tolist()):
            result = native.run(cells, 12)
            assert result == run(program, cells, 12)
            assert list(result.memory) == expected.memory[i].tolist()
            assert result.steps == expected.steps[i]
            assert result.halted == expected.halted[i]


def test_a_feedforward_controller_is_no_recurrent_program() -> None:
    with pytest.raises(HardmaxError, match=r"recurrent controller \(lstm\), found mlp"):
        recurrent_program(random_controller(), METADATA)


def equal_on_small_memories(program: RecurrentProgram, mealy: Program) -> None:
    """On every memory of up to 4 cells."""
    for size in range(1, 5):
        for memory in itertools.product(range(size), repeat=size):
            assert run(mealy, memory, 12) == run(program, memory, 12)


def test_a_trained_lstm_is_a_mealy_machine(model: Model) -> None:
    program = recurrent_program(model.controller, METADATA)
    found = find_mealy(program, WIRING)
    assert found.complete
    assert found.margin.value > 0  # here on bits that no input of Access leads to
    equal_on_small_memories(program, found.program)
    simplified = drop_unused_reads(simplify(found.program))
    equal_on_small_memories(program, simplified)
    assert sum(1 for _ in simplified.rows()) <= 4


@pytest.mark.parametrize("steps", [1, 2, 5, 9])
def test_a_counter_has_as_many_states_as_timesteps(steps: int) -> None:
    """All its rows but the last hold the same circuit: only when it halts tells them apart."""
    program = counting_program(steps)
    wiring = Wiring(1, 1)
    assert run(program, (0, 0), 20).steps == steps
    assert run(program, (0, 0), 20).status is Status.HALTED
    found = find_mealy(program, wiring)
    assert found.complete
    assert found.length == steps
    assert len(found.program.table) == steps
    assert run(found.program, (0, 0), 20) == run(program, (0, 0), 20)
    if steps > 1:
        with pytest.raises(NoMealyError, match=f"no Mealy machine of at most {steps - 1} states"):
            find_mealy(program, wiring, max_states=steps - 1)


@pytest.fixture(scope="module")
def irregular() -> tuple[RecurrentProgram, Mealy]:
    """A machine of several states that nobody trained."""
    program = random_program(6, registers=2, hidden=3, scale=3.0)
    found = find_mealy(program, WIRING)
    assert len(found.program.table) > 1
    return program, found


@given(memory=memories(max_size=9))
def test_an_untrained_lstm_and_its_mealy_machine_agree(
    irregular: tuple[RecurrentProgram, Mealy], memory: tuple[int, ...]
) -> None:
    program, found = irregular
    assert run(found.program, memory, 40) == run(program, memory, 40)


def test_what_was_compared_is_stated(irregular: tuple[RecurrentProgram, Mealy]) -> None:
    _, found = irregular
    assert "equal to the LSTM on every possible sequence of zero-bits" in found.claim
    partly = replace(found, length=7, complete=False)
    assert "up to 7 timesteps and on 64 random ones up to 512" in partly.claim


@given(program=programs(), memory=memories())
def test_what_follows_a_circuit_is_among_what_can(
    program: Program, memory: tuple[int, ...]
) -> None:
    possible = {program.start_bits: known_at_start(program.registers)}
    for timestep in trace(program, memory, 12):
        bits = sum(1 << i for i, value in enumerate(timestep.registers) if value == 0)
        row = program.table[timestep.state][bits] if isinstance(timestep.state, int) else None
        assert row is not None
        possible = following(row.circuit, possible[bits])


def test_what_cannot_follow_a_circuit_is_left_out() -> None:
    """After READ, ONE and ZERO into three registers, what was read alone is unknown."""
    wiring = Wiring(3, 1)
    choices = [0] * wiring.decisions
    modules = (Gate.READ, Gate.ONE, Gate.ZERO)
    choices[wiring.updates] = [3 + wiring.modules.index(gate) for gate in modules]
    circuit = wiring.circuit(choices, halt=False)
    possible = following(circuit, known_at_start(3))
    assert list(possible) == [0b100, 0b101, 0b111]  # the last where M = 1, and so 1 is 0
    assert [sum(entry > 0 for entry in known) for known in possible.values()] == [4, 4, 1]


def test_extraction_prefers_the_mealy_machine(model: Model) -> None:
    extraction = extract(model)
    assert isinstance(extraction.program, Program)
    assert extraction.form.startswith("Mealy machine of ")
    assert extraction.program.metadata.model_hash == model.digest()
    assert (
        extraction.margin
        == find_mealy(recurrent_program(model.controller, METADATA), WIRING).margin
    )
    batch = ACCESS.sample(torch.full((20,), 30), 40, torch.Generator().manual_seed(0))
    native = JitProgram(extraction.program, 2)
    for memory, expected in zip(batch.inputs.tolist(), batch.expected.tolist(), strict=True):
        assert native.run(memory, 1000).memory[0] == expected[0]


def test_extraction_falls_back_on_the_lstm_itself() -> None:
    controller = random_controller(kind="lstm", registers=2, hidden=4, seed=1, dtype=torch.float32)
    with torch.no_grad():
        controller.cell.weight.mul_(4)  # so that it settles nowhere
    extraction = extract(Model(ACCESS, controller, {}))
    program = extraction.program
    assert isinstance(program, RecurrentProgram)
    assert extraction.form.startswith("the LSTM itself: no Mealy machine of at most 64 states")
    assert 0 <= extraction.margin.value < 1
    native = JitProgram(program, 2)
    memory = (1, 2, 0, 3)
    expected = run_discrete(
        controller, torch.tensor([memory]), torch.tensor([4]), torch.tensor([30])
    )
    result = native.run(memory, 30)
    assert list(result.memory) == expected.memory[0].tolist()
    assert result.steps == expected.steps[0]


@pytest.mark.parametrize("name", ["access", "listk"])
def test_a_shipped_lstm_is_right_far_beyond_its_training(name: str) -> None:
    """As itself and as a Mealy machine, on inputs of complexity 1,000."""
    model = load_model(MODELS / f"{name}-lstm.pt")
    extraction = extract(model)
    assert isinstance(extraction.program, Program)
    itself = recurrent_program(model.controller, METADATA)
    batch = model.task.sample(
        torch.full((5,), 1000),
        model.task.minimum_size(1000),
        torch.Generator().manual_seed(0),
    )
    budget = model.task.budget.steps(batch.inputs.shape[1])
    for program in (extraction.program, itself):
        native = JitProgram(program, 2)
        for memory, expected, output in zip(
            batch.inputs.tolist(), batch.expected.tolist(), batch.output, strict=True
        ):
            result = native.run(memory, 10 * budget)
            assert result.steps <= budget
            for cell in output.nonzero().flatten().tolist():
                assert result.memory[cell] == expected[cell]


def test_either_form_is_verified_against_the_model(model: Model, tmp_path: Path) -> None:
    itself = recurrent_program(model.controller, extract(model).program.metadata)
    for program in (itself, extract(model).program):
        path = tmp_path / "access.so"
        path.write_bytes(emit(program, Kind.SHARED_LIBRARY))
        report = verify(model, load_ram(path), examples=15, samples=50)
        assert report.exact, report
