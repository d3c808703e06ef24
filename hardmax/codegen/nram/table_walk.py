"""The run of a Program with a large table: code that walks over the table, whatever is in it.

Straight code for ten thousands of rows takes LLVM minutes. Here the table is data, and the code
is one loop over the operations of a circuit, of the same size for every program::

    state_0:                                # phi: the timesteps left
        if left == 0: leave(STEP_LIMIT, left)
        number = row_of[state][zero-bits of the registers]
        if number == NO_ROW: leave(UNREACHABLE_ROW, left)
        row = rows[number]
        for i in row.first .. row.end:      # an operation, its operands among the values
            gate, a, b = operations[i]
            values[R + i - row.first] = gate(values[a], values[b])
        if row.halt: leave(HALTED, left - 1)
        the registers, values[0 .. R - 1] = values[row.outputs[0 .. R - 1]]
        state = row.next_state

A timestep takes as many turns of the loop as its circuit has operations: no time in M, as ever.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from llvmlite import ir

from hardmax.codegen.llvm_types import I32, I64, ONE, ZERO, Value
from hardmax.codegen.nram.gates import Machine, emit_gate
from hardmax.codegen.nram.prologue import ONE_STEP, Frame
from hardmax.runtime.abi import Status
from hardmax.runtime.nram.abi import SLICE
from hardmax.runtime.nram.gates import GATES, Gate
from hardmax.runtime.nram.program import Circuit, Program, Row

NO_ROW = 0xFFFFFFFF
"""What ``row_of`` holds where the program has no row."""

_GATES = tuple(Gate)
_OPERATION_WORDS = 3
_FIRST, _END, _HALT, _NEXT_STATE, _OUTPUTS = range(5)


@dataclass(frozen=True)
class _Tables:
    """The table as words; offsets into ``operations`` are those of words.

    Attributes:
        row_of: by state and zero-bits, where in ``rows`` the words of the row begin, or NO_ROW.
        rows: of each distinct row first, end, halt, next state, outputs.
        operations: of each operation its gate, a place in ``_GATES``, and two operands; those that
            the gate does not use are 0.
        longest: operations of the longest circuit.
    """

    row_of: list[int]
    rows: list[int]
    operations: list[int]
    longest: int

    @staticmethod
    def of(program: Program) -> _Tables:
        tables = _Tables([], [], [], max(len(c.operations) for c in program.circuits()))
        circuits: dict[Circuit, tuple[int, int]] = {}
        places: dict[Row, int] = {}
        for circuit in program.circuits():
            first = len(tables.operations)
            for operation in circuit.operations:
                a, b = (*operation.operands, 0, 0)[:2]
                tables.operations.extend((_GATES.index(operation.gate), a, b))
            circuits[circuit] = first, len(tables.operations)
        for rows in program.table:
            for row in rows:
                if row is None:
                    tables.row_of.append(NO_ROW)
                    continue
                if row not in places:
                    places[row] = len(tables.rows)
                    tables.rows.extend((*circuits[row.circuit], row.circuit.halt, row.next_state))
                    tables.rows.extend(row.circuit.outputs)
                tables.row_of.append(places[row])
        return tables


def emit_table_walk(function: ir.Function, program: Program) -> None:
    """Emit the body of ``hardmax_run`` or ``hardmax_run_interruptible``."""
    _Walk(function, program).emit()


class _Walk:
    """A function under construction."""

    def __init__(self, function: ir.Function, program: Program) -> None:
        self.function = function
        self.registers = program.registers
        tables = _Tables.of(program)
        self.row_of = _words(function.module, "row_of", tables.row_of)
        self.rows = _words(function.module, "rows", tables.rows)
        self.operations = _words(function.module, "operations", tables.operations)
        self.places = _number(program.registers + tables.longest)
        self.frame = Frame(function, SLICE)

    def emit(self) -> None:
        builder, modulus = self.frame.enter()
        with builder.goto_entry_block():
            self.values = builder.alloca(I32, self.places, name="values")
        for register in range(self.registers):
            self._set(builder, _number(register), ZERO)
        timestep = self.function.append_basic_block("timestep")
        out_of_range = ir.Block(self.function, "value_out_of_range")
        self.machine = Machine(self.frame.memory, modulus, out_of_range)
        top = ir.IRBuilder(timestep)
        state, left = top.phi(I32, "state"), top.phi(I64, "left")

        def begin(builder: ir.IRBuilder, next_state: Value, left_now: Value) -> None:
            state.add_incoming(next_state, builder.block)
            left.add_incoming(left_now, builder.block)
            builder.branch(timestep)

        begin(builder, ZERO, self.frame.left)
        self.frame.go_on(top, left, lambda builder, more: begin(builder, state, more), "dispatch")
        row = self._find_row(top, state, left)
        self._emit_circuit(top, row)
        left_after = top.sub(left, ONE_STEP)
        self._leave_if(top, self._field(top, row, _HALT), Status.HALTED, left_after)
        outputs = [
            self._get(top, self._field(top, row, _OUTPUTS + register))
            for register in range(self.registers)
        ]
        for register, value in enumerate(outputs):
            self._set(top, _number(register), value)
        begin(top, self._field(top, row, _NEXT_STATE), left_after)
        self.function.blocks.append(out_of_range)
        ir.IRBuilder(out_of_range).branch(self.frame.leaving)
        self.frame.leaves(out_of_range, Status.VALUE_OUT_OF_RANGE, left)
        self.frame.close()

    def _find_row(self, builder: ir.IRBuilder, state: Value, left: Value) -> Value:
        """Where the row of the state and the registers begins; the run ends where there is none."""
        place = state
        for register in reversed(range(self.registers)):
            is_zero = builder.icmp_unsigned("==", self._get(builder, _number(register)), ZERO)
            place = builder.add(builder.shl(place, ONE), builder.zext(is_zero, I32))
        row = _load(builder, self.row_of, place)
        missing = builder.icmp_unsigned("==", row, _number(NO_ROW))
        self._leave_if(builder, missing, Status.UNREACHABLE_ROW, left)
        return row

    def _emit_circuit(self, builder: ir.IRBuilder, row: Value) -> None:
        """The loop over a circuit's operations; the builder then stands behind it."""
        names = ("operation", "operate", "next_operation", "done")
        loop, body, after, done = (builder.append_basic_block(name) for name in names)
        first, end = self._field(builder, row, _FIRST), self._field(builder, row, _END)
        start = builder.block
        builder.branch(loop)

        builder.position_at_end(loop)
        place, target = builder.phi(I32, "place"), builder.phi(I32, "target")
        place.add_incoming(first, start)
        target.add_incoming(_number(self.registers), start)
        builder.cbranch(builder.icmp_unsigned("==", place, end), done, body)

        builder.position_at_end(body)
        gate, *operands = (
            _load(builder, self.operations, builder.add(place, _number(word)))
            for word in range(_OPERATION_WORDS)
        )
        values = [self._get(builder, operand) for operand in operands]
        never = self.function.append_basic_block("no_gate")
        ir.IRBuilder(never).unreachable()
        switch = builder.switch(gate, never)

        builder.position_at_end(after)
        result = builder.phi(I32, "result")
        for number, known in enumerate(_GATES):
            block = self.function.append_basic_block(f"gate_{known.name}")
            switch.add_case(_number(number), block)
            case = ir.IRBuilder(block)
            used = values[: len(GATES[known].operands)]
            result.add_incoming(emit_gate(case, self.machine, known, used), case.block)
            case.branch(after)
        self._set(builder, target, result)
        place.add_incoming(builder.add(place, _number(_OPERATION_WORDS)), after)
        target.add_incoming(builder.add(target, ONE), after)
        builder.branch(loop)
        builder.position_at_end(done)

    def _leave_if(
        self, builder: ir.IRBuilder, condition: Value, status: Status, left: Value
    ) -> None:
        """End the run where the condition, an i1 or an i32 that is not 0, holds."""
        if condition.type == I32:
            condition = builder.icmp_unsigned("!=", condition, ZERO)
        self.frame.leaves(builder.block, status, left)
        go_on = builder.append_basic_block("go_on")
        builder.cbranch(condition, self.frame.leaving, go_on)
        builder.position_at_end(go_on)

    def _field(self, builder: ir.IRBuilder, row: Value, word: int) -> Value:
        return _load(builder, self.rows, builder.add(row, _number(word)))

    def _get(self, builder: ir.IRBuilder, place: Value) -> Value:
        return builder.load(self._value(builder, place), typ=I32)

    def _set(self, builder: ir.IRBuilder, place: Value, value: Value) -> None:
        builder.store(value, self._value(builder, place))

    def _value(self, builder: ir.IRBuilder, place: Value) -> Value:
        return _element(builder, self.values, place)


def _words(module: ir.Module, name: str, words: Sequence[int]) -> ir.GlobalVariable:
    """A constant array of 32-bit words, little-endian as every architecture here is."""
    data = bytearray(struct.pack(f"<{len(words)}I", *words))
    array = ir.ArrayType(ir.IntType(8), len(data))
    variable = ir.GlobalVariable(module, array, module.get_unique_name(name))
    variable.linkage = "private"
    variable.global_constant = True
    variable.align = 4
    variable.initializer = ir.Constant(array, data)
    return variable


def _load(builder: ir.IRBuilder, words: ir.GlobalVariable, place: Value) -> Value:
    return builder.load(_element(builder, words, place), typ=I32)


def _element(builder: ir.IRBuilder, words: Value, place: Value) -> Value:
    """A pointer to a word of an array."""
    index = builder.zext(place, I64)
    return builder.gep(words, [index], inbounds=True, source_etype=I32)


def _number(value: int) -> Value:
    return ir.Constant(I32, value)
