"""The C functions of a program that works on a memory of integers in place."""

from __future__ import annotations

import ctypes
from typing import Any

from hardmax.runtime.abi import SELF_DESCRIPTION, Status
from hardmax.runtime.nram.program import Program
from hardmax.runtime.nram.programs import RamProgram
from hardmax.runtime.text import counted

RUN = "hardmax_run"
RUN_BATCH = "hardmax_run_batch"
RUN_INTERRUPTIBLE = "hardmax_run_interruptible"
RUN_BATCH_INTERRUPTIBLE = "hardmax_run_batch_interruptible"

KERNEL = "hardmax_kernel"
"""On a GPU: RUN_BATCH with one thread a problem, thread i (in x) for problem i; returns nothing."""

STATUS_TEXT: dict[Status, str] = {
    Status.HALTED: "the program halted",
    Status.STEP_LIMIT: "max_steps timesteps ran and the program had not halted",
    Status.INVALID_ARGUMENT: "memory is null or size is 0",
    Status.VALUE_OUT_OF_RANGE: "the program read a cell whose value is not below size",
    Status.UNREACHABLE_ROW: "internal error: a row proved unreachable was reached",
}
"""What the statuses of a program that works on a memory of integers mean."""


def ending(status: Status, steps: int) -> str:
    """How a run ended, in a few words: ``halted after 8 timesteps``."""
    words = {Status.HALTED: "halted", Status.STEP_LIMIT: "stopped"}
    word = words.get(status, status.name.lower().replace("_", " "))
    return f"{word} after {counted(steps, 'timestep')}"


C_SIGNATURES: dict[str, str] = {
    RUN: (
        "int32_t hardmax_run(uint32_t *memory, uint32_t size, uint64_t max_steps, uint64_t *steps)"
    ),
    RUN_BATCH: (
        "int32_t hardmax_run_batch(uint32_t *memories, uint32_t size, uint64_t count,\n"
        "    uint64_t max_steps, uint64_t *steps, int32_t *statuses)"
    ),
    RUN_INTERRUPTIBLE: (
        "int32_t hardmax_run_interruptible(uint32_t *memory, uint32_t size, uint64_t max_steps,\n"
        "    uint64_t *steps, const int32_t *stop)"
    ),
    RUN_BATCH_INTERRUPTIBLE: (
        "int32_t hardmax_run_batch_interruptible(uint32_t *memories, uint32_t size,\n"
        "    uint64_t count, uint64_t max_steps, uint64_t *steps, int32_t *statuses,\n"
        "    const int32_t *stop)"
    ),
    **SELF_DESCRIPTION,
}
"""
``RUN`` works on ``memory[0..size-1]`` in place, for at most ``max_steps`` timesteps, stores the
number of completed timesteps in ``*steps`` unless that is NULL, and returns a :class:`Status`.

``RUN_BATCH`` does the same for ``count`` memories that lie one after the other: memory ``i`` starts
at ``memories[i * size]``, its timesteps go to ``steps[i]`` and its status to ``statuses[i]``,
unless ``steps`` or ``statuses`` is NULL. It returns HALTED where every run halted, else the status
of the first that did not, or INVALID_ARGUMENT, with nothing stored, where ``memories`` is NULL or
``size`` is 0. ``count`` is 64 bits wide on every target. The functions keep no state: threads may
run them at once, on a slice of a batch each.

``RUN_INTERRUPTIBLE`` and ``RUN_BATCH_INTERRUPTIBLE`` do so too, but end soon after another thread
or a signal handler has made ``*stop`` something other than 0: a run then has the status STEP_LIMIT
after fewer than ``max_steps`` timesteps, and the problems that follow it in the batch are as they
were. Nothing in a timestep pays for that: ``*stop`` is looked at when
:func:`timesteps_of_a_slice` are done, and between problems. ``stop`` may be NULL.
"""

OPTIONAL = frozenset({RUN_INTERRUPTIBLE, RUN_BATCH_INTERRUPTIBLE})
"""The functions that libraries of version 0.1 do not define."""

SLICE = 1 << 22
"""Timesteps that may run before ``*stop`` is looked at, where the circuits are in a table."""

_MULTIPLICATIONS_OF_A_SLICE = 1 << 24


def timesteps_of_a_slice(program: RamProgram) -> int:
    """How many timesteps may run before ``*stop`` is looked at: some milliseconds' worth of them.

    Where every READ misses the caches, that can be half a second.
    """
    if isinstance(program, Program):
        return SLICE
    weights = sum(layer.weight.size for _, layer in program.layers())
    return max(1, _MULTIPLICATIONS_OF_A_SLICE // weights)


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
}
"""For ctypes, a function's result and its arguments; an array is the address of its data."""
C_TYPES[RUN_INTERRUPTIBLE] = (*C_TYPES[RUN], ctypes.c_void_p)
C_TYPES[RUN_BATCH_INTERRUPTIBLE] = (*C_TYPES[RUN_BATCH], ctypes.c_void_p)
