"""What the C header of a stack machine says: a state of the caller's, and its capacity."""

from __future__ import annotations

from hardmax.codegen.header_parts import HeaderParts
from hardmax.runtime.stack.program import StackProgram
from hardmax.runtime.symbols.abi import STACK_SIGNATURES, STACK_STATUS_TEXT

_DESCRIPTION = """\
 * structures:  {structures}
 *
 * Symbols are numbers from 0 on, outputs too. A state is {prefix}_stack_state_size(capacity) bytes
 * of the caller's, aligned for uint64_t; it has room for capacity cells in each structure, and
 * nothing else is allocated. {prefix}_stack_start fills it. {prefix}_stack_step makes one step with
 * it. {prefix}_stack_continue makes steps steps and stores in *done, unless done is NULL, how many
 * were made; where a step cannot be made, nothing of it is done, so that after {capitals}_OVERFLOW
 * {prefix}_stack_grow may copy the state into a larger one, in which the rest can be run.
 * {prefix}_stack_run starts a state and makes steps with it, {prefix}_stack_run_batch count of them
 * one after the other, the i-th of lengths[i] symbols. No two arrays may overlap. Each returns a
 * {prefix}_status. {prefix}_metadata returns JSON, valid for ever."""

_CONSTANTS = """\
#define {capitals}_SYMBOLS {symbols}
#define {capitals}_OUTPUT_SYMBOLS {output_symbols}
"""

_CAPACITY = """\
/* The capacity with which no run of so many steps overflows. */
static inline uint32_t {prefix}_stack_capacity(uint64_t steps)
{{
    uint64_t cells = steps < UINT32_MAX ? {pushes} * steps : UINT32_MAX;
    return cells == 0 ? 1 : cells < UINT32_MAX ? (uint32_t)cells : UINT32_MAX;
}}"""


def header_parts(program: StackProgram, prefix: str) -> HeaderParts:
    """The parts of the header of a program; ``prefix`` begins every name."""
    capitals = prefix.upper()
    return HeaderParts(
        description=_DESCRIPTION.format(
            structures=", ".join(program.structure_names), prefix=prefix, capitals=capitals
        ),
        constants=_CONSTANTS.format(
            capitals=capitals,
            symbols=len(program.alphabet),
            output_symbols=len(program.output_alphabet),
        ),
        requirement=_CAPACITY.format(prefix=prefix, pushes=program.pushes_per_step),
        status_text=STACK_STATUS_TEXT,
        signatures=STACK_SIGNATURES,
    )
