"""The C header of a compiled program, generated from the ABI's one definition."""

from __future__ import annotations

import re

from runtime.abi import (
    ABI_VERSION,
    C_SIGNATURES,
    MAX_SIZE,
    MAX_STEPS,
    PREFIX,
    STATUS_TEXT,
    prefixed,
)
from runtime.program import StepBudget
from runtime.text import AnyProgram

_TEMPLATE = """\
/*
 * A program compiled by hardmax.
 *
 * task:        {task}
 * model hash:  {model_hash}
 * step budget: {per_cell} * size + {constant} timesteps
 *
 * {prefix}_run works on memory[0..size-1] in place, at most max_steps timesteps, stores the number
 * of completed timesteps in *steps unless steps is NULL, and returns a {prefix}_status. No access
 * leaves the array, whatever it holds. {prefix}_run_batch does so for count memories that lie one
 * after the other, stores timesteps in steps[i] and the status in statuses[i] unless steps or
 * statuses is NULL, and returns {capitals}_HALTED or the status of the first run that did not halt.
 * {prefix}_metadata returns JSON, valid for ever.
 */
#ifndef {capitals}_H
#define {capitals}_H

#include <stdint.h>

#define {capitals}_ABI_VERSION {abi_version}

#ifdef __cplusplus
extern "C" {{
#endif

enum {prefix}_status {{
{statuses}
}};

/* The step budget: timesteps that suffice for a memory of size cells. */
static inline uint64_t {prefix}_step_budget(uint32_t size)
{{
    return {budget};
}}

{signatures}

#ifdef __cplusplus
}}
#endif

#endif
"""


def header(program: AnyProgram, prefix: str = PREFIX) -> str:
    """The text of the header: status codes, signatures, and a comment on the program.

    Args:
        prefix: what every name in it begins with, a C identifier; macros take it in capitals.
    """
    metadata = program.metadata
    capitals = prefix.upper()
    return _TEMPLATE.format(
        prefix=prefix,
        capitals=capitals,
        task=_comment(metadata.task),
        model_hash=_comment(metadata.model_hash) or "unknown",
        budget=_budget(metadata.budget),
        per_cell=metadata.budget.per_cell,
        constant=metadata.budget.constant,
        abi_version=ABI_VERSION,
        statuses=",\n".join(
            f"    /* {text} */\n    {capitals}_{status.name} = {status.value}"
            for status, text in STATUS_TEXT.items()
        ),
        signatures="\n".join(
            f"{prefixed(signature, prefix)};" for signature in C_SIGNATURES.values()
        ),
    )


def _budget(budget: StepBudget) -> str:
    """The budget as an expression of C that does not wrap around at any size."""
    if budget.steps(MAX_SIZE) > MAX_STEPS:
        return "(void)size, UINT64_MAX"
    return f"UINT64_C({budget.per_cell}) * size + UINT64_C({budget.constant})"


def _comment(text: str) -> str:
    """Text that cannot end the comment it stands in, nor its line."""
    return re.sub(r"[^A-Za-z0-9_.,:+ -]", "_", text)
