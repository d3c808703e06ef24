"""The C header of a compiled program, generated from the ABI's one definition."""

from __future__ import annotations

import re

from runtime.abi import ABI_VERSION, C_SIGNATURES, STATUS_TEXT
from runtime.program import Program

_TEMPLATE = """\
/*
 * A program compiled by hardmax.
 *
 * task:        {task}
 * model hash:  {model_hash}
 * step budget: {per_cell} * size + {constant} timesteps
 *
 * hardmax_run works on memory[0..size-1] in place, at most max_steps timesteps, stores the number
 * of completed timesteps in *steps unless steps is NULL, and returns a hardmax_status. No access
 * leaves the array, whatever it holds. hardmax_run_batch does so for count memories that lie one
 * after the other, stores timesteps in steps[i] and the status in statuses[i] unless steps or
 * statuses is NULL, and returns HARDMAX_HALTED or the status of the first run that did not halt.
 * hardmax_metadata returns JSON, valid for ever.
 */
#ifndef HARDMAX_H
#define HARDMAX_H

#include <stdint.h>

#define HARDMAX_ABI_VERSION {abi_version}

#ifdef __cplusplus
extern "C" {{
#endif

enum hardmax_status {{
{statuses}
}};

{signatures}

#ifdef __cplusplus
}}
#endif

#endif
"""


def header(program: Program) -> str:
    """The text of the header: status codes, signatures, and a comment on the program."""
    metadata = program.metadata
    return _TEMPLATE.format(
        task=_comment(metadata.task),
        model_hash=_comment(metadata.model_hash) or "unknown",
        per_cell=metadata.budget.per_cell,
        constant=metadata.budget.constant,
        abi_version=ABI_VERSION,
        statuses=",\n".join(
            f"    /* {text} */\n    HARDMAX_{status.name} = {status.value}"
            for status, text in STATUS_TEXT.items()
        ),
        signatures="\n".join(f"{signature};" for signature in C_SIGNATURES.values()),
    )


def _comment(text: str) -> str:
    """Text that cannot end the comment it stands in, nor its line."""
    return re.sub(r"[^A-Za-z0-9_.,:+ -]", "_", text)
