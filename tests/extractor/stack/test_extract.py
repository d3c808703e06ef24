"""The program that comes out of a stack machine is its hardmax, on any input."""

from __future__ import annotations

import itertools

import pytest
import torch

from hardmax.extractor.stack.extract import extract_stack, stack_program
from hardmax.extractor.stack.reachability import part_reads
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.stack.interpreter import run
from hardmax.runtime.stack.program import Operation, Structure
from hardmax.trainer.decisions import HARD
from tests.support.stack_models import random_model

SHAPES = [
    (("stack",), 1, 0),
    (("stack",), 2, 2),
    (("queue",), 1, 1),
    (("queue",), 2, 0),
    (("deque",), 1, 1),
    (("deque",), 2, 0),
    (("stackrnn",), 1, 2),
    (("queue", "stack"), 1, 1),
]
STEPS = 40


@pytest.mark.parametrize(("structures", "depth", "bits"), SHAPES)
@pytest.mark.parametrize("seed", range(3))
def test_the_program_does_what_the_discretized_machine_does(
    structures: tuple[str, ...], depth: int, bits: int, seed: int
) -> None:
    model = random_model(seed, structures, depth, bits)
    inputs = torch.randint(4, (30, STEPS), generator=torch.Generator().manual_seed(seed))
    program = stack_program(model)
    found = [run(program, symbols, 2 * STEPS).outputs.tolist() for symbols in inputs.numpy()]
    assert found == model.answers(inputs, HARD).tolist()
    assert found == model.machine(inputs[None], HARD)[0].argmax(-1).tolist()


@pytest.mark.parametrize("structure", Structure)
@pytest.mark.parametrize("depth", [1, 2])
def test_whatever_can_be_read_after_an_operation_is_foreseen(
    structure: Structure, depth: int
) -> None:
    """Held against all contents of up to seven cells of two values."""
    two_ended = structure is Structure.DEQUE
    popping = itertools.product((False, True), (False, True) if two_ended else (False,))
    at_top = structure is not Structure.QUEUE
    pushes = itertools.product(
        (None, 0) if at_top else (None,), (None, 1) if structure is not Structure.STACK else (None,)
    )

    def reads(held: list[int]) -> tuple[int, ...]:
        ends = [held[::-1][:depth], held[:depth]][: structure.ends]
        return tuple(cell for end in ends for cell in (*end, *[0] * (depth - len(end))))

    for (pop_top, pop_bottom), (push_top, push_bottom) in itertools.product(popping, pushes):
        operation = Operation(pop_top, push_top, pop_bottom, push_bottom)
        found: dict[tuple[int, ...], set[tuple[int, ...]]] = {}
        for length in range(8):
            for held in map(list, itertools.product((1, 2), repeat=length)):
                before = reads(held)
                if pop_top and held:
                    held.pop()
                if pop_bottom and held:
                    held.pop(0)
                if push_top is not None:
                    held.append(push_top + 1)
                if push_bottom is not None:
                    held.insert(0, push_bottom + 1)
                found.setdefault(before, set()).add(reads(held))
        for before, after in found.items():
            assert part_reads(structure, depth, before, operation, frozenset((0, 1))) == after


def test_margins_are_of_what_the_machine_decides() -> None:
    extraction = extract_stack(random_model(0, ("stack", "stackrnn"), state_bits=1))
    sorts = [margin.where.split(",")[0] for margin in extraction.margins]
    assert sorts == ["strength", "state", "action", "value", "output"]
    assert all(margin.value >= 0 for margin in extraction.margins)
    assert set(extraction.met) <= extraction.program.table.keys()
    assert "state 0:" in extraction.listing()


def test_an_lstm_has_no_table() -> None:
    with pytest.raises(HardmaxError, match="expected a feedforward controller, found an LSTM"):
        stack_program(random_model(0, controller="lstm"))
