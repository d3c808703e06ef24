"""Pass: rows that no run can reach become None."""

from __future__ import annotations

from dataclasses import replace

from runtime.passes.reachability import reachability
from runtime.program import Program


def drop_unreachable_rows(program: Program) -> Program:
    """Replace every row that no run on any memory can reach by None."""
    reached = reachability(program).successors
    return replace(
        program,
        table=tuple(
            tuple(row if (state, bits) in reached else None for bits, row in enumerate(rows))
            for state, rows in enumerate(program.table)
        ),
    )
