"""The C header of a compiled program, generated from the ABI's one definition."""

from __future__ import annotations

import hashlib
import re

from hardmax.codegen.kinds import find_kind
from hardmax.runtime.abi import ABI_VERSION, PREFIX, prefixed
from hardmax.runtime.kinds import AnyProgram

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
#define {capitals}_H_{identity}

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

#elif !defined {capitals}_H_{identity}
#error "two programs have the prefix {prefix}: compile each with a --prefix of its own"
#endif
"""


def header(program: AnyProgram, prefix: str = PREFIX) -> str:
    """The text of the header: status codes, signatures, and a comment on the program.

    Args:
        prefix: what every name in it begins with, a C identifier; macros take it in capitals.
    """
    metadata = program.metadata
    capitals = prefix.upper()
    parts = find_kind(program.kind).header_parts(program, prefix)
    return _TEMPLATE.format(
        identity=hashlib.sha256(program.to_json().encode()).hexdigest()[:16],
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


def _comment(text: str) -> str:
    """Text that cannot end the comment it stands in, nor its line."""
    return re.sub(r"[^A-Za-z0-9_.,:+ -]", "_", text)
