"""The C header of a compiled program, generated from the ABI's one definition."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hardmax.runtime.abi import (
    ABI_VERSION,
    C_SIGNATURES,
    MAX_SIZE,
    MAX_STEPS,
    NTM_SIGNATURES,
    NTM_STATUS_TEXT,
    PREFIX,
    STATUS_TEXT,
    Status,
    prefixed,
)
from hardmax.runtime.nram.program import StepBudget
from hardmax.runtime.ntm.program import MemoryRule, NtmProgram
from hardmax.runtime.programs import AnyProgram, RamProgram

_TEMPLATE = """\
/*
 * A program compiled by hardmax.
 *
 * task:        {task}
 * model hash:  {model_hash}
{description}
 */
#ifndef {capitals}_H
#define {capitals}_H

#include <stdint.h>

#define {capitals}_ABI_VERSION {abi_version}
{constants}
#ifdef __cplusplus
extern "C" {{
#endif

enum {prefix}_status {{
{statuses}
}};

{requirement}

{signatures}

#ifdef __cplusplus
}}
#endif

#endif
"""

_RAM_DESCRIPTION = """\
 * step budget: {per_cell} * size + {constant} timesteps
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

_NTM_DESCRIPTION = """\
 * memory:      {rule} rows
 *
 * A state is {prefix}_ntm_state_size(rows) bytes of the caller's, aligned for uint32_t; it holds
 * the machine's whole memory, and nothing else is allocated. {prefix}_ntm_start fills it.
 * {prefix}_ntm_step makes one step with it: inputs holds {capitals}_INPUT_WIDTH numbers, outputs
 * takes {capitals}_OUTPUT_WIDTH probabilities, and addresses, unless it is NULL, the row at which
 * each of {capitals}_HEADS heads stood, those that write first. {prefix}_ntm_run starts a state
 * and makes steps steps with it; the inputs, outputs and addresses of a step follow those of the
 * step before. No two arrays may overlap. Each returns a {prefix}_status; where that is below 0,
 * nothing was stored. {prefix}_metadata returns JSON, valid for ever."""

_NTM_CONSTANTS = """\
#define {capitals}_INPUT_WIDTH {input_width}
#define {capitals}_OUTPUT_WIDTH {output_width}
#define {capitals}_HEADS {heads}
"""

_ROWS = """\
/* Rows that a sequence of so many steps needs. */
static inline uint64_t {prefix}_ntm_rows(uint64_t steps)
{{
    return {rows};
}}"""


@dataclass(frozen=True)
class _Parts:
    """What the headers of different machines differ in, as attributes of ``_TEMPLATE``."""

    description: str
    constants: str
    requirement: str
    status_text: dict[Status, str]
    signatures: dict[str, str]


def header(program: AnyProgram, prefix: str = PREFIX) -> str:
    """The text of the header: status codes, signatures, and a comment on the program.

    Args:
        prefix: what every name in it begins with, a C identifier; macros take it in capitals.
    """
    metadata = program.metadata
    capitals = prefix.upper()
    if isinstance(program, NtmProgram):
        parts = _ntm_parts(program, prefix)
    else:
        parts = _ram_parts(program, prefix)
    return _TEMPLATE.format(
        prefix=prefix,
        capitals=capitals,
        task=_comment(metadata.task),
        model_hash=_comment(metadata.model_hash) or "unknown",
        description=parts.description,
        constants=parts.constants,
        requirement=parts.requirement,
        abi_version=ABI_VERSION,
        statuses=",\n".join(
            f"    /* {text} */\n    {capitals}_{status.name} = {status.value}"
            for status, text in parts.status_text.items()
        ),
        signatures="\n".join(
            f"{prefixed(signature, prefix)};" for signature in parts.signatures.values()
        ),
    )


def _ram_parts(program: RamProgram, prefix: str) -> _Parts:
    budget = program.metadata.budget
    return _Parts(
        description=_RAM_DESCRIPTION.format(
            per_cell=budget.per_cell,
            constant=budget.constant,
            prefix=prefix,
            capitals=prefix.upper(),
        ),
        constants="",
        requirement=_STEP_BUDGET.format(prefix=prefix, budget=_budget(budget)),
        status_text=STATUS_TEXT,
        signatures=C_SIGNATURES,
    )


def _ntm_parts(program: NtmProgram, prefix: str) -> _Parts:
    rule = program.metadata.memory
    capitals = prefix.upper()
    return _Parts(
        description=_NTM_DESCRIPTION.format(rule=rule, prefix=prefix, capitals=capitals),
        constants=_NTM_CONSTANTS.format(
            capitals=capitals,
            input_width=program.input_width,
            output_width=program.output_width,
            heads=len(program.heads),
        ),
        requirement=_ROWS.format(prefix=prefix, rows=_rows(rule)),
        status_text=NTM_STATUS_TEXT,
        signatures=NTM_SIGNATURES,
    )


def _rows(rule: MemoryRule) -> str:
    """The memory rule as an expression of C."""
    if rule.steps_per_row == 0:
        return f"(void)steps, UINT64_C({rule.constant})"
    return f"UINT64_C({rule.constant}) + steps / UINT64_C({rule.steps_per_row})"


def _budget(budget: StepBudget) -> str:
    """The budget as an expression of C that does not wrap around at any size."""
    if budget.steps(MAX_SIZE) > MAX_STEPS:
        return "(void)size, UINT64_MAX"
    return f"UINT64_C({budget.per_cell}) * size + UINT64_C({budget.constant})"


def _comment(text: str) -> str:
    """Text that cannot end the comment it stands in, nor its line."""
    return re.sub(r"[^A-Za-z0-9_.,:+ -]", "_", text)
