"""The program that comes out of a model is its hardmax, and says how certain it is."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hardmax.extractor.nram.drop_unused_reads import drop_unused_reads
from hardmax.extractor.nram.extract import extract
from hardmax.runtime.nram.gates import Gate
from hardmax.runtime.nram.interpreter import Result, run
from hardmax.runtime.nram.program import Circuit, Metadata, Operation, Program, Row, StepBudget
from hardmax.trainer.nram.hardening import MARGIN, lookup_table
from hardmax.trainer.nram.model import Model
from hardmax.trainer.nram.tasks import find_task
from tests.support.controllers import random_controller
from tests.support.strategies import memories, programs
from tests.support.trained import access_program, model_of

STEPS = 20


def untrained(seed: int, kind: str = "mlp", registers: int = 3) -> Model:
    controller = random_controller(kind=kind, registers=registers, seed=seed, dtype=torch.float32)
    return Model(find_task("copy"), controller, {})


@given(program=programs(), memory=memories(), max_steps=st.integers(0, STEPS))
def test_without_unused_reads_runs_on_addresses_are_the_same(
    program: Program, memory: tuple[int, ...], max_steps: int
) -> None:
    assert run(drop_unused_reads(program), memory, max_steps) == run(program, memory, max_steps)


def test_an_unused_read_goes_and_so_does_what_only_it_needs() -> None:
    circuit = Circuit(
        (
            Operation(Gate.INC, (0,)),
            Operation(Gate.READ, (1,)),
            Operation(Gate.ONE, ()),
            Operation(Gate.WRITE, (0, 3)),
        ),
        outputs=(0,),
        halt=True,
    )
    program = Program(1, ((Row(circuit), Row(circuit)),), Metadata("test", StepBudget(0, 1)))
    (left,) = drop_unused_reads(program).circuits()
    assert left == Circuit(
        (Operation(Gate.ONE, ()), Operation(Gate.WRITE, (0, 1))), outputs=(0,), halt=True
    )


@settings(max_examples=50)
@given(seed=st.integers(0, 1000), memory=memories(), max_steps=st.integers(0, STEPS))
def test_the_program_does_what_the_whole_lookup_table_does(
    seed: int, memory: tuple[int, ...], max_steps: int
) -> None:
    model = untrained(seed)
    table, _ = lookup_table(model.controller, 0)
    whole = table.to_program(Metadata("copy", model.task.budget))
    assert run(extract(model).program, memory, max_steps) == run(whole, memory, max_steps)


def test_a_fitted_model_gives_its_program_back() -> None:
    model = model_of(access_program())
    extraction = extract(model)
    program = extraction.program
    for memory in ((3, 1, 12, 4) + (5,) * 12, (2, 3, 1, 0)):
        found = run(program, memory, 16)
        assert found == run(access_program(), memory, 16)
        assert found.halted
    assert program.metadata == Metadata(
        "access", find_task("access").budget, 5, model.digest(), {"torch": torch.__version__}
    )
    assert extraction.margin.value >= MARGIN - 0.01


@pytest.mark.parametrize(("gate", "live"), [(Gate.WRITE, True), (Gate.INC, False)])
def test_the_smallest_margin_of_a_live_decision_is_found_and_named(gate: Gate, live: bool) -> None:
    """Bring a decision of the first timestep to the brink; INC is used by nothing."""
    model = model_of(access_program())
    before = extract(model).margin
    wiring = model.controller.wiring
    module = wiring.modules.index(gate)
    decision = wiring.operands[module][-1]
    table, margins = lookup_table(model.controller, 0)
    row = 3
    chosen = table.code[row, table.shape.operand_slot(module) + len(wiring.operands[module]) - 1]
    biases = model.controller.decisions.bias.data.view(wiring.decisions, wiring.values)
    biases[decision, int(chosen)] -= margins[row, decision] - 0.5
    margin = extract(model).margin
    if live:
        assert margin.value == pytest.approx(0.5, abs=0.01)
        assert margin.where == f"row 11, a of WRITE (module {module + 1})"
    else:
        assert margin == before


@pytest.mark.parametrize("registers", [1, 12])
def test_few_and_many_registers(registers: int) -> None:
    program = extract(untrained(0, registers=registers)).program
    assert isinstance(program, Program)
    assert program.registers == registers
    assert len(program.table[0]) == 1 << registers
    assert isinstance(run(program, (1, 0), 5), Result)
