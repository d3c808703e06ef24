"""Pass: the last timestep leaves the registers alone.

Nothing looks at the registers once the run has halted, so what a halting circuit would store in
them is of no use, and neither are the operations that compute it.
"""

from __future__ import annotations

from dataclasses import replace

from hardmax.runtime.nram.passes.map_circuits import map_circuits
from hardmax.runtime.nram.program import Circuit, Program


def drop_final_registers(program: Program) -> Program:
    """Let every register keep its value in circuits that halt."""
    return map_circuits(program, _keep_registers)


def _keep_registers(circuit: Circuit) -> Circuit:
    if not circuit.halt:
        return circuit
    return replace(circuit, outputs=tuple(range(len(circuit.outputs))))
