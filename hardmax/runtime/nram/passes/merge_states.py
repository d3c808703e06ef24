"""Pass: states of the controller that cannot be told apart become one, by partition refinement."""

from __future__ import annotations

from dataclasses import replace

from hardmax.runtime.nram.program import Program, Row


def merge_states(program: Program) -> Program:
    """Merge equivalent states, and drop those that no row leads to.

    Two states are equivalent if on the same zero-bits they run the same circuit and go to
    equivalent states (or both have no row). The first of them stands for all.
    """
    merged = _equivalence(program)
    used = [0]
    for state in used:  # grows while it is read
        for row in program.table[state]:
            if row is None or row.circuit.halt:
                continue
            if merged[row.next_state] not in used:
                used.append(merged[row.next_state])
    used.sort()

    def rewrite(row: Row | None) -> Row | None:
        if row is None:
            return None
        # Where a run that halts would go on is of no use.
        target = 0 if row.circuit.halt else used.index(merged[row.next_state])
        return replace(row, next_state=target)

    return replace(program, table=tuple(tuple(map(rewrite, program.table[s])) for s in used))


def _equivalence(program: Program) -> list[int]:
    """For each state the first one that is equivalent."""
    merged = [0] * len(program.table)
    while True:
        first: dict[object, int] = {}
        refined = [
            first.setdefault(
                (
                    merged[state],
                    tuple(
                        row and (row.circuit, None if row.circuit.halt else merged[row.next_state])
                        for row in rows
                    ),
                ),
                state,
            )
            for state, rows in enumerate(program.table)
        ]
        if refined == merged:
            return merged
        merged = refined
