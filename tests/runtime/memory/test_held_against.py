"""Programs held against examples: what is right, what is wrong, and who halts."""

from __future__ import annotations

from hardmax.runtime.abi import Status
from hardmax.runtime.memory.examples import Cells, Example
from hardmax.runtime.memory.held_against import hold_against
from hardmax.runtime.nram.interpreter import Result
from hardmax.runtime.nram.program import StepBudget

BUDGET = StepBudget(0, 10)
EXAMPLES = [Example((1, 0, value), (value, None, value), f"line {value}") for value in range(3)]


def set_first(memory: Cells, max_steps: int) -> Result:
    """Right on all of them; the cell in the middle does not matter."""
    return Result((memory[2], 2, memory[2]), 5, Status.HALTED)


def test_a_program_is_right_where_every_cell_that_matters_is() -> None:
    report = hold_against(set_first, BUDGET, EXAMPLES, "examples")
    assert (report.right, report.halted, report.sizes) == (True, 3, (3, 3))
    assert report.verdict == "right on all 3 examples"
    assert str(report) == (
        "3 examples, memories of 3 to 3 cells: right, and the same in 10 times the budget; "
        "halts by itself"
    )
    assert report.to_data()["first_wrong"] is None


def test_a_program_that_idles_has_to_be_right_in_overtime_too() -> None:
    def restless(memory: Cells, max_steps: int) -> Result:
        first = memory[2] if max_steps == 10 or memory[2] == 0 else 1
        return Result((first, 0, memory[2]), max_steps, Status.STEP_LIMIT)

    report = hold_against(restless, BUDGET, EXAMPLES, "examples")
    assert report.verdict == "wrong on 1 of 3 examples"
    assert report.wrong[0].words() == ("--max-steps", "100", "1", "0", "2")
    assert report.halting == "never halts by itself: a run takes its whole step budget"
    assert "the first is line 2: expected 2 in cell 0, found 1" in str(report)


def test_a_run_that_breaks_is_wrong() -> None:
    def broken(memory: Cells, max_steps: int) -> Result:
        if memory[2] == 1:
            return Result((1, 0, 1), 2, Status.VALUE_OUT_OF_RANGE)
        return set_first(memory, max_steps)

    report = hold_against(broken, BUDGET, EXAMPLES, "examples")
    assert report.halting == "halts by itself in 2 of 3 runs"
    assert [str(wrong) for wrong in report.wrong] == ["line 1: value out of range"]
    assert report.wrong[0].words() == ("1", "0", "1")


def test_what_is_too_long_is_not_typed() -> None:
    example = Example((0,) * 1001, (1,) * 1001, "line 1")
    report = hold_against(
        lambda memory, steps: Result(memory, 1, Status.HALTED), BUDGET, [example], "examples"
    )
    assert report.wrong[0].words() is None
