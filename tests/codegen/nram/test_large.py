"""Programs far larger than any that was learned are compiled too, with less effort a gate."""

from __future__ import annotations

import pytest

from hardmax.codegen.driver import Kind, emit
from hardmax.codegen.llvm_passes import MAX_BLOCKS, affordable
from hardmax.codegen.lower import lower
from hardmax.codegen.nram import lower as nram_lower
from hardmax.codegen.nram.explain import explain
from hardmax.codegen.nram.lower import MAX_OPERATIONS, is_large
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.nram.gates import Gate
from hardmax.runtime.nram.interpreter import run
from hardmax.runtime.nram.program import Circuit, Metadata, Operation, Program, Row, StepBudget
from tests.support.native import JitProgram
from tests.support.paper_programs import copy_program

LONGER_THAN_THE_STACK = 1200
"""Operations, each of which needs the one before: no analysis may recurse along them."""


def chain(*gates: Gate) -> Program:
    """Write to cell 0, again and again, what the gates make of the register; then count it up."""
    operations = []
    for value, gate in enumerate(gates):
        operands = (value, value) if gate is Gate.ADD else (value,)
        operations.append(Operation(gate, operands))
    zero, step = len(gates) + 1, len(gates) + 3
    operations += [
        Operation(Gate.ZERO, ()),
        Operation(Gate.WRITE, (zero, len(gates))),
        Operation(Gate.INC, (0,)),
    ]
    row = Row(Circuit(tuple(operations), (step,), halt=False))
    return Program(1, ((row, row),), Metadata("chain", StepBudget(1, 1)))


def state_ring(states: int) -> Program:
    """States that follow one another; in each the register rises."""
    circuit = Circuit((Operation(Gate.INC, (0,)), Operation(Gate.WRITE, (0, 1))), (1,), halt=False)
    table = [(Row(circuit, (s + 1) % states),) * 2 for s in range(states)]
    return Program(1, tuple(table), Metadata("ring", StepBudget(1, 1)))


@pytest.mark.parametrize("level", [1, 2])
@pytest.mark.parametrize(
    "program",
    # LLVM itself takes twice as long with every further value that is used twice.
    [chain(*LONGER_THAN_THE_STACK * (Gate.INC,)), chain(*14 * (Gate.ADD,))],
    ids=["long", "every value twice"],
)
def test_a_large_circuit_does_what_the_interpreter_does(program: Program, level: int) -> None:
    native = JitProgram(program, level)
    for memory, steps in (((0, 0, 0), 2), ((1, 2, 3, 4, 0, 5, 6), 5)):
        assert native.run(memory, steps) == run(program, memory, steps)


def test_what_was_learned_is_not_large() -> None:
    assert not is_large(copy_program())
    assert not is_large(chain(*(MAX_OPERATIONS - 3) * (Gate.INC,)))
    assert is_large(chain(*MAX_OPERATIONS * (Gate.INC,)))


def test_llvm_makes_less_effort_for_modules_of_many_blocks() -> None:
    assert affordable(lower(copy_program(), "", 0), 3) == 3
    assert affordable(lower(state_ring(1 + MAX_BLOCKS // 3), "", 0), 3) == 0


def test_a_program_beyond_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nram_lower, "MAX_SIZE", 20)
    with pytest.raises(HardmaxError, match=r"of at most 20 rows and operations, found 21$"):
        emit(state_ring(7), Kind.LLVM_IR, level=0)


def test_there_is_nothing_to_explain_of_a_large_program() -> None:
    with pytest.raises(HardmaxError, match="found one that is compiled as it is"):
        explain(chain(*MAX_OPERATIONS * (Gate.INC,)))
