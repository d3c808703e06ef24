"""The native interface: what libraries of all kinds have in common, named once.

Their functions are in ``hardmax.runtime.nram.abi``, ``hardmax.runtime.sequence.abi`` and
``hardmax.runtime.symbols.abi``.
"""

from __future__ import annotations

import enum

ABI_VERSION = 1

PREFIX = "hardmax"
"""What every symbol begins with, unless the program was compiled with a prefix of its own."""

ABI_VERSION_FUNCTION = "hardmax_abi_version"
METADATA_FUNCTION = "hardmax_metadata"

MAX_SIZE = 2**32 - 1
"""Largest memory, in cells or in rows: addresses and values are uint32_t."""

MAX_STEPS = 2**64 - 1
"""Largest ``max_steps``: a uint64_t."""


class Status(enum.IntEnum):
    """How a run ended; negative codes are errors."""

    HALTED = 0
    STEP_LIMIT = 1
    INVALID_ARGUMENT = -1
    VALUE_OUT_OF_RANGE = -2
    UNREACHABLE_ROW = -3
    TOO_FEW_ROWS = -4
    INPUT_OUT_OF_RANGE = -5
    OVERFLOW = -6


SELF_DESCRIPTION = {
    ABI_VERSION_FUNCTION: "uint32_t hardmax_abi_version(void)",
    METADATA_FUNCTION: "const char *hardmax_metadata(void)",
}
"""What every library defines beside the functions of its interface."""


def prefixed(text: str, prefix: str) -> str:
    """A symbol or a signature with ``prefix`` in place of :data:`PREFIX`."""
    return text.replace(f"{PREFIX}_", f"{prefix}_")
