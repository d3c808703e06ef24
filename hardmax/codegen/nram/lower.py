"""The run of a Program, straight: one block per row, a dispatch on the zero-bits.

``hardmax.codegen.nram.lstm`` lowers the run of a program whose circuits an LSTM chooses.

The generated ``hardmax_run``, as pseudocode, for a program with R = 2 registers::

    int32_t hardmax_run(memory, size, max_steps, steps_out):
        if memory == NULL or size == 0:
            leave(INVALID_ARGUMENT, max_steps)
    start:
        last, one, two = size - 1, 1 mod size, 2 mod size
        r0 = r1 = 0
        left = max_steps
    state_0:                                # phis: the registers and the timesteps left
        if left == 0:
            leave(STEP_LIMIT, left)
    dispatch_s0:
        switch (r1 == 0) << 1 | (r0 == 0):
            default: leave(UNREACHABLE_ROW, left)
    row_s0_11:                              # named as its zero-bits are written: r1, then r0
        v2 = READ(r0)                       # not below size: goto value_out_of_range_s0
        v3 = ADD(v2, r1)
        r0, r1, left = v3, v2, left - 1
        goto state_0                        # the row's next state
    row_s0_01:
        WRITE(r1, r0)
        leave(HALTED, left - 1)            # a circuit that halts
    value_out_of_range_s0:
        leave(VALUE_OUT_OF_RANGE, left)
    leave(status, left):
        if steps_out != NULL: *steps_out = max_steps - left
        return status

``hardmax_run_interruptible`` is the same but for the timesteps left: it counts those of a slice.
When there are none it looks whether ``*stop`` tells it to end, and else begins the next slice.

That is -O0, code of a program so large that our passes would take long (:func:`is_large`), and code
for memories so small that 1, 2 or small sums of them wrap around. From -O1 on
the passes of ``hardmax.codegen.nram.pass_pipeline`` run first, and larger memories take
``hardmax.codegen.nram.jump_threaded``. A table of thousands of rows is walked over instead, by
``hardmax.codegen.nram.table_walk``.

The controller's state is the place in the code; registers and timesteps live in machine registers.
Rows of one state that share circuit and next state share the block of the first of them. States
that no row leads to are left out. Nothing is allocated and no timestep costs time in M.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from llvmlite import ir

from hardmax.codegen.llvm_types import I32, I64, ZERO, Value
from hardmax.codegen.module import emit_entry, internal_function
from hardmax.codegen.nram.cfg import control_flow_graph
from hardmax.codegen.nram.gates import Machine, Modulus, emit_gate
from hardmax.codegen.nram.jump_threaded import MAX_JUMPS, emit_jump_threaded
from hardmax.codegen.nram.pass_pipeline import LARGE_SIZES, SMALL_SIZES, optimize
from hardmax.codegen.nram.prologue import INTERRUPTIBLE_RUN_ARGUMENTS, ONE_STEP, Frame
from hardmax.codegen.nram.table_walk import emit_table_walk
from hardmax.runtime.abi import Status
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.nram.abi import SLICE
from hardmax.runtime.nram.gates import Gate
from hardmax.runtime.nram.passes.reachability import reachability
from hardmax.runtime.nram.program import Program, Row

MAX_OPERATIONS = 200
"""Operations of a circuit up to which it is analysed; the work grows with their square."""

MAX_EFFORT = 5_000
"""What the reachability analysis of a program may cost, in its own measure, if the passes of -O1 to
-O3 are to run: they do that analysis again and again. (No shipped model takes more than 400.)"""


def is_large(program: Program) -> bool:
    """Whether a program is compiled without passes of ours, as at -O0, since they would take long.

    LLVM's own passes still run.
    """
    longest = max(len(circuit.operations) for circuit in program.circuits())
    return longest > MAX_OPERATIONS or (not reachability(program, LARGE_SIZES, MAX_EFFORT).complete)


MAX_STRAIGHT_ROWS, MAX_STRAIGHT_SIZE = 4_000, 20_000
"""Rows, and rows and operations, up to which a large program becomes straight code: LLVM's work
grows with their square. A larger one's table is walked over."""

MAX_WALKED_OPERATIONS = 10_000
"""Operations of a circuit up to which a table is walked: their values lie on the stack."""

MAX_SIZE = 500_000
"""Rows and operations of a program up to which one is compiled: ten seconds."""


def emit_run(
    functions: Sequence[ir.Function], program: Program, level: int, *, with_strips: bool
) -> None:
    """Emit functions that run a program, in the form that it allows; see the file's head.

    A function that can be interrupted has more ways out of a loop, and of some loops LLVM then
    makes less. So that ``hardmax_run`` does not pay for that, both have a body of their own.

    Args:
        functions: with the parameters ``RUN_ARGUMENTS`` or ``INTERRUPTIBLE_RUN_ARGUMENTS``, the
            last with the latter.
        level: 0..3, as -O0 to -O3.
        with_strips: whether -O2 and -O3 may use vectors of integers
            (``hardmax.codegen.nram.strip_code``).

    Raises:
        HardmaxError: the program is larger than MAX_SIZE.
    """
    if is_large(program):
        _emit_large(functions, program)
        return
    if level == 0:
        _emit_straight(functions, program)
        return
    nodes = control_flow_graph(optimize(program, level, LARGE_SIZES), LARGE_SIZES)
    if sum(len(node.successors) for node in nodes) > MAX_JUMPS:
        _emit_straight(functions, optimize(program, level))
        return
    module = functions[0].module
    small = internal_function(module, "run_small", I32, *INTERRUPTIBLE_RUN_ARGUMENTS.values())
    for attribute in ("cold", "noinline", "optnone"):
        small.attributes.add(attribute)
    _emit_straight([small], optimize(program, level, SMALL_SIZES))
    smallest = LARGE_SIZES[0].smallest
    for run in functions:
        emit_jump_threaded(
            run, nodes, smallest, small, with_loops=level >= 2, with_strips=with_strips
        )


def _emit_large(functions: Sequence[ir.Function], program: Program) -> None:
    """Emit one body for all, that of the function that can be interrupted."""
    rows = {row for rows in program.table for row in rows if row is not None}
    longest = max(len(circuit.operations) for circuit in program.circuits())
    size = sum(1 + len(row.circuit.operations) for row in rows)
    is_straight = len(rows) <= MAX_STRAIGHT_ROWS and size <= MAX_STRAIGHT_SIZE
    if size > MAX_SIZE:
        raise HardmaxError(
            f"expected a program of at most {MAX_SIZE} rows and operations, found {size}"
        )
    if not is_straight and longest > MAX_WALKED_OPERATIONS:
        raise HardmaxError(
            f"expected circuits of at most {MAX_WALKED_OPERATIONS} operations in a program of "
            f"{size} rows and operations, found one of {longest}"
        )
    *others, body = functions
    for function in others:
        emit_entry(function, body)
    if is_straight:
        _emit_straight([body], program)
    else:
        emit_table_walk(body, program)


def _emit_straight(functions: Sequence[ir.Function], program: Program) -> None:
    for run in functions:
        _RunFunction(run, program).emit()


@dataclass(frozen=True)
class _State:
    """The top of a timestep in one controller state: its block and the phis that it starts with."""

    number: int
    block: ir.Block
    registers: tuple[Value, ...]
    left: Value


class _RunFunction:
    """``hardmax_run`` of a program under construction."""

    def __init__(self, function: ir.Function, program: Program) -> None:
        self.program = program
        self.function = function
        self.frame = Frame(function, SLICE)
        self.states: dict[int, _State] = {}
        self.pending: list[_State] = []

    def emit(self) -> None:
        builder, modulus = self.frame.enter()
        self._go_to(builder, 0, [ZERO] * self.program.registers, self.frame.left)
        while self.pending:
            self._emit_state(self.pending.pop(), modulus)
        self.frame.close()

    def _go_to(
        self, builder: ir.IRBuilder, number: int, registers: list[Value], left: Value
    ) -> None:
        """Jump to the next timestep; a state that nothing led to so far is put on the list."""
        if number not in self.states:
            block = self.function.append_basic_block(f"state_{number}")
            phis = ir.IRBuilder(block)
            state = _State(
                number,
                block,
                tuple(phis.phi(I32, f"r{i}_s{number}") for i in range(self.program.registers)),
                phis.phi(I64, f"left_s{number}"),
            )
            self.states[number] = state
            self.pending.append(state)
        state = self.states[number]
        for phi, value in zip((*state.registers, state.left), (*registers, left), strict=True):
            phi.add_incoming(value, builder.block)
        builder.branch(state.block)

    def _emit_state(self, state: _State, modulus: Modulus) -> None:
        builder = ir.IRBuilder(state.block)
        registers, left = list(state.registers), state.left
        self.frame.go_on(
            builder,
            left,
            lambda builder, left: self._go_to(builder, state.number, registers, left),
            f"dispatch_s{state.number}",
        )
        switch = builder.switch(self._emit_bits(builder, state), self.frame.leaving)
        self.frame.leaves(builder.block, Status.UNREACHABLE_ROW, left)
        blocks: dict[Row, ir.Block] = {}
        for bits, row in enumerate(self.program.table[state.number]):
            if row is None:
                continue
            if row not in blocks:
                name = f"row_s{state.number}_{bits:0{self.program.registers}b}"
                blocks[row] = self.function.append_basic_block(name)
            switch.add_case(ir.Constant(I32, bits), blocks[row])

        value_out_of_range = ir.Block(self.function, f"value_out_of_range_s{state.number}")
        machine = Machine(self.frame.memory, modulus, value_out_of_range)
        for row, block in blocks.items():
            self._emit_row(ir.IRBuilder(block), row, state, machine)
        if any(op.gate is Gate.READ for row in blocks for op in row.circuit.operations):
            self.function.blocks.append(value_out_of_range)
            ir.IRBuilder(value_out_of_range).branch(self.frame.leaving)
            self.frame.leaves(value_out_of_range, Status.VALUE_OUT_OF_RANGE, left)

    def _emit_bits(self, builder: ir.IRBuilder, state: _State) -> Value:
        bits: Value = ZERO
        for i, register in enumerate(state.registers):
            is_zero = builder.zext(builder.icmp_unsigned("==", register, ZERO), I32)
            bits = builder.or_(bits, builder.shl(is_zero, ir.Constant(I32, i)))
        return bits

    def _emit_row(self, builder: ir.IRBuilder, row: Row, state: _State, machine: Machine) -> None:
        values = list(state.registers)
        for operation in row.circuit.operations:
            operands = [values[operand] for operand in operation.operands]
            values.append(emit_gate(builder, machine, operation.gate, operands))
        left = builder.sub(state.left, ONE_STEP)
        if row.circuit.halt:
            self.frame.leaves(builder.block, Status.HALTED, left)
            builder.branch(self.frame.leaving)
        else:
            registers = [values[output] for output in row.circuit.outputs]
            self._go_to(builder, row.next_state, registers, left)
