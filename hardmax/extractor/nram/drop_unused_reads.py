"""Step of the extraction: READs whose value nobody uses are removed.

This is no pass over Programs in general, where such a READ can be seen: it ends the run if the cell
holds no address. The soft model has no such cell. Its memory tape is a distribution over 0..M-1 in
every cell, and WRITE keeps it so; what it was trained to do says nothing about other memories. A
program extracted from it therefore need not read a cell only to look whether its value is below M.
"""

from __future__ import annotations

from hardmax.runtime.nram.gates import OBSERVABLE
from hardmax.runtime.nram.passes.liveness import keep_live_operations
from hardmax.runtime.nram.passes.map_circuits import map_circuits
from hardmax.runtime.nram.program import Program


def drop_unused_reads(program: Program) -> Program:
    """Remove READs, and what only they need, whose value reaches neither a register nor a WRITE.

    On a memory whose cells all hold values below M, runs are the same: same final memory, same
    number of timesteps, same status.
    """
    return map_circuits(program, lambda circuit: keep_live_operations(circuit, OBSERVABLE))
