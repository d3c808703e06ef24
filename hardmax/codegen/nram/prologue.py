"""The frame of a run, whatever chooses the circuits: its arguments, its slices and its way out."""

from __future__ import annotations

from collections.abc import Callable

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

INTERRUPTIBLE_RUN_ARGUMENTS = {**RUN_ARGUMENTS, "stop": POINTER}
"""The arguments of ``hardmax_run_interruptible``."""

NO_STEPS = ir.Constant(I64, 0)
ONE_STEP = ir.Constant(I64, 1)


class Frame:
    """A function that runs a program, under construction. It counts timesteps down.

    One that can be interrupted counts them in slices: when none is left of a slice, it looks
    whether it is to stop, and begins another.

    Attributes:
        leaving: the block in which every run ends; who jumps there says so by :meth:`leaves`.
        left: the timesteps that may run, or those of the first slice.
    """

    def __init__(self, function: ir.Function, slice_steps: int) -> None:
        """
        Args:
            function: one with the parameters ``RUN_ARGUMENTS`` or ``INTERRUPTIBLE_RUN_ARGUMENTS``.
            slice_steps: timesteps of a slice, at least 1.
        """
        self.function = function
        for argument, name in zip(function.args, INTERRUPTIBLE_RUN_ARGUMENTS, strict=False):
            argument.name = name
        self.memory, self.size, self.max_steps, self.steps_out, *stop = function.args
        self._stop = stop[0] if stop else None
        self._slice = ir.Constant(I64, slice_steps)
        # The last block of the function, written down when all others are.
        self.leaving = ir.Block(function, "leave")
        leave = ir.IRBuilder(self.leaving)
        self._status = leave.phi(I32, "status")
        self._left = leave.phi(I64, "left")

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
            small: the function that runs on fewer; can be interrupted.
        """
        builder = ir.IRBuilder(self.function.append_basic_block("entry"))
        is_small = builder.icmp_unsigned("<", self.size, ir.Constant(I32, smallest))
        with builder.if_then(is_small, likely=False):
            missing = len(small.args) - len(self.function.args)
            arguments = [*self.function.args, *missing * [NULL]]
            builder.ret(builder.call(small, arguments, tail=True))
        self._start(builder, builder.icmp_unsigned("==", self.memory, NULL))
        return builder, Modulus.of_large(builder, self.size)

    def _start(self, builder: ir.IRBuilder, invalid: Value) -> None:
        """Go on only with valid arguments."""
        self.left = self.max_steps
        if self._stop is not None:
            never_stops = builder.icmp_unsigned("==", self._stop, NULL)
            first = self._slice_of(builder, self.max_steps)
            self.left = builder.select(never_stops, self.max_steps, first)
            self._later = builder.alloca(I64, name="later")
            builder.store(builder.sub(self.max_steps, self.left), self._later)
        start = builder.append_basic_block("start")
        builder.cbranch(invalid, self.leaving, start).set_weights(LIKELY[::-1])
        self.leaves(builder.block, Status.INVALID_ARGUMENT, self.left)
        builder.position_at_end(start)

    def _slice_of(self, builder: ir.IRBuilder, steps: Value) -> Value:
        fewer = builder.icmp_unsigned("<", steps, self._slice)
        return builder.select(fewer, steps, self._slice)

    def all_left(self, builder: ir.IRBuilder, left: Value) -> Value:
        """The timesteps that may still run, ``left`` being those of the slice."""
        if self._stop is None:
            return left
        return builder.add(left, builder.load(self._later, typ=I64))

    def go_on(
        self,
        builder: ir.IRBuilder,
        left: Value,
        again: Callable[[ir.IRBuilder, Value], None],
        name: str = "timestep",
    ) -> None:
        """Go on with a timestep if one is left.

        Args:
            left: the timesteps that are left of the slice.
            again: ends a block with a jump to where the builder's block begins, everything being as
                it was there but the timesteps that are left.
            name: the name of the block in which the timestep begins.
        """
        done = builder.icmp_unsigned("==", left, NO_STEPS)
        pause = self.leaving
        if self._stop is None:
            self.leaves(builder.block, Status.STEP_LIMIT, left)
        else:
            pause = builder.append_basic_block("pause")
            self._emit_pause(ir.IRBuilder(pause), self._stop, again)
        timestep = builder.append_basic_block(name)
        builder.cbranch(done, pause, timestep).set_weights(LIKELY[::-1])
        builder.position_at_end(timestep)

    def _emit_pause(
        self, builder: ir.IRBuilder, stop: Value, again: Callable[[ir.IRBuilder, Value], None]
    ) -> None:
        """End the run or begin another slice."""
        look, resume = (builder.append_basic_block(name) for name in ("look", "resume"))
        later = self.all_left(builder, NO_STEPS)
        self.leaves(builder.block, Status.STEP_LIMIT, NO_STEPS)
        builder.cbranch(builder.icmp_unsigned("==", later, NO_STEPS), self.leaving, look)

        builder.position_at_end(look)
        word = builder.load_atomic(stop, "monotonic", 4, typ=I32)
        self.leaves(builder.block, Status.STEP_LIMIT, NO_STEPS)
        builder.cbranch(builder.icmp_unsigned("!=", word, ZERO), self.leaving, resume)

        builder.position_at_end(resume)
        more = self._slice_of(builder, later)
        builder.store(builder.sub(later, more), self._later)
        again(builder, more)

    def leaves(self, block: ir.Block, status: Status, left: Value) -> None:
        """State what the run returns when ``block`` jumps to the last block.

        Args:
            left: the timesteps that are left of the slice.
        """
        self._status.add_incoming(ir.Constant(I32, status), block)
        self._left.add_incoming(left, block)

    def close(self) -> None:
        """Write the last block."""
        self.function.blocks.append(self.leaving)
        builder = ir.IRBuilder(self.leaving)
        wanted = builder.icmp_unsigned("!=", self.steps_out, NULL)
        with builder.if_then(wanted):
            left = self.all_left(builder, self._left)
            builder.store(builder.sub(self.max_steps, left), self.steps_out)
        builder.ret(self._status)
