"""What the C header of a Neural Turing Machine says: a state of the caller's, and its rows."""

from __future__ import annotations

from hardmax.codegen.header_parts import HeaderParts
from hardmax.runtime.ntm.program import NtmProgram
from hardmax.runtime.sequence.abi import (
    NTM_SIGNATURES,
    NTM_STATUS_TEXT,
)
from hardmax.runtime.sequence.interface import MemoryRule

_DESCRIPTION = """\
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

_CONSTANTS = """\
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


def header_parts(program: NtmProgram, prefix: str) -> HeaderParts:
    """The parts of the header of a program; ``prefix`` begins every name."""
    rule = program.metadata.memory
    capitals = prefix.upper()
    return HeaderParts(
        description=_DESCRIPTION.format(rule=rule, prefix=prefix, capitals=capitals),
        constants=_CONSTANTS.format(
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
