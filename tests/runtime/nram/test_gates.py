"""One instruction set, several meanings: all of them agree on every argument pair for small M."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from hardmax.runtime.nram.gates import EFFECTS, GATES, STANDARD_MODULES, Gate
from hardmax.runtime.nram.interpreter import run
from hardmax.runtime.nram.program import Metadata, StepBudget
from hardmax.trainer.layers import ControllerConfig
from hardmax.trainer.nram.controller import Controller
from hardmax.trainer.nram.discrete import ARITHMETIC as TENSOR_MEANING
from hardmax.trainer.nram.gates import FUZZY_MEANING
from hardmax.trainer.nram.machine import hard, timesteps
from hardmax.trainer.nram.native.evaluation import LANES
from hardmax.trainer.nram.reference import certain, module
from hardmax.trainer.nram.search.judge import count_wrong
from hardmax.trainer.nram.search.kernel import Examples, lanes_for, run_lanes, table_machine
from hardmax.trainer.nram.search.table import Shape, Table
from hardmax.trainer.nram.wiring import Wiring
from tests.support.cases import ARITHMETIC, PAPER, SIZES, argument_pairs

Meaning = Callable[[int, int, int], int]

EVERY_MODULE = (*(gate for gate in Gate if gate is not Gate.WRITE), Gate.WRITE)
"""The standard modules, and among them those of gates that the paper does not have."""


def one_hot(value: int, size: int) -> Tensor:
    return torch.nn.functional.one_hot(torch.tensor(value), size).float()


def integer_meaning(gate: Gate) -> Meaning:
    meaning = GATES[gate].meaning
    assert meaning is not None
    return meaning


def fuzzy_meaning(gate: Gate) -> Meaning:
    def meaning(a: int, b: int, m: int) -> int:
        output = FUZZY_MEANING[gate](one_hot(a, m), one_hot(b, m))
        value = int(output.argmax())
        assert torch.equal(output, one_hot(value, m)), "one-hot in, exactly one-hot out"
        return value

    return meaning


def tensor_meaning(gate: Gate) -> Meaning:
    def meaning(a: int, b: int, m: int) -> int:
        operands = torch.tensor([[a, b][: GATES[gate].arity]], dtype=torch.int64)
        return int(TENSOR_MEANING[gate](operands, torch.tensor([m])))

    return meaning


def reference_meaning(gate: Gate) -> Meaning:
    def meaning(a: int, b: int, m: int) -> int:
        output = module(gate, certain(a, m), certain(b, m))
        value = int(output.argmax())
        assert output.tolist() == certain(value, m).tolist()
        return value

    return meaning


@pytest.mark.parametrize(
    "meaning_of", [integer_meaning, fuzzy_meaning, tensor_meaning, reference_meaning]
)
@pytest.mark.parametrize("gate", ARITHMETIC)
def test_meanings_agree_on_every_argument_pair(
    gate: Gate, meaning_of: Callable[[Gate], Meaning]
) -> None:
    meaning = meaning_of(gate)
    cases = [case for size in SIZES for case in argument_pairs(size)]
    assert [meaning(*case) for case in cases] == [PAPER[gate](*case) for case in cases]


@pytest.mark.parametrize("gate", ARITHMETIC)
def test_a_gate_ignores_what_it_has_no_operand_for(gate: Gate) -> None:
    meaning = integer_meaning(gate)
    for a, b, size in argument_pairs(5):
        if GATES[gate].arity < 2:
            assert meaning(a, b, size) == meaning(a, 0, size)
        if GATES[gate].arity < 1:
            assert meaning(a, b, size) == meaning(0, b, size)


def test_every_gate_has_a_fuzzy_meaning_or_touches_memory() -> None:
    assert set(FUZZY_MEANING) == set(ARITHMETIC) == set(Gate) - EFFECTS


def test_modules_are_in_the_papers_order() -> None:
    assert [gate.value for gate in STANDARD_MODULES] == [
        *("READ", "ZERO", "ONE", "TWO", "INC", "ADD", "SUB", "DEC", "LESS-THAN"),
        *("LESS-OR-EQUAL-THAN", "EQUALITY-TEST", "MIN", "MAX", "WRITE"),
    ]


def table_of(gate: Gate, modules: tuple[Gate, ...] = EVERY_MODULE) -> Table:
    """One timestep that applies a gate to the values of cells 0 and 1 mod M, and halts.

    The output goes to cell 0; READ follows the pointer in cell 0, and WRITE follows it to store
    cell 1's value.
    """
    shape = Shape(1, modules * 2)
    row = np.zeros(shape.slots, dtype=np.int16)
    row[shape.halt_slot] = 1

    def wire(gate: Gate, repetition: int, *operands: int) -> int:
        """Set a module's operands; the number of its output."""
        position = modules.index(gate) + len(modules) * repetition
        slot = shape.operand_slot(position)
        row[slot : slot + len(operands)] = operands
        return shape.registers + position

    zero = 0  # the register, in the first timestep
    first = wire(Gate.READ, 0, zero)
    wire(Gate.WRITE, 0, zero, first)  # puts cell 0's own value back
    if gate is Gate.READ:
        wire(Gate.WRITE, 1, zero, wire(Gate.READ, 1, first))
    else:
        second = wire(Gate.READ, 1, wire(Gate.ONE, 0))
        if gate is Gate.WRITE:
            wire(Gate.WRITE, 1, first, second)
        else:
            wire(Gate.WRITE, 1, zero, wire(gate, 1, *(first, second)[: GATES[gate].arity]))
    return Table(shape, np.stack((row, row)))


def memories_for(size: int) -> list[list[int]]:
    """Every memory of a small size, every pair of cells 0 and 1 for a larger one."""
    free = size if size <= 3 else 2
    return [[*values, *range(free, size)] for values in itertools.product(range(size), repeat=free)]


def after(gate: Gate, memory: list[int]) -> list[int]:
    """What :func:`table_of` is to leave."""
    size = len(memory)
    a, b = memory[0], memory[1 % size]
    result = list(memory)
    if gate is Gate.WRITE:
        result[a] = b
    else:
        result[0] = memory[a] if gate is Gate.READ else PAPER[gate](a, b, size)
    return result


def by_interpreter(table: Table, memories: list[list[int]]) -> list[list[int]]:
    program = table.to_program(Metadata("one gate", StepBudget(0, 1)))
    return [list(run(program, memory, 1).memory) for memory in memories]


def by_discretized_machine(table: Table, memories: list[list[int]]) -> list[list[int]]:
    wiring = Wiring(table.shape.registers, 2)
    controller = Controller(wiring, ControllerConfig("mlp", 1), members=1)
    bias = controller.decisions.bias.detach().view(wiring.decisions, wiring.values)
    for module_number, decisions in enumerate(wiring.operands):
        for i, decision in enumerate(decisions):
            slot = table.shape.operand_slot(module_number) + i
            bias[decision, int(table.code[0, slot])] = 1
    tapes = torch.tensor([memories])
    budget = torch.ones(tapes.shape[:2], dtype=torch.int64)
    (step,) = timesteps(controller, tapes, budget, hard)
    final = step.memory[0].argmax(-1)
    assert torch.equal(step.memory[0], torch.nn.functional.one_hot(final, tapes.shape[-1]).float())
    return final.tolist()


@pytest.mark.parametrize("gate", Gate)
def test_the_interpreter_agrees_on_every_gate(gate: Gate) -> None:
    for size in SIZES:
        memories = memories_for(size)
        left = by_interpreter(table_of(gate), memories)
        assert left == [after(gate, memory) for memory in memories]


@pytest.mark.parametrize("gate", STANDARD_MODULES)
def test_the_discretized_machine_agrees_on_every_gate_that_it_has(gate: Gate) -> None:
    for size in SIZES:
        memories = memories_for(size)
        left = by_discretized_machine(table_of(gate, STANDARD_MODULES), memories)
        assert left == [after(gate, memory) for memory in memories]


@pytest.mark.parametrize("gate", Gate)
def test_search_kernel_agrees_on_every_gate(gate: Gate) -> None:
    """It counts wrong cells: none against the right memory, one where one cell is another."""
    table = table_of(gate)
    for size in SIZES:
        tapes = np.array(memories_for(size))
        steps = np.full(len(tapes), 3)  # but it halts after the first
        right = np.array([after(gate, memory) for memory in tapes.tolist()])
        other = right.copy()
        other[:, -1] += 1
        for expected, count in ((right, 0), (other, 1)):
            examples = Examples(
                memory=tapes,
                size=np.full(len(tapes), size),
                steps=steps,
                expected=expected,
                output=np.ones_like(tapes, dtype=np.bool_),
                wrong=(tapes != expected).sum(axis=1),
            )
            machine = table_machine(table, 1, size)
            wrong, _ = count_wrong(machine, examples, steps)
            assert (wrong == count).all()
            lanes = lanes_for(machine, size)
            for first in range(0, len(tapes), LANES):
                group = np.arange(len(tapes))[first : first + LANES]
                run_lanes(machine, lanes, examples, group, steps[group])
                assert (lanes.wrong[: len(group)] == count).all()
