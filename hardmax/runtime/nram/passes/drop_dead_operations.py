"""Pass: operations whose value nobody uses are removed, as in the paper's figures.

READ and WRITE (``hardmax.runtime.nram.gates.EFFECTS``) always stay. So do registers that no circuit
reads: their zero-bits still choose the row.
"""

from __future__ import annotations

from hardmax.runtime.nram.gates import EFFECTS
from hardmax.runtime.nram.passes.liveness import keep_live_operations
from hardmax.runtime.nram.passes.map_circuits import map_circuits
from hardmax.runtime.nram.program import Program


def drop_dead_operations(program: Program) -> Program:
    """Remove operations without effect whose value reaches neither a register nor an effect."""
    return map_circuits(program, lambda circuit: keep_live_operations(circuit, EFFECTS))
