"""The native interface: version, status codes and C functions of a compiled program, named once."""

from __future__ import annotations

import ctypes
import enum
from typing import Any

ABI_VERSION = 1

PREFIX = "hardmax"
"""What every symbol begins with, unless the program was compiled with a prefix of its own."""

RUN = "hardmax_run"
RUN_BATCH = "hardmax_run_batch"
ABI_VERSION_FUNCTION = "hardmax_abi_version"
METADATA_FUNCTION = "hardmax_metadata"

NTM_STATE_SIZE = "hardmax_ntm_state_size"
NTM_START = "hardmax_ntm_start"
NTM_STEP = "hardmax_ntm_step"
NTM_RUN = "hardmax_ntm_run"

KERNEL = "hardmax_kernel"
"""On a GPU: RUN_BATCH with one thread a problem, thread i (in x) for problem i; returns nothing."""

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


STATUS_TEXT: dict[Status, str] = {
    Status.HALTED: "the program halted",
    Status.STEP_LIMIT: "max_steps timesteps ran and the program had not halted",
    Status.INVALID_ARGUMENT: "memory is null or size is 0",
    Status.VALUE_OUT_OF_RANGE: "the program read a cell whose value is not below size",
    Status.UNREACHABLE_ROW: "internal error: a row proved unreachable was reached",
}
"""What the statuses of a program that works on a memory of integers mean."""

NTM_STATUS_TEXT: dict[Status, str] = {
    Status.HALTED: "every step is done",
    Status.INVALID_ARGUMENT: "a pointer is null or rows is 0",
    Status.TOO_FEW_ROWS: "the memory has fewer rows than so many steps need",
    Status.INPUT_OUT_OF_RANGE: "an input is not a number or its magnitude is above 2^24",
}
"""What the statuses of a Neural Turing Machine mean."""

_SELF_DESCRIPTION = {
    ABI_VERSION_FUNCTION: "uint32_t hardmax_abi_version(void)",
    METADATA_FUNCTION: "const char *hardmax_metadata(void)",
}

C_SIGNATURES: dict[str, str] = {
    RUN: (
        "int32_t hardmax_run(uint32_t *memory, uint32_t size, uint64_t max_steps, uint64_t *steps)"
    ),
    RUN_BATCH: (
        "int32_t hardmax_run_batch(uint32_t *memories, uint32_t size, uint64_t count,\n"
        "    uint64_t max_steps, uint64_t *steps, int32_t *statuses)"
    ),
    **_SELF_DESCRIPTION,
}
"""
``RUN`` works on ``memory[0..size-1]`` in place, for at most ``max_steps`` timesteps, stores the
number of completed timesteps in ``*steps`` unless that is NULL, and returns a :class:`Status`.

``RUN_BATCH`` does the same for ``count`` memories that lie one after the other: memory ``i`` starts
at ``memories[i * size]``, its timesteps go to ``steps[i]`` and its status to ``statuses[i]``,
unless ``steps`` or ``statuses`` is NULL. It returns HALTED where every run halted, else the status
of the first that did not, or INVALID_ARGUMENT, with nothing stored, where ``memories`` is NULL or
``size`` is 0. ``count`` is 64 bits wide on every target. Both functions keep no state: threads may
run them at once, on a slice of a batch each.
"""

_UINT64_POINTER = ctypes.POINTER(ctypes.c_uint64)
C_TYPES: dict[str, tuple[Any, ...]] = {
    RUN: (ctypes.c_int32, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_uint64, _UINT64_POINTER),
    RUN_BATCH: (
        ctypes.c_int32,
        ctypes.c_void_p,
        ctypes.c_uint32,
        ctypes.c_uint64,
        ctypes.c_uint64,
        ctypes.c_void_p,
        ctypes.c_void_p,
    ),
    ABI_VERSION_FUNCTION: (ctypes.c_uint32,),
    METADATA_FUNCTION: (ctypes.c_char_p,),
}
"""Result and arguments of :data:`C_SIGNATURES` for ctypes; an array is the address of its data."""

NTM_SIGNATURES: dict[str, str] = {
    NTM_STATE_SIZE: "uint64_t hardmax_ntm_state_size(uint32_t rows)",
    NTM_START: "int32_t hardmax_ntm_start(void *state, uint32_t rows)",
    NTM_STEP: (
        "int32_t hardmax_ntm_step(void *state, const float *inputs, float *outputs,\n"
        "    uint32_t *addresses)"
    ),
    NTM_RUN: (
        "int32_t hardmax_ntm_run(const float *inputs, uint64_t steps, uint32_t rows, void *state,\n"
        "    float *outputs, uint32_t *addresses)"
    ),
    **_SELF_DESCRIPTION,
}
"""
A state is ``NTM_STATE_SIZE(rows)`` bytes of the caller's, aligned for uint32_t, the machine's whole
memory included. ``NTM_START`` fills one; ``NTM_STEP`` makes a step with it, from one row of inputs
to one of outputs, and stores where every head stood, writers first, in ``addresses`` unless that is
NULL. ``NTM_RUN`` starts a state and makes ``steps`` steps with it, rows of inputs, outputs and
addresses lying one after the other; the state can then make more. Each returns a :class:`Status`;
where that is an error, nothing was stored anywhere. The arrays must not overlap. Threads may use
states of their own at once.
"""


def prefixed(text: str, prefix: str) -> str:
    """A symbol or a signature with ``prefix`` in place of :data:`PREFIX`."""
    return text.replace(f"{PREFIX}_", f"{prefix}_")
