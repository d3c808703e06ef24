"""The driver: which passes over a Program each level runs, in this order.

A pass takes a Program and returns one that does the same on every memory of the sizes in question:
same final memory, same number of timesteps, same status. Program checks itself, so that every pass
starts from and ends in a verified one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.nram.passes.drop_dead_operations import drop_dead_operations
from hardmax.runtime.nram.passes.drop_dead_registers import drop_dead_registers
from hardmax.runtime.nram.passes.drop_final_registers import drop_final_registers
from hardmax.runtime.nram.passes.drop_unreachable_rows import drop_unreachable_rows
from hardmax.runtime.nram.passes.fold_constants import fold_constants
from hardmax.runtime.nram.passes.join_rows import join_rows
from hardmax.runtime.nram.passes.merge_states import merge_states
from hardmax.runtime.nram.passes.share_values import share_values
from hardmax.runtime.nram.passes.simplify_arithmetic import simplify_arithmetic
from hardmax.runtime.nram.passes.value_classes import MEMORY_SIZES, MemorySizes
from hardmax.runtime.nram.program import Program

Pass = Callable[[Program], Program]

SMALL_SIZES, LARGE_SIZES = MEMORY_SIZES[:-1], MEMORY_SIZES[-1:]
"""Memories so small that 1, 2 or small sums of them wrap around, and all others."""

EVERY_PASS = "all"


def passes(
    level: int, memory_sizes: Sequence[MemorySizes] = MEMORY_SIZES
) -> tuple[tuple[str, Pass], ...]:
    """The passes of -O``level`` with their names, for memories of the given sizes."""
    clean_up = (drop_unreachable_rows, drop_final_registers, drop_dead_operations, merge_states)
    fold = (
        fold_constants,
        share_values,
        simplify_arithmetic,
        drop_final_registers,
        drop_dead_operations,
    )
    chosen: tuple[Callable[..., Program], ...] = {
        0: (),
        1: clean_up,
        2: (*clean_up, *fold, *fold, drop_dead_registers, merge_states, join_rows),
        3: (*clean_up, *fold, *fold, drop_dead_registers, *clean_up, *fold, join_rows),
    }[level]
    return tuple(
        (
            one.__name__,
            partial(one, memory_sizes=memory_sizes) if one in DEPENDENT_ON_SIZE else one,
        )
        for one in chosen
    )


DEPENDENT_ON_SIZE: tuple[Callable[..., Program], ...] = (
    drop_dead_registers,
    drop_unreachable_rows,
    fold_constants,
    join_rows,
    simplify_arithmetic,
)
"""The passes whose outcome is better where the sizes of the memories are known."""


def optimize(
    program: Program,
    level: int,
    memory_sizes: Sequence[MemorySizes] = MEMORY_SIZES,
    note: Callable[[str, Program], None] | None = None,
) -> Program:
    """The program after the passes of -O``level``.

    Args:
        note: is told the name of every pass and the program that it made.
    """
    for name, transform in passes(level, memory_sizes):
        program = transform(program)
        if note is not None:
            note(name, program)
    return program


def print_after(program: Program, level: int, name: str) -> Iterator[tuple[str, str]]:
    """Yield (pass, program as text) after every run of a pass over memories of 5 cells and more.

    Args:
        name: the name of a pass of -O``level``, or "all".

    Raises:
        HardmaxError: -O``level`` has no such pass.
    """
    names = dict.fromkeys(one for one, _ in passes(level))
    if name != EVERY_PASS and name not in names:
        expected = ", ".join((*names, EVERY_PASS))
        raise HardmaxError(f"-O{level} has no pass {name!r}, expected one of {expected}")
    for one, transform in passes(level, LARGE_SIZES):
        program = transform(program)
        if name in (one, EVERY_PASS):
            yield one, program.to_json()
