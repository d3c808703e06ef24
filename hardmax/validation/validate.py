"""From a Program to a proof that the code which is emitted for it does the same."""

from __future__ import annotations

import time
from collections.abc import Callable

from hardmax.codegen.driver import Kind, emit
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.nram.abi import RUN
from hardmax.runtime.nram.program import Program
from hardmax.validation.ir import read_functions
from hardmax.validation.simulation import NotShownError, Shown, Simulation

__all__ = ["COVERED", "NOT_COVERED", "NotShownError", "validate"]

COVERED = (
    f"{RUN} in LLVM IR leaves the memory, the timesteps and the status that the program does, for "
    "memories of every size and any contents, and every max_steps; it touches nothing else"
)
NOT_COVERED = (
    "LLVM's back end and the linker; the functions for batches and for runs that can be "
    "interrupted; memory and steps_out that overlap or are no valid pointers"
)


def validate(
    program: Program, level: int, time_limit: float, report: Callable[[str], None]
) -> Shown:
    """Show that the code of a program does what the program does (docs/proofs.md, "The code").

    Args:
        level: 0..3, as -O0 to -O3, passes of ours and of LLVM.
        time_limit: seconds after which the attempt is given up.
        report: told how it stands.

    Raises:
        NotShownError: it was not shown; the message says why.
    """
    deadline = time.monotonic() + time_limit
    text = emit(program, Kind.LLVM_IR, level).decode()
    try:
        return Simulation(program, read_functions(text), RUN, deadline, report).show()
    except HardmaxError as error:
        raise NotShownError(str(error)) from None
