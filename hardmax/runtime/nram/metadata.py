"""What the metadata document of a program that works on a memory of integers has of its own.

============= ====================================================================
``registers`` R
``states``    number of controller states, 0 where an LSTM is the controller
``circuits``  number of distinct circuits, 0 where an LSTM puts them together
``budget``    step budget ``{"per_cell": a, "constant": b}``: a * size + b timesteps; with
              ``"per_square": c`` before them c * size^2 more
============= ====================================================================
"""

from __future__ import annotations

from typing import Any

from hardmax.runtime.nram.program import Program, budget_to_data
from hardmax.runtime.nram.programs import RamProgram


def metadata_fields(program: RamProgram) -> dict[str, Any]:
    """These fields."""
    table = program if isinstance(program, Program) else None
    return {
        "registers": program.registers,
        "states": 0 if table is None else len(table.table),
        "circuits": 0 if table is None else len(table.circuits()),
        "budget": budget_to_data(program.metadata.budget),
    }
