"""The C functions of a machine that takes a sequence and answers one."""

from __future__ import annotations

import ctypes
from typing import Any

from hardmax.runtime.abi import SELF_DESCRIPTION, Status

NTM_STATE_SIZE = "hardmax_ntm_state_size"
NTM_START = "hardmax_ntm_start"
NTM_STEP = "hardmax_ntm_step"
NTM_RUN = "hardmax_ntm_run"
NTM_RUN_INTERRUPTIBLE = "hardmax_ntm_run_interruptible"

NTM_STATUS_TEXT: dict[Status, str] = {
    Status.HALTED: "every step is done",
    Status.STEP_LIMIT: "the run was stopped before every step was done",
    Status.INVALID_ARGUMENT: "a pointer is null or rows is 0",
    Status.TOO_FEW_ROWS: "the memory has fewer rows than so many steps need",
    Status.INPUT_OUT_OF_RANGE: "an input is not a number or its magnitude is above 2^24",
}
"""What the statuses of a Neural Turing Machine mean."""

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
    NTM_RUN_INTERRUPTIBLE: (
        "int32_t hardmax_ntm_run_interruptible(const float *inputs, uint64_t steps,\n"
        "    uint32_t rows, void *state, float *outputs, uint32_t *addresses,\n"
        "    const int32_t *stop)"
    ),
    **SELF_DESCRIPTION,
}
"""
A state is ``NTM_STATE_SIZE(rows)`` bytes of the caller's, aligned for uint32_t, the machine's whole
memory included. ``NTM_START`` fills one; ``NTM_STEP`` makes a step with it, from one row of inputs
to one of outputs, and stores where every head stood, writers first, in ``addresses`` unless that is
NULL. ``NTM_RUN`` starts a state and makes ``steps`` steps with it, rows of inputs, outputs and
addresses lying one after the other; the state can then make more. ``NTM_RUN_INTERRUPTIBLE`` does so
too, but leaves out the steps that are due when another thread or a signal handler has made
``*stop`` something other than 0; ``stop`` may be NULL. Each returns a :class:`Status`;
where that is an error, nothing was stored anywhere. The arrays must not overlap. Threads may use
states of their own at once.
"""

NTM_OPTIONAL = frozenset({NTM_RUN_INTERRUPTIBLE})
"""The functions that libraries of version 0.1 do not define."""

_POINTER = ctypes.c_void_p
NTM_C_TYPES: dict[str, tuple[Any, ...]] = {
    NTM_STATE_SIZE: (ctypes.c_uint64, ctypes.c_uint32),
    NTM_START: (ctypes.c_int32, _POINTER, ctypes.c_uint32),
    NTM_STEP: (ctypes.c_int32, *4 * (_POINTER,)),
    NTM_RUN: (ctypes.c_int32, _POINTER, ctypes.c_uint64, ctypes.c_uint32, *3 * (_POINTER,)),
}
"""For ctypes, a function's result and its arguments; an array is the address of its data."""
NTM_C_TYPES[NTM_RUN_INTERRUPTIBLE] = (*NTM_C_TYPES[NTM_RUN], _POINTER)
