"""Pass: rows that no run can reach become None."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hardmax.runtime.nram.passes.reachability import reachability
from hardmax.runtime.nram.passes.value_classes import MEMORY_SIZES, MemorySizes
from hardmax.runtime.nram.program import Program


def drop_unreachable_rows(
    program: Program, memory_sizes: Sequence[MemorySizes] = MEMORY_SIZES
) -> Program:
    """Replace every row that no run on any memory of the given sizes can reach by None."""
    reached = reachability(program, memory_sizes).successors
    return replace(
        program,
        table=tuple(
            tuple(row if (state, bits) in reached else None for bits, row in enumerate(rows))
            for state, rows in enumerate(program.table)
        ),
    )
