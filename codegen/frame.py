"""The frame of ``hardmax_run``, whatever chooses the circuits: its arguments and its way out."""

from __future__ import annotations

from llvmlite import ir

from codegen.batch import NULL, POINTER
from codegen.gates import I32, I64, ZERO, Modulus, Value
from runtime.abi import Status

RUN_ARGUMENTS: dict[str, ir.Type] = {
    "memory": POINTER,
    "size": I32,
    "max_steps": I64,
    "steps_out": POINTER,
}
"""The arguments of ``hardmax_run``."""

NO_STEPS = ir.Constant(I64, 0)
ONE_STEP = ir.Constant(I64, 1)


class Frame:
    """``hardmax_run`` under construction.

    Attributes:
        leaving: the block in which every run ends; who jumps there says so by :meth:`leaves`.
    """

    def __init__(self, function: ir.Function) -> None:
        self.function = function
        self.memory, self.size, self.max_steps, self.steps_out = function.args
        for argument, name in zip(function.args, RUN_ARGUMENTS, strict=True):
            argument.name = name
        # The last block of the function, written down when all others are.
        self.leaving = ir.Block(function, "leave")
        leave = ir.IRBuilder(self.leaving)
        self._status = leave.phi(I32, "status")
        self._steps = leave.phi(I64, "steps")

    def enter(self) -> tuple[ir.IRBuilder, Modulus]:
        """Check the arguments; the builder then stands where the run starts."""
        builder = ir.IRBuilder(self.function.append_basic_block("entry"))
        no_memory = builder.icmp_unsigned("==", self.memory, NULL)
        no_cells = builder.icmp_unsigned("==", self.size, ZERO)
        start = builder.append_basic_block("start")
        builder.cbranch(builder.or_(no_memory, no_cells), self.leaving, start)
        self.leaves(builder.block, Status.INVALID_ARGUMENT, NO_STEPS)
        builder.position_at_end(start)
        return builder, Modulus.of(builder, self.size)

    def leaves(self, block: ir.Block, status: Status, steps: Value) -> None:
        """State what the run returns when ``block`` jumps to the last block."""
        self._status.add_incoming(ir.Constant(I32, status), block)
        self._steps.add_incoming(steps, block)

    def close(self) -> None:
        """Write the last block."""
        self.function.blocks.append(self.leaving)
        builder = ir.IRBuilder(self.leaving)
        wanted = builder.icmp_unsigned("!=", self.steps_out, NULL)
        with builder.if_then(wanted):
            builder.store(self._steps, self.steps_out)
        builder.ret(self._status)
