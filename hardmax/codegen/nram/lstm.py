"""The run of a RecurrentProgram: float32 layers, and gates whose operands are chosen at run time.

The generated ``hardmax_run``, as pseudocode::

    start:
        values[0 .. R-1] = 0                # the registers; module outputs come after them
        h, c = 0, 0
        steps = 0
    timestep:
        if steps == max_steps:
            leave(STEP_LIMIT, steps)
    decide:
        x[i] = values[i] == 0
        y = max(inputs(x), 0)
        gates = cell(y ++ h)
        c = sigmoid(forget_gate) * c + sigmoid(input_gate) * tanh(candidate)
        h = sigmoid(output_gate) * tanh(c)
        logits, halting = decisions(h), halting(h)
        for every decision d:
            choice[d] = the first of the largest among logits[first[d] .. last[d]]
    circuit:
        values[R] = READ(values[choice[0]])
        values[R + 1] = ZERO
        ...
        steps = steps + 1
        if halting > 0:
            leave(HALTED, steps)
        values[0 .. R-1] = values[choice[..]]
        goto timestep

Every float operation is one of ``hardmax.runtime.nram.lstm``, in its order, so that each bit is the
same. Weights are read-only constants. Everything else lies in fixed arrays on the stack, and no
timestep costs time in M.
"""

from __future__ import annotations

import itertools
from functools import partial

from llvmlite import ir

from hardmax.codegen.float32 import (
    FLOAT,
    FLOATS,
    Dense,
    array,
    at,
    each,
    index,
    load_lanes,
    loop,
    lstm_cell,
    splat,
    store_lanes,
)
from hardmax.codegen.llvm_types import I32, I64, ZERO, Value
from hardmax.codegen.nram.gates import Machine, Modulus, emit_gate
from hardmax.codegen.nram.prologue import ONE_STEP, Frame
from hardmax.runtime.abi import Status
from hardmax.runtime.nram.abi import timesteps_of_a_slice
from hardmax.runtime.nram.gates import GATES
from hardmax.runtime.nram.lstm import RecurrentProgram


def emit_recurrent(function: ir.Function, program: RecurrentProgram) -> None:
    """Emit the body of ``hardmax_run``."""
    _Run(function, program).emit()


class _Run:
    """``hardmax_run`` under construction."""

    def __init__(self, function: ir.Function, program: RecurrentProgram) -> None:
        self.program = program
        self.frame = Frame(function, timesteps_of_a_slice(program))
        module = function.module
        self.inputs = Dense.of(module, "inputs", [program.inputs])
        self.cell = Dense.of(module, "cell", program.cell.split(4))
        self.answers = Dense.of(module, "answers", [program.decisions, program.halting])
        self.tiles = self.inputs.tiles
        ends = [ir.Constant(I32, end) for end in itertools.accumulate(program.choices)]
        self.ends = array(module, "ends", I32, ends)

    def emit(self) -> None:
        builder, modulus = self.frame.enter()
        program, tiles = self.program, self.tiles
        registers = program.registers
        values = builder.alloca(I32, registers + len(program.modules), name="values")
        choices = builder.alloca(I32, len(program.choices), name="choices")
        x = builder.alloca(FLOAT, registers, name="x")
        y = builder.alloca(FLOATS, tiles, name="y")
        h = builder.alloca(FLOATS, tiles, name="h")
        c = builder.alloca(FLOATS, tiles, name="c")
        gates = builder.alloca(FLOATS, 4 * tiles, name="gates")
        logits = builder.alloca(FLOATS, self.answers.tiles, name="logits")
        for register in range(registers):
            builder.store(ZERO, at(builder, values, I32, index(register)))
        for tile in range(tiles):
            store_lanes(builder, splat(0.0), h, index(tile))
            store_lanes(builder, splat(0.0), c, index(tile))
        start = builder.block

        timestep = builder.append_basic_block("timestep")
        builder.branch(timestep)
        builder.position_at_end(timestep)
        left = builder.phi(I64, "left")
        left.add_incoming(self.frame.left, start)

        def again(builder: ir.IRBuilder, more: Value) -> None:
            left.add_incoming(more, builder.block)
            builder.branch(timestep)

        self.frame.go_on(builder, left, again, "decide")
        self._emit_bits(builder, values, x)
        self.inputs.emit(builder, [(x, registers)], y)
        loop(builder, tiles, [], each(partial(self._emit_relu, builder, y)))
        self.cell.emit(builder, [(y, program.hidden), (h, program.hidden)], gates)
        lstm_cell(builder, gates, tiles, h, c)
        self.answers.emit(builder, [(h, program.hidden)], logits)
        self._emit_choices(builder, logits, choices)
        # The halting logit is padded by itself: it is the first of the last vector.
        last = at(builder, logits, FLOATS, index(self.answers.tiles - 1))
        halting = builder.load(last, typ=FLOAT)
        halts = builder.fcmp_ordered(">", halting, ir.Constant(FLOAT, 0.0))

        updates = self._emit_circuit(builder, modulus, values, choices, left)
        after = builder.sub(left, ONE_STEP)
        goes_on = builder.append_basic_block("update")
        builder.cbranch(halts, self.frame.leaving, goes_on)
        self.frame.leaves(builder.block, Status.HALTED, after)
        builder.position_at_end(goes_on)
        for register, value in enumerate(updates):
            builder.store(value, at(builder, values, I32, index(register)))
        left.add_incoming(after, builder.block)
        builder.branch(timestep)
        self.frame.close()

    def _emit_bits(self, builder: ir.IRBuilder, values: Value, x: Value) -> None:
        for register in range(self.program.registers):
            value = builder.load(at(builder, values, I32, index(register)), typ=I32)
            is_zero = builder.icmp_unsigned("==", value, ZERO)
            builder.store(builder.uitofp(is_zero, FLOAT), at(builder, x, FLOAT, index(register)))

    def _emit_relu(self, builder: ir.IRBuilder, y: Value, tile: Value) -> None:
        value = load_lanes(builder, y, tile)
        positive = builder.fcmp_ordered(">", value, splat(0.0))
        store_lanes(builder, builder.select(positive, value, splat(0.0)), y, tile)

    def _emit_choices(self, builder: ir.IRBuilder, logits: Value, choices: Value) -> None:
        """For every decision the first of its largest logits; every decision has at least one."""

        def decision(d: Value, carried: list[Value]) -> list[Value]:
            (first,) = carried
            end = builder.zext(builder.load(at(builder, self.ends, I32, d), typ=I32), I64)
            best = builder.load(at(builder, logits, FLOAT, first), typ=FLOAT)
            before = builder.block
            top = builder.append_basic_block("rival")
            done = builder.append_basic_block("chosen")
            second = builder.add(first, index(1))
            builder.cbranch(builder.icmp_unsigned("==", second, end), done, top)
            builder.position_at_end(top)
            i, leader, choice = builder.phi(I64), builder.phi(FLOAT), builder.phi(I64)
            rival = builder.load(at(builder, logits, FLOAT, i), typ=FLOAT)
            larger = builder.fcmp_ordered(">", rival, leader)
            new_leader = builder.select(larger, rival, leader)
            new_choice = builder.select(larger, i, choice)
            following = builder.add(i, index(1))
            for phi, start, end_value in (
                (i, second, following),
                (leader, best, new_leader),
                (choice, first, new_choice),
            ):
                phi.add_incoming(start, before)
                phi.add_incoming(end_value, top)
            builder.cbranch(builder.icmp_unsigned("==", following, end), done, top)
            builder.position_at_end(done)
            chosen = builder.phi(I64)
            chosen.add_incoming(first, before)
            chosen.add_incoming(new_choice, top)
            number = builder.trunc(builder.sub(chosen, first), I32)
            builder.store(number, at(builder, choices, I32, d))
            return [end]

        loop(builder, len(self.program.choices), [index(0)], decision)

    def _emit_circuit(
        self,
        builder: ir.IRBuilder,
        modulus: Modulus,
        values: Value,
        choices: Value,
        left: Value,
    ) -> list[Value]:
        """Run the modules on the values that were chosen; return the new registers."""
        registers = self.program.registers
        value_out_of_range = builder.append_basic_block("value_out_of_range")
        leave = ir.IRBuilder(value_out_of_range)
        leave.branch(self.frame.leaving)
        self.frame.leaves(value_out_of_range, Status.VALUE_OUT_OF_RANGE, left)
        machine = Machine(self.frame.memory, modulus, value_out_of_range)

        def chosen(decision: int) -> Value:
            choice = builder.load(at(builder, choices, I32, index(decision)), typ=I32)
            return builder.load(at(builder, values, I32, builder.zext(choice, I64)), typ=I32)

        decision = 0
        for module, gate in enumerate(self.program.modules):
            operands = [chosen(decision + i) for i in range(GATES[gate].arity)]
            decision += len(operands)
            output = emit_gate(builder, machine, gate, operands)
            builder.store(output, at(builder, values, I32, index(registers + module)))
        return [chosen(decision + register) for register in range(registers)]
