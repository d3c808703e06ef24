"""What the passes that look at one circuit at a time share: the walk over the program."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from hardmax.runtime.nram.program import Circuit, Program, Row


def map_circuits(program: Program, rewrite: Callable[[Circuit], Circuit]) -> Program:
    """Apply ``rewrite`` once to every distinct circuit of a program."""
    rewritten = {circuit: rewrite(circuit) for circuit in program.circuits()}

    def rewrite_row(row: Row | None) -> Row | None:
        return None if row is None else replace(row, circuit=rewritten[row.circuit])

    return replace(program, table=tuple(tuple(map(rewrite_row, rows)) for rows in program.table))
