"""The driver: what is done to a Program after its extraction, in this order.

A pass takes a Program and returns one that does the same on every memory: same final memory, same
number of timesteps, same status. Program checks itself, so that every pass starts from and ends
in a verified one.
"""

from __future__ import annotations

from collections.abc import Callable

from hardmax.runtime.nram.passes.drop_dead_operations import drop_dead_operations
from hardmax.runtime.nram.passes.drop_final_registers import drop_final_registers
from hardmax.runtime.nram.passes.drop_unreachable_rows import drop_unreachable_rows
from hardmax.runtime.nram.program import Program

Pass = Callable[[Program], Program]

PASSES: tuple[Pass, ...] = (
    drop_unreachable_rows,
    drop_final_registers,
    drop_dead_operations,
)


def simplify(program: Program) -> Program:
    """Run every pass, in order."""
    for simplification in PASSES:
        program = simplification(program)
    return program
