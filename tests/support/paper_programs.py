"""Programs built by hand after the paper's execution tables, for tests, drawings and listings."""

from __future__ import annotations

from hardmax.runtime.nram.gates import Gate
from hardmax.runtime.nram.program import Circuit, Metadata, Operation, Program, Row, StepBudget


def copy_program() -> Program:
    """Table 2 and figure 4: Copy, which never halts; two timesteps an element."""
    first = Circuit(
        operations=(
            Operation(Gate.READ, (0,)),
            Operation(Gate.ONE, ()),
            Operation(Gate.DEC, (4,)),
            Operation(Gate.WRITE, (0, 4)),
        ),
        outputs=(0, 6, 2, 5),
        halt=False,
    )
    main = Circuit(
        operations=(
            Operation(Gate.READ, (3,)),
            Operation(Gate.INC, (2,)),
            Operation(Gate.ADD, (1, 3)),
            Operation(Gate.MIN, (1, 5)),
            Operation(Gate.WRITE, (6, 4)),
        ),
        outputs=(0, 1, 3, 7),
        halt=False,
    )
    rows = (*(Row(main) for _ in range(15)), Row(first))
    return Program(4, (rows,), Metadata("copy", StepBudget(per_cell=2, constant=1)))


def access_program() -> Program:
    """Table 3: Access, two timesteps, then it halts."""
    load = Circuit((Operation(Gate.READ, (0,)),), outputs=(2, 1), halt=False)
    store = Circuit(
        operations=(
            Operation(Gate.READ, (0,)),
            Operation(Gate.ZERO, ()),
            Operation(Gate.WRITE, (3, 2)),
        ),
        outputs=(0, 1),
        halt=True,
    )
    rows = (Row(store), Row(store), Row(store), Row(load))
    return Program(2, (rows,), Metadata("access", StepBudget(per_cell=0, constant=2)))
