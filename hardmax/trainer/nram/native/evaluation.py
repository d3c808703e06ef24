"""The inner loop of the search as LLVM IR: run a table program on examples, and add up its losses.

``LANES`` examples run side by side, one in each lane of vectors of 16-bit integers::

    for group of LANES examples:
        registers = 0; tape = the group's words
        while a lane is running and has time left:
            for every circuit that running lanes ask for:
                operations, all lanes; a WRITE and what follows only those that ask for it
            best = min(best, wrong)
        lost += what the group's wrong cells and idle lanes cost
        if lost > affordable: give up

A word of the tape holds the value of a cell in its lower half and the answer in its upper, so that
one look at memory serves both. A lane that must not write writes into a row that nobody reads.
The numba kernel of :mod:`hardmax.trainer.nram.search.kernel` is the definition.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from llvmlite import ir
from numpy.typing import NDArray

from hardmax.runtime.nram.gates import Gate
from hardmax.trainer.nram.native.compilation import Compiled
from hardmax.trainer.nram.native.integer_gates import INTEGER_MEANING, constant
from hardmax.trainer.nram.native.registers import RegisterFile, host_registers
from hardmax.trainer.nram.native.vector_code import I32, I64, POINTER, Code, Module, Value

LANES = 32
"""Examples that run side by side."""

LARGEST_SIZE = 1 << 15
"""Of a memory: twice a value must fit into 16 bits."""

FAR_BITS = 3
FAR = 1 << FAR_BITS
"""A cell that is off its answer by this much, or by more, is as wrong as it can be."""

NO_ANSWER = (1 << 16) - 1
"""In the upper half of a word: the cell is no output."""

ALIGNMENT = 64
"""Bytes, of arrays of vectors."""


class Field(enum.IntEnum):
    """Where an i64 of the frame says what; most are addresses of C arrays.

    The program, of R registers, Q modules and K circuits: TABLE i64 [2^R], CODE i16 [K, SLOTS],
    OPERATIONS i64 [K, Q, 4], COUNTS i64 [K], VISITED i8 [2^R].
    Room to run it: VALUES u16 [R + Q, LANES], TAPE i32 [ROOM + 1, LANES], MASKS i32 [K], all 0.
    The examples, in G groups: WORDS i32 [G, DEPTH, LANES], CELLS i64 [G], SIZE u16 [G, LANES],
    STEPS i32 [G, LANES], WRONG u16 [G, LANES], WORTH i32 [G, LANES], PRESENT u32 [G].
    What is lost: by a wrong cell at the END, by one at the BEST moment, by an IDLE lane, by a cell
    that is DISTANT at the end; up to AFFORDABLE.
    What is traced, where there is one group: circuit TRACED - 1, none if 0. For every timestep, the
    values before registers are updated go to TRACE u16 [timesteps, R + Q, LANES], the lanes that
    ran the circuit to ASKED u32 [timesteps], and those that were right after so many timesteps to
    RIGHT u32 [timesteps + 1].
    What comes out: AT_END u16 [G, LANES], AT_BEST u16 [G, LANES], TAKEN i32 [G, LANES],
    HALTED u32 [G], and LOST, -1 for more than is affordable.
    """

    REGISTERS = 0
    MODULES = 1
    CIRCUITS = 2
    SLOTS = 3
    TABLE = 4
    CODE = 5
    OPERATIONS = 6
    COUNTS = 7
    VISITED = 8
    VALUES = 9
    TAPE = 10
    MASKS = 11
    ROOM = 12
    GROUPS = 13
    DEPTH = 14
    WORDS = 15
    CELLS = 16
    SIZE = 17
    STEPS = 18
    WRONG = 19
    WORTH = 20
    PRESENT = 21
    END = 22
    BEST = 23
    IDLE = 24
    DISTANT = 25
    AFFORDABLE = 26
    TRACED = 27
    TRACE = 28
    ASKED = 29
    RIGHT = 30
    AT_END = 31
    AT_BEST = 32
    TAKEN = 33
    HALTED = 34
    LOST = 35


@dataclass(frozen=True)
class Room:
    """What a machine needs to run, in memories of up to ``cells`` cells."""

    registers: int
    modules: int
    circuits: int
    cells: int

    @property
    def _values(self) -> int:
        return 2 * LANES * (2 * self.registers + self.modules)

    @property
    def _tape(self) -> int:
        return 4 * LANES * (self.cells + 1)

    @property
    def bytes(self) -> int:
        """In all."""
        return self._values + self._tape + 4 * self.circuits

    def place(self, frame: NDArray[Any], address: int) -> None:
        """Write into a frame where it is; it begins at a multiple of ALIGNMENT."""
        frame[Field.VALUES] = address
        frame[Field.TAPE] = address + self._values
        frame[Field.MASKS] = address + self._values + self._tape
        frame[Field.ROOM] = self.cells


def aligned(shape: tuple[int, ...], kind: Any) -> NDArray[Any]:
    """Zeros that begin at a multiple of ALIGNMENT."""
    size = math.prod(shape) * np.dtype(kind).itemsize
    block = np.zeros(size + ALIGNMENT, np.uint8)
    start = -block.ctypes.data % ALIGNMENT
    rows: NDArray[Any] = block[start : start + size].view(kind).reshape(shape)
    return rows


@cache
def evaluation() -> Any:
    """The machine code for this processor: a function of a frame's address."""
    return compile_evaluation(host_registers())


_I8, _I16 = ir.IntType(8), ir.IntType(16)
_NARROW: Value = ir.VectorType(_I16, LANES)
_WIDE: Value = ir.VectorType(I32, LANES)
_MASK: Value = ir.VectorType(ir.IntType(1), LANES)
_PLACES: Value = ir.VectorType(POINTER, LANES)


@cache
def compile_evaluation(registers: RegisterFile) -> Any:
    """Machine code for some vector registers; it stays while this process lives."""
    module = Module(registers, double=False)

    def body(code: Code, frame: Value) -> None:
        _Evaluation(code, frame).write()

    module.function("evaluate", "p", body, exported=True)
    compiled = Compiled(module)
    _KEPT.append(compiled)
    return compiled.function("evaluate", 1)


_KEPT: list[Compiled] = []
"""Machine code that is in use: a function pointer does not keep it."""


class _Evaluation:
    """Writes the one function."""

    def __init__(self, code: Code, frame: Value) -> None:
        self.code = code
        self.builder = code.builder
        self.frame = frame
        fields = {field: code.get_index(frame, field) for field in Field if field < Field.AT_END}
        self.number = fields
        self.wrong = self._variable(_NARROW)
        self.best = self._variable(_NARROW)
        self.taken = self._variable(_WIDE)
        self.rows = self._variable(_WIDE)
        self.running = self._variable(I32)
        self.halted = self._variable(I32)
        self.remaining = self._variable(I32)
        self.step = self._variable(I32)
        self.lost = self._variable(I64)
        self.group = self._variable(I64)
        self.values = self._pointer(Field.VALUES)
        self.tape = self._pointer(Field.TAPE)
        self.masks = self._pointer(Field.MASKS)

    def write(self) -> None:
        """All of it."""
        self.builder.store(I64(0), self.lost)
        self.builder.store(I64(0), self.group)
        groups, affordable = self.number[Field.GROUPS], self.number[Field.AFFORDABLE]

        def goes_on() -> Value:
            more = self.builder.icmp_signed("<", self.builder.load(self.group, typ=I64), groups)
            lost = self.builder.load(self.lost, typ=I64)
            return self.builder.and_(more, self.builder.icmp_signed("<=", lost, affordable))

        self._while(goes_on, self._run_group)
        lost = self.builder.load(self.lost, typ=I64)
        too_much = self.builder.icmp_signed(">", lost, affordable)
        result = self.builder.select(too_much, I64(-1), lost)
        place = self.builder.gep(self.frame, [I64(Field.LOST)], source_etype=I64)
        self.builder.store(result, place)

    def _run_group(self) -> None:
        builder = self.builder
        group = builder.load(self.group, typ=I64)
        self._begin(group)
        steps = self._load_row(Field.STEPS, group, _WIDE)
        self.size = self._load_row(Field.SIZE, group, _NARROW)

        def active() -> Value:
            step = self._spread(builder.load(self.step, typ=I32))
            in_time = self._bits(builder.icmp_signed(">", steps, step))
            return builder.and_(in_time, builder.load(self.running, typ=I32))

        def goes_on() -> Value:
            mask = active()
            builder.store(mask, self.remaining)
            return builder.icmp_signed("!=", mask, I32(0))

        self._while(goes_on, self._timestep)
        self._end(group)
        builder.store(builder.add(group, I64(1)), self.group)

    def _begin(self, group: Value) -> None:
        code, builder = self.code, self.builder
        depth = self.number[Field.DEPTH]
        words = self._pointer(Field.WORDS)
        first = builder.mul(group, depth)
        count = self._element(Field.CELLS, group, I64)
        code.loop(
            count,
            lambda cell: self._store(
                self.tape, cell, self._load(words, builder.add(first, cell), _WIDE)
            ),
        )
        zero = constant(_NARROW, 0)
        code.loop(self.number[Field.REGISTERS], lambda r: self._store(self.values, r, zero))
        wrong = self._load_row(Field.WRONG, group, _NARROW)
        builder.store(wrong, self.wrong)
        builder.store(wrong, self.best)
        builder.store(constant(_WIDE, 0), self.taken)
        builder.store(I32(-1), self.running)
        builder.store(I32(0), self.halted)
        builder.store(I32(0), self.step)
        self._trace_right()

    def _timestep(self) -> None:
        builder = self.builder
        active = self._lanes(builder.load(self.remaining, typ=I32))
        taken = builder.load(self.taken, typ=_WIDE)
        builder.store(builder.add(taken, builder.zext(active, _WIDE)), self.taken)
        self._find_rows()
        self._while(
            lambda: builder.icmp_signed("!=", builder.load(self.remaining, typ=I32), I32(0)),
            self._ask_for_circuit,
        )

        def run(circuit: Value) -> None:
            place = builder.gep(self.masks, [circuit], source_etype=I32)
            mask = builder.load(place, typ=I32)

            def body() -> None:
                builder.store(I32(0), place)
                self._run_circuit(circuit, mask)

            self.code.when(builder.icmp_signed("!=", mask, I32(0)), body)

        self.code.loop(self.number[Field.CIRCUITS], run)
        wrong, best = builder.load(self.wrong, typ=_NARROW), builder.load(self.best, typ=_NARROW)
        fewer = builder.icmp_unsigned("<", wrong, best)
        builder.store(builder.select(fewer, wrong, best), self.best)
        builder.store(builder.add(builder.load(self.step, typ=I32), I32(1)), self.step)
        self._trace_right()

    def _trace_right(self) -> None:
        """Note which lanes are right now, where there is a trace."""
        builder = self.builder

        def note() -> None:
            wrong = builder.load(self.wrong, typ=_NARROW)
            right = self._bits(builder.icmp_unsigned("==", wrong, constant(_NARROW, 0)))
            self._put_bits(Field.RIGHT, right)

        self.code.when(builder.icmp_signed("!=", self.number[Field.TRACED], I64(0)), note)

    def _trace_circuit(self, circuit: Value, mask: Value) -> None:
        """Note the values of a timestep, where this is the circuit that is traced."""
        builder = self.builder

        def note() -> None:
            self._put_bits(Field.ASKED, mask)
            count = builder.add(self.number[Field.REGISTERS], self.number[Field.MODULES])
            step = builder.zext(builder.load(self.step, typ=I32), I64)
            first = builder.mul(step, count)
            trace = self._pointer(Field.TRACE)

            def copy(row: Value) -> None:
                value = self._load(self.values, row, _NARROW)
                self._store(trace, builder.add(first, row), value)

            self.code.loop(count, copy)

        traced = builder.sub(self.number[Field.TRACED], I64(1))
        self.code.when(builder.icmp_signed("==", circuit, traced), note)

    def _put_bits(self, field: Field, bits: Value) -> None:
        """Store a mask at the number of timesteps that are over."""
        step = self.builder.zext(self.builder.load(self.step, typ=I32), I64)
        place = self.builder.gep(self._pointer(field), [step], source_etype=I32)
        self.builder.store(bits, place)

    def _find_rows(self) -> None:
        """The row of the table that each lane asks for: bit i is set where register i is 0."""
        builder = self.builder

        def add_bit(register: Value, rows: Value) -> list[Value]:
            value = self._load(self.values, register, _NARROW)
            is_zero = builder.icmp_unsigned("==", value, constant(_NARROW, 0))
            bit = builder.shl(I32(1), builder.trunc(register, I32))
            bits = builder.select(is_zero, self._spread(bit), constant(_WIDE, 0))
            return [builder.or_(rows, bits)]

        registers = self.number[Field.REGISTERS]
        (rows,) = self.code.loop(registers, add_bit, [constant(_WIDE, 0)])
        builder.store(rows, self.rows)

    def _ask_for_circuit(self) -> None:
        """Note which lanes run the circuit that the first of the remaining ones asks for."""
        builder = self.builder
        remaining = builder.load(self.remaining, typ=I32)
        lane = builder.cttz(remaining, ir.Constant(ir.IntType(1), 1))
        row = builder.load(
            builder.gep(self.rows, [builder.zext(lane, I64)], source_etype=I32), typ=I32
        )
        rows = builder.load(self.rows, typ=_WIDE)
        alike = self._bits(builder.icmp_unsigned("==", rows, self._spread(row)))
        alike = builder.and_(alike, remaining)
        index = builder.zext(row, I64)
        visited = builder.gep(self._pointer(Field.VISITED), [index], source_etype=_I8)
        builder.store(_I8(1), visited)
        circuit = self._element(Field.TABLE, index, I64)
        place = builder.gep(self.masks, [circuit], source_etype=I32)
        builder.store(builder.or_(builder.load(place, typ=I32), alike), place)
        builder.store(builder.and_(remaining, builder.not_(alike)), self.remaining)

    def _run_circuit(self, circuit: Value, mask: Value) -> None:
        builder = self.builder
        lanes = self._lanes(mask)
        stride = builder.mul(self.number[Field.MODULES], I64(4))
        first = builder.mul(circuit, stride)
        operations = builder.gep(self._pointer(Field.OPERATIONS), [first], source_etype=I64)

        def operate(i: Value) -> None:
            start = builder.mul(i, I64(4))
            parts = [
                builder.load(
                    builder.gep(operations, [builder.add(start, I64(part))], source_etype=I64),
                    typ=I64,
                )
                for part in range(4)
            ]
            self._operate(lanes, *parts)

        self.code.loop(self._element(Field.COUNTS, circuit, I64), operate)
        self._trace_circuit(circuit, mask)
        registers = self.number[Field.REGISTERS]
        start = builder.mul(circuit, self.number[Field.SLOTS])
        code = builder.gep(self._pointer(Field.CODE), [start], source_etype=_I16)
        halts = builder.load(builder.gep(code, [registers], source_etype=_I16), typ=_I16)
        halting = builder.icmp_signed("!=", halts, _I16(0))
        with builder.if_else(halting) as (then, otherwise):
            with then:
                running = builder.load(self.running, typ=I32)
                builder.store(builder.and_(running, builder.not_(mask)), self.running)
                halted = builder.load(self.halted, typ=I32)
                builder.store(builder.or_(halted, mask), self.halted)
            with otherwise:
                self._update_registers(code, lanes)

    def _update_registers(self, code: Value, lanes: Value) -> None:
        """All registers at the same moment: the new values first lie behind the trash row."""
        builder = self.builder
        registers = self.number[Field.REGISTERS]
        behind = builder.add(registers, self.number[Field.MODULES])

        def gather(register: Value) -> None:
            place = builder.gep(code, [register], source_etype=_I16)
            source = builder.zext(builder.load(place, typ=_I16), I64)
            value = self._load(self.values, source, _NARROW)
            self._store(self.values, builder.add(behind, register), value)

        def put(register: Value) -> None:
            new = self._load(self.values, builder.add(behind, register), _NARROW)
            old = self._load(self.values, register, _NARROW)
            self._store(self.values, register, builder.select(lanes, new, old))

        self.code.loop(registers, gather)
        self.code.loop(registers, put)

    def _operate(self, lanes: Value, opcode: Value, a: Value, b: Value, target: Value) -> None:
        builder = self.builder
        after = self.code.function.append_basic_block("after")
        unknown = self.code.function.append_basic_block("unknown")
        switch = builder.switch(opcode, unknown)
        for number, gate in enumerate(Gate):
            case = self.code.function.append_basic_block(gate.name.lower())
            switch.add_case(I64(number), case)
            builder.position_at_end(case)
            first = self._load(self.values, a, _NARROW)
            if gate is Gate.READ:
                value = self._read(first)
            else:
                second = self._load(self.values, b, _NARROW)
                if gate is Gate.WRITE:
                    value = self._write(lanes, first, second)
                else:
                    value = INTEGER_MEANING[gate](builder, [first, second], self.size)
            self._store(self.values, target, value)
            builder.branch(after)
        builder.position_at_end(unknown)
        builder.unreachable()
        builder.position_at_end(after)

    def _read(self, address: Value) -> Value:
        return self.builder.trunc(self._gather(self._addresses(address)), _NARROW)

    def _write(self, lanes: Value, address: Value, value: Value) -> Value:
        builder = self.builder
        trash = self._spread(builder.trunc(self.number[Field.ROOM], _I16))
        places = self._addresses(builder.select(lanes, address, trash))
        word = self._gather(places)
        before = builder.trunc(word, _NARROW)
        answer = builder.trunc(builder.lshr(word, constant(_WIDE, 16)), _NARROW)
        judged = builder.icmp_unsigned("!=", answer, constant(_NARROW, NO_ANSWER))
        judged = builder.and_(judged, lanes)
        is_wrong = builder.and_(builder.icmp_unsigned("!=", value, answer), judged)
        was_wrong = builder.and_(builder.icmp_unsigned("!=", before, answer), judged)
        wrong = builder.load(self.wrong, typ=_NARROW)
        wrong = builder.add(wrong, builder.zext(is_wrong, _NARROW))
        builder.store(builder.sub(wrong, builder.zext(was_wrong, _NARROW)), self.wrong)
        kept = builder.and_(word, constant(_WIDE, -(1 << 16)))
        self._scatter(builder.or_(kept, builder.zext(value, _WIDE)), places)
        return constant(_NARROW, 0)

    def _end(self, group: Value) -> None:
        builder = self.builder
        before = self._load_row(Field.WRONG, group, _NARROW)
        worth = self._load_row(Field.WORTH, group, _WIDE)
        wrong, best = builder.load(self.wrong, typ=_NARROW), builder.load(self.best, typ=_NARROW)
        one = constant(_NARROW, 1)
        most = builder.select(builder.icmp_unsigned("<", before, one), one, before)

        def lost(cells: Value, parts: int = 0) -> Value:
            """What so many cells, or so many of 2^parts parts of cells, are worth."""
            limit = builder.shl(most, constant(_NARROW, parts))
            cells = builder.select(builder.icmp_unsigned("<", cells, limit), cells, limit)
            each = builder.lshr(worth, constant(_WIDE, parts))
            return builder.sext(
                self.code.reduce("add", builder.mul(builder.zext(cells, _WIDE), each)), I64
            )

        halted = builder.load(self.halted, typ=I32)
        present = self._element(Field.PRESENT, group, I32)
        idle = builder.zext(builder.ctpop(builder.and_(present, builder.not_(halted))), I64)
        terms = (
            builder.mul(lost(wrong), self.number[Field.END]),
            builder.mul(lost(best), self.number[Field.BEST]),
            builder.mul(idle, self.number[Field.IDLE]),
        )
        for term in terms:
            builder.store(builder.add(builder.load(self.lost, typ=I64), term), self.lost)
        distant = self.number[Field.DISTANT]

        def count_distance() -> None:
            term = builder.mul(lost(self._distance(group), FAR_BITS), distant)
            builder.store(builder.add(builder.load(self.lost, typ=I64), term), self.lost)

        self.code.when(builder.icmp_signed("!=", distant, I64(0)), count_distance)
        self._store(self._pointer(Field.AT_END), group, wrong)
        self._store(self._pointer(Field.AT_BEST), group, best)
        self._store(self._pointer(Field.TAKEN), group, builder.load(self.taken, typ=_WIDE))
        halted_place = builder.gep(self._pointer(Field.HALTED), [group], source_etype=I32)
        builder.store(halted, halted_place)

    def _distance(self, group: Value) -> Value:
        """How far all cells of each lane are off their answers, none more than FAR."""
        builder = self.builder

        def add_cell(cell: Value, total: Value) -> list[Value]:
            word = self._load(self.tape, cell, _WIDE)
            value = builder.trunc(word, _NARROW)
            answer = builder.trunc(builder.lshr(word, constant(_WIDE, 16)), _NARROW)
            above = builder.icmp_unsigned(">", value, answer)
            off = builder.select(above, builder.sub(value, answer), builder.sub(answer, value))
            far = constant(_NARROW, FAR)
            off = builder.select(builder.icmp_unsigned("<", off, far), off, far)
            judged = builder.icmp_unsigned("!=", answer, constant(_NARROW, NO_ANSWER))
            return [builder.add(total, builder.select(judged, off, constant(_NARROW, 0)))]

        cells = self._element(Field.CELLS, group, I64)
        (total,) = self.code.loop(cells, add_cell, [constant(_NARROW, 0)])
        return total

    # Memory

    def _addresses(self, cells: Value) -> Value:
        """Where the words of a cell of each lane lie on the tape."""
        builder = self.builder
        index = builder.shl(builder.zext(cells, _WIDE), constant(_WIDE, LANES.bit_length() - 1))
        index = builder.or_(index, ir.Constant(_WIDE, list(range(LANES))))
        wide = builder.sext(index, ir.VectorType(I64, LANES))
        places = builder.gep(self.tape, [wide], source_etype=I32)
        places.type = _PLACES  # llvmlite does not know that of a vector of indices
        return places

    def _gather(self, places: Value) -> Value:
        gather = self._intrinsic("llvm.masked.gather", _WIDE, [_PLACES, I32, _MASK, _WIDE])
        everywhere = constant(_MASK, 1)
        return self.builder.call(gather, [places, I32(4), everywhere, constant(_WIDE, 0)])

    def _scatter(self, words: Value, places: Value) -> None:
        arguments = [_WIDE, _PLACES, I32, _MASK]
        scatter = self._intrinsic("llvm.masked.scatter", ir.VoidType(), arguments)
        self.builder.call(scatter, [words, places, I32(4), constant(_MASK, 1)])

    def _intrinsic(self, name: str, result: Value, arguments: list[Value]) -> Value:
        name = f"{name}.v{LANES}i32.v{LANES}p0"
        function = self.code.module.ir.globals.get(name)
        if function is None:
            kind = ir.FunctionType(result, arguments)
            function = ir.Function(self.code.module.ir, kind, name)
        return function

    def _pointer(self, field: Field) -> Value:
        if field < Field.AT_END:
            address = self.number[field]
        else:
            address = self.code.get_index(self.frame, field)
        return self.builder.inttoptr(address, POINTER)

    def _element(self, field: Field, index: Value, kind: Value) -> Value:
        place = self.builder.gep(self._pointer(field), [index], source_etype=kind)
        return self.builder.load(place, typ=kind)

    def _load_row(self, field: Field, row: Value, kind: Value) -> Value:
        return self._load(self._pointer(field), row, kind)

    def _load(self, pointer: Value, row: Value, kind: Value) -> Value:
        place = self.builder.gep(pointer, [row], source_etype=kind)
        return self.builder.load(place, typ=kind, align=ALIGNMENT)

    def _store(self, pointer: Value, row: Value, value: Value) -> None:
        place = self.builder.gep(pointer, [row], source_etype=value.type)
        self.builder.store(value, place, align=ALIGNMENT)

    # Masks and control

    def _bits(self, mask: Value) -> Value:
        return self.builder.bitcast(mask, I32)

    def _lanes(self, bits: Value) -> Value:
        return self.builder.bitcast(bits, _MASK)

    def _spread(self, number: Value) -> Value:
        """A scalar, in every lane."""
        kind = ir.VectorType(number.type, LANES)
        undefined = ir.Constant(kind, ir.Undefined)
        first = self.builder.insert_element(undefined, number, I32(0))
        return self.builder.shuffle_vector(first, undefined, constant(_WIDE, 0))

    def _variable(self, kind: Value) -> Value:
        return self.builder.alloca(kind)

    def _while(self, condition: Callable[[], Value], body: Callable[[], None]) -> None:
        function, builder = self.code.function, self.builder
        head = function.append_basic_block("while")
        inside = function.append_basic_block("do")
        after = function.append_basic_block("done")
        builder.branch(head)
        builder.position_at_end(head)
        goes_on = condition()
        builder.cbranch(goes_on, inside, after)
        builder.position_at_end(inside)
        body()
        builder.branch(head)
        builder.position_at_end(after)
