"""The frame of ``hardmax_run``, whatever chooses the circuits: its arguments and its way out."""

from __future__ import annotations

from llvmlite import ir

from hardmax.codegen.llvm_types import I32, I64, LIKELY, NULL, POINTER, ZERO, Value
from hardmax.codegen.nram.gates import Modulus
from hardmax.runtime.abi import Status

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

    def __init__(self, function: ir.Function, *, counts_down: bool = False) -> None:
        """
        Args:
            counts_down: whether the run counts the timesteps that are left, not those completed.
        """
        self.function = function
        self.counts_down = counts_down
        self.memory, self.size, self.max_steps, self.steps_out = function.args
        for argument, name in zip(function.args, RUN_ARGUMENTS, strict=True):
            argument.name = name
        # The last block of the function, written down when all others are.
        self.leaving = ir.Block(function, "leave")
        leave = ir.IRBuilder(self.leaving)
        self._status = leave.phi(I32, "status")
        self._counter = leave.phi(I64, "left" if counts_down else "steps")

    def enter(self) -> tuple[ir.IRBuilder, Modulus]:
        """Check the arguments; the builder then stands where the run starts."""
        builder = ir.IRBuilder(self.function.append_basic_block("entry"))
        no_memory = builder.icmp_unsigned("==", self.memory, NULL)
        no_cells = builder.icmp_unsigned("==", self.size, ZERO)
        self._start(builder, builder.or_(no_memory, no_cells))
        return builder, Modulus.of(builder, self.size)

    def enter_large(self, smallest: int, small: ir.Function) -> tuple[ir.IRBuilder, Modulus]:
        """As :meth:`enter`, for memories of ``smallest`` >= 3 cells and more.

        Args:
            small: the function that runs on fewer.
        """
        builder = ir.IRBuilder(self.function.append_basic_block("entry"))
        is_small = builder.icmp_unsigned("<", self.size, ir.Constant(I32, smallest))
        with builder.if_then(is_small, likely=False):
            builder.ret(builder.call(small, self.function.args, tail=True))
        self._start(builder, builder.icmp_unsigned("==", self.memory, NULL))
        return builder, Modulus.of_large(builder, self.size)

    def _start(self, builder: ir.IRBuilder, invalid: Value) -> None:
        """Go on only with valid arguments."""
        start = builder.append_basic_block("start")
        builder.cbranch(invalid, self.leaving, start).set_weights(LIKELY[::-1])
        none = self.max_steps if self.counts_down else NO_STEPS
        self.leaves(builder.block, Status.INVALID_ARGUMENT, none)
        builder.position_at_end(start)

    def leaves(self, block: ir.Block, status: Status, counter: Value) -> None:
        """State what the run returns when ``block`` jumps to the last block.

        Args:
            counter: the timesteps completed, or those left where the run counts down.
        """
        self._status.add_incoming(ir.Constant(I32, status), block)
        self._counter.add_incoming(counter, block)

    def close(self) -> None:
        """Write the last block."""
        self.function.blocks.append(self.leaving)
        builder = ir.IRBuilder(self.leaving)
        wanted = builder.icmp_unsigned("!=", self.steps_out, NULL)
        with builder.if_then(wanted):
            steps = self._counter
            if self.counts_down:
                steps = builder.sub(self.max_steps, self._counter)
            builder.store(steps, self.steps_out)
        builder.ret(self._status)
