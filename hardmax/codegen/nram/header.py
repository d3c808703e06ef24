"""What the C header of an NRAM's program says: a memory changed in place, and a step budget."""

from __future__ import annotations

from bisect import bisect_right

from hardmax.codegen.header_parts import HeaderParts
from hardmax.runtime.abi import (
    MAX_SIZE,
    MAX_STEPS,
)
from hardmax.runtime.memory.kind import MemoryProgram
from hardmax.runtime.nram.abi import (
    C_SIGNATURES,
    STATUS_TEXT,
)
from hardmax.runtime.nram.program import StepBudget

_DESCRIPTION = """\
 * step budget: {budget}
 *
 * {prefix}_run works on memory[0..size-1] in place, at most max_steps timesteps, stores the number
 * of completed timesteps in *steps unless steps is NULL, and returns a {prefix}_status. No access
 * leaves the array, whatever it holds. {prefix}_run_batch does so for count memories that lie one
 * after the other, stores timesteps in steps[i] and the status in statuses[i] unless steps or
 * statuses is NULL, and returns {capitals}_HALTED or the status of the first run that did not halt.
 * {prefix}_metadata returns JSON, valid for ever."""

_STEP_BUDGET = """\
/* The step budget: timesteps that suffice for a memory of size cells. */
static inline uint64_t {prefix}_step_budget(uint32_t size)
{{
    return {budget};
}}"""


def header_parts(program: MemoryProgram, prefix: str) -> HeaderParts:
    """The parts of the header of a program; ``prefix`` begins every name."""
    budget = program.metadata.budget
    return HeaderParts(
        description=_DESCRIPTION.format(
            budget=budget,
            prefix=prefix,
            capitals=prefix.upper(),
        ),
        constants="",
        requirement=_STEP_BUDGET.format(prefix=prefix, budget=_budget(budget)),
        status_text=STATUS_TEXT,
        signatures=C_SIGNATURES,
    )


def _budget(budget: StepBudget) -> str:
    """The budget as an expression of C that does not wrap around at any size."""
    if budget.steps(1) > MAX_STEPS:
        return "(void)size, UINT64_MAX"
    square = f"UINT64_C({budget.per_square}) * size * size + " if budget.per_square else ""
    steps = f"{square}UINT64_C({budget.per_cell}) * size + UINT64_C({budget.constant})"
    if budget.steps(MAX_SIZE) <= MAX_STEPS:
        return steps
    fitting = bisect_right(range(MAX_SIZE), MAX_STEPS, key=budget.steps) - 1
    return f"size > {fitting} ? UINT64_MAX : {steps}"
