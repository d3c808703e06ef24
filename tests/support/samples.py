"""Small programs written by hand, for tests that need to know what a program does."""

from __future__ import annotations

from hardmax.runtime.nram.gates import Gate
from hardmax.runtime.nram.program import Circuit, Metadata, Operation, Program, Row, StepBudget


def access() -> Program:
    """Cell 0 takes the value of the cell that it points to; one timestep, one register."""
    circuit = Circuit(
        (
            Operation(Gate.READ, (0,)),
            Operation(Gate.READ, (1,)),
            Operation(Gate.WRITE, (0, 2)),
        ),
        outputs=(0,),
        halt=True,
    )
    metadata = Metadata("access", StepBudget(0, 1), 5, "5ca1ab1e", {"trainer": "by hand"})
    return Program(1, ((None, Row(circuit)),), metadata)


def increment() -> Program:
    """A[i]+1 up to the first 0: r0 is i, r1 is what state 0 read for state 1 to look at."""
    read = Circuit((Operation(Gate.READ, (0,)),), outputs=(0, 2), halt=False)
    write = Circuit(
        (
            Operation(Gate.INC, (1,)),
            Operation(Gate.INC, (0,)),
            Operation(Gate.ZERO, ()),
            Operation(Gate.WRITE, (0, 2)),
        ),
        outputs=(3, 4),
        halt=False,
    )
    stop = Circuit((), outputs=(0, 1), halt=True)
    by_r1 = (Row(write, 0), Row(write, 0), Row(stop), Row(stop))
    metadata = Metadata("increment", StepBudget(2, 2), 5, "f005ba11", {"trainer": "by hand"})
    return Program(2, ((Row(read, 1),) * 4, by_r1), metadata)
