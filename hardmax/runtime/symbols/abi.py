"""The C functions of a machine that takes symbols and answers symbols."""

from __future__ import annotations

import ctypes
from typing import Any

from hardmax.runtime.abi import SELF_DESCRIPTION, Status

STACK_STATE_SIZE = "hardmax_stack_state_size"
STACK_START = "hardmax_stack_start"
STACK_STEP = "hardmax_stack_step"
STACK_CONTINUE = "hardmax_stack_continue"
STACK_GROW = "hardmax_stack_grow"
STACK_RUN = "hardmax_stack_run"
STACK_RUN_INTERRUPTIBLE = "hardmax_stack_run_interruptible"
STACK_RUN_BATCH = "hardmax_stack_run_batch"

STACK_STATUS_TEXT: dict[Status, str] = {
    Status.HALTED: "every step is done",
    Status.STEP_LIMIT: "the run was stopped before every step was done",
    Status.INVALID_ARGUMENT: "a pointer is null, or the capacity is 0 or less than is held",
    Status.UNREACHABLE_ROW: "the table has no row for what is read, the symbol and the state",
    Status.INPUT_OUT_OF_RANGE: "an input is no symbol of the alphabet",
    Status.OVERFLOW: "a structure would have more cells than the capacity",
}
"""What the statuses of a machine that answers symbols mean."""

STACK_SIGNATURES: dict[str, str] = {
    STACK_STATE_SIZE: "uint64_t hardmax_stack_state_size(uint32_t capacity)",
    STACK_START: "int32_t hardmax_stack_start(void *state, uint32_t capacity)",
    STACK_STEP: "int32_t hardmax_stack_step(void *state, uint32_t symbol, uint32_t *output)",
    STACK_CONTINUE: (
        "int32_t hardmax_stack_continue(void *state, const uint32_t *symbols, uint64_t steps,\n"
        "    uint32_t *outputs, uint64_t *done)"
    ),
    STACK_GROW: "int32_t hardmax_stack_grow(const void *state, void *larger, uint32_t capacity)",
    STACK_RUN: (
        "int32_t hardmax_stack_run(const uint32_t *symbols, uint64_t steps, uint32_t capacity,\n"
        "    void *state, uint32_t *outputs, uint64_t *done)"
    ),
    STACK_RUN_INTERRUPTIBLE: (
        "int32_t hardmax_stack_run_interruptible(const uint32_t *symbols, uint64_t steps,\n"
        "    uint32_t capacity, void *state, uint32_t *outputs, uint64_t *done,\n"
        "    const int32_t *stop)"
    ),
    STACK_RUN_BATCH: (
        "int32_t hardmax_stack_run_batch(const uint32_t *symbols, const uint64_t *lengths,\n"
        "    uint64_t count, uint32_t capacity, void *state, uint32_t *outputs, uint64_t *done,\n"
        "    int32_t *statuses, const int32_t *stop)"
    ),
    **SELF_DESCRIPTION,
}
"""
A state is ``STACK_STATE_SIZE(capacity)`` bytes of the caller's, aligned for uint64_t, everything
that the machine holds included: ``capacity`` cells for each of its structures. ``STACK_START``
fills one, in a time that does not depend on the capacity. ``STACK_STEP`` makes a step with it.
``STACK_CONTINUE`` makes ``steps`` steps with it and stores in ``*done``, unless that is NULL, how
many were made. Where a step cannot be made, it is as if it had not been tried: the state is that
after the steps before it, whose outputs were stored, and the function returns why. So after
OVERFLOW the caller may let ``STACK_GROW`` copy the state into a larger one, of ``capacity`` cells a
structure, and go on there with the step that did not fit. ``STACK_RUN`` starts a state and makes
steps with it, as ``STACK_CONTINUE``; ``STACK_RUN_INTERRUPTIBLE`` does so too, but leaves out the
steps that are due some thousands of steps after another thread or a signal handler has made
``*stop`` something other than 0; ``stop`` may be NULL. ``STACK_RUN_BATCH`` runs ``count`` sequences
that lie one after the other, the i-th of ``lengths[i]`` symbols, each from the start on in the same
state; outputs lie where the symbols do, ``done[i]`` and ``statuses[i]``, unless ``done`` or
``statuses`` is NULL, tell of the i-th, and what is due after ``*stop`` is left out. It returns
HALTED where all runs did, else the status of the first that did not. Every other function returns a
:class:`Status`. The arrays must not overlap. Threads may use states of their own at once.
"""

_POINTER = ctypes.c_void_p
STACK_C_TYPES: dict[str, tuple[Any, ...]] = {
    STACK_STATE_SIZE: (ctypes.c_uint64, ctypes.c_uint32),
    STACK_START: (ctypes.c_int32, _POINTER, ctypes.c_uint32),
    STACK_STEP: (ctypes.c_int32, _POINTER, ctypes.c_uint32, _POINTER),
    STACK_CONTINUE: (ctypes.c_int32, _POINTER, _POINTER, ctypes.c_uint64, _POINTER, _POINTER),
    STACK_GROW: (ctypes.c_int32, _POINTER, _POINTER, ctypes.c_uint32),
    STACK_RUN_INTERRUPTIBLE: (
        ctypes.c_int32,
        _POINTER,
        ctypes.c_uint64,
        ctypes.c_uint32,
        *4 * (_POINTER,),
    ),
    STACK_RUN_BATCH: (
        ctypes.c_int32,
        _POINTER,
        _POINTER,
        ctypes.c_uint64,
        ctypes.c_uint32,
        *5 * (_POINTER,),
    ),
}
"""For ctypes, a function's result and its arguments; an array is the address of its data."""
STACK_C_TYPES[STACK_RUN] = STACK_C_TYPES[STACK_RUN_INTERRUPTIBLE][:-1]
