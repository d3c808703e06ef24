"""Programs far larger than any that was learned are compiled too, with less effort a gate."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hardmax.codegen.driver import Kind, emit
from hardmax.codegen.llvm_passes import MAX_BLOCKS, affordable
from hardmax.codegen.lower import lower
from hardmax.codegen.nram import lower as nram_lower
from hardmax.codegen.nram.explain import explain
from hardmax.codegen.nram.lower import MAX_OPERATIONS, is_large
from hardmax.runtime.abi import Status
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.nram.abi import RUN, RUN_INTERRUPTIBLE
from hardmax.runtime.nram.gates import Gate
from hardmax.runtime.nram.interpreter import Result, run
from hardmax.runtime.nram.program import Circuit, Metadata, Operation, Program, Row, StepBudget
from tests.support.native import JitProgram
from tests.support.paper_programs import copy_program
from tests.support.strategies import programs

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
    [
        chain(*LONGER_THAN_THE_STACK * (Gate.INC,)),
        # The ways back from its last value double with every one.
        chain(*40 * (Gate.ADD,)),
    ],
    ids=["long", "every value twice"],
)
def test_a_large_circuit_does_what_the_interpreter_does(program: Program, level: int) -> None:
    native = JitProgram(program, level)
    for memory, steps in (((0, 0, 0), 2), ((1, 2, 3, 4, 0, 5, 6), 5)):
        assert native.run(memory, steps) == run(program, memory, steps)


class Walked:
    """Programs as native code that walks over their tables, however small they are."""

    def __init__(self, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(nram_lower, "is_large", lambda program: True)
            patch.setattr(nram_lower, "MAX_STRAIGHT_ROWS", 0)
            self.native = JitProgram(program, level=1, names=(RUN, RUN_INTERRUPTIBLE))

    def interruptible(self, memory: tuple[int, ...], max_steps: int) -> Result:
        cells = np.array(memory, dtype=np.uint32)
        steps, stop = ctypes.c_uint64(), ctypes.c_int32(0)
        status = self.native.function(RUN_INTERRUPTIBLE)(
            cells.ctypes.data,
            len(cells),
            max_steps,
            ctypes.byref(steps),
            ctypes.byref(stop),
        )
        return Result(tuple(cells.tolist()), steps.value, Status(status))


@settings(
    max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(programs(), st.data())
def test_a_walk_over_the_table_does_what_the_interpreter_does(
    monkeypatch: pytest.MonkeyPatch, program: Program, data: st.DataObject
) -> None:
    walked = Walked(program, monkeypatch)
    for _ in range(4):
        size = data.draw(st.integers(1, 9))
        cell = st.integers(0, size)  # a value of the memory's size is out of range
        memory = data.draw(st.tuples(*size * [cell]))
        steps = data.draw(st.integers(0, 12))
        expected = run(program, memory, steps)
        assert walked.native.run(memory, steps) == expected
        assert walked.interruptible(memory, steps) == expected


def test_ten_thousand_states_are_compiled() -> None:
    program = state_ring(10_000)
    native = JitProgram(program, level=2)
    for steps in (0, 3, 10_003):
        assert native.run((0,) * 7, steps) == run(program, (0,) * 7, steps)


def test_what_was_learned_is_not_large() -> None:
    assert not is_large(copy_program())
    assert not is_large(chain(*(MAX_OPERATIONS - 3) * (Gate.INC,)))
    assert is_large(chain(*MAX_OPERATIONS * (Gate.INC,)))


def test_llvm_makes_less_effort_for_modules_of_many_blocks() -> None:
    assert affordable(lower(copy_program(), "", 0), 3) == 3
    assert affordable(lower(state_ring(1 + MAX_BLOCKS // 3), "", 0), 3) == 0


def test_a_program_beyond_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nram_lower, "MAX_SIZE", 20)
    monkeypatch.setattr(nram_lower, "is_large", lambda program: True)
    with pytest.raises(HardmaxError, match=r"of at most 20 rows and operations, found 21$"):
        emit(state_ring(7), Kind.LLVM_IR)


def test_a_circuit_too_long_for_the_stack_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nram_lower, "MAX_STRAIGHT_SIZE", 600)
    monkeypatch.setattr(nram_lower, "MAX_WALKED_OPERATIONS", 600)
    with pytest.raises(HardmaxError, match=r"at most 600 operations .* found one of 603$"):
        emit(chain(*600 * (Gate.INC,)), Kind.LLVM_IR)


def test_there_is_nothing_to_explain_of_a_large_program() -> None:
    with pytest.raises(HardmaxError, match="found one that is compiled as it is"):
        explain(chain(*MAX_OPERATIONS * (Gate.INC,)))
