"""The functions of a StackProgram: a walk through its table for each step, and the state.

A state is an array of 64-bit words of the caller's and, behind them, the cells (``_Layout``):

    capacity, state of the control, registers of each structure, cells of each structure

Steps, as pseudocode; ``entries`` and ``leaves`` are read-only constants::

    go(state, symbols, steps, outputs, done, stop):
        t, control, registers, reads = 0, what the state holds
        while t != steps:                               # every SLICE steps: if *stop: STEP_LIMIT
            symbol = symbols[t]
            if symbol >= K: INPUT_OUT_OF_RANGE
            node = root + symbol
            for part in (control, *reads): node = entries[node] + part
            action = leaves[node]
            if it is none: UNREACHABLE_ROW
            every structure: the registers after what action.words say; if longer than capacity:
                OVERFLOW
            every structure: store what is pushed
            outputs[t], control = action.output, action.next_state
            t, registers, reads = t + 1, those afterwards
        on every way out: the state holds control and registers; *done = t; return the status

A step stores nothing before it is known that it can be made. Nothing is allocated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import reduce
from itertools import chain

from llvmlite import ir

from hardmax.codegen.llvm_types import I32, I64, LIKELY, NULL, POINTER, ZERO, Value
from hardmax.codegen.module import StopFlag, add_function, emit_entry, internal_function
from hardmax.codegen.stack.structures import (
    Cells,
    Registers,
    StructureCode,
    Uses,
    number,
    structure_code,
    words_of,
)
from hardmax.codegen.stack.table import Table, with_states
from hardmax.runtime.abi import Status
from hardmax.runtime.stack.program import StackProgram
from hardmax.runtime.symbols.abi import (
    STACK_CONTINUE,
    STACK_GROW,
    STACK_RUN,
    STACK_RUN_BATCH,
    STACK_RUN_INTERRUPTIBLE,
    STACK_START,
    STACK_STATE_SIZE,
    STACK_STEP,
)

SLICE = 1 << 14
"""Steps that are made before ``*stop`` is looked at."""

_WORD = 8
"""Bytes of a word of a state, and the alignment of each structure's cells."""

_I8 = ir.IntType(8)
_I16 = ir.IntType(16)


def emit_stack(module: ir.Module, program: StackProgram) -> None:
    """Add the functions of ``hardmax.runtime.symbols.abi.STACK_SIGNATURES`` that run a program.

    Raises:
        HardmaxError: its table is too large.
    """
    _Functions(module, program).emit()


@dataclass(frozen=True, eq=False)
class _Layout:
    """Where everything in a state is.

    Attributes:
        structures: the code of each structure.
        cell: the type of a cell.
    """

    structures: tuple[StructureCode, ...]
    cell: ir.IntType

    @staticmethod
    def of(program: StackProgram) -> _Layout:
        structures = tuple(
            structure_code(structure, depth, Uses.of(program, i))
            for i, (structure, depth) in enumerate(
                zip(program.structures, program.depths, strict=True)
            )
        )
        return _Layout(structures, _I8 if program.symbols < 1 << _I8.width else _I16)

    @property
    def words(self) -> int:
        """How many words come before the cells."""
        return 2 + sum(structure.registers for structure in self.structures)

    def bytes_of(self, builder: ir.IRBuilder, structure: StructureCode, capacity: Value) -> Value:
        """The bytes of a structure's cells, whole words; ``capacity`` is an i64."""
        cells = builder.add(capacity, number(structure.spare))
        taken = builder.mul(cells, number(self.cell.width // 8))
        return builder.and_(builder.add(taken, number(_WORD - 1)), number(-_WORD))

    def size(self, builder: ir.IRBuilder, capacity: Value) -> Value:
        """The bytes of a state."""
        parts = [self.bytes_of(builder, structure, capacity) for structure in self.structures]
        return reduce(builder.add, parts, number(_WORD * self.words))


@dataclass(frozen=True, eq=False)
class _State:
    """A state in a function: the places of its words, and its cells."""

    layout: _Layout
    pointer: Value
    capacity: Value
    cells: tuple[Cells, ...]

    @staticmethod
    def at(
        builder: ir.IRBuilder, layout: _Layout, pointer: Value, capacity: Value | None = None
    ) -> _State:
        """
        Args:
            capacity: an i64; by default what the state says.
        """
        if capacity is None:
            capacity = builder.load(pointer, typ=I64)
        cells, offset = [], number(_WORD * layout.words)
        for structure in layout.structures:
            place = builder.gep(pointer, [offset], inbounds=True, source_etype=_I8)
            cells.append(Cells(place, layout.cell, capacity))
            offset = builder.add(offset, layout.bytes_of(builder, structure, capacity))
        return _State(layout, pointer, capacity, tuple(cells))

    def load(self, builder: ir.IRBuilder) -> tuple[Value, list[Registers]]:
        """The state of the control, and the registers of every structure."""
        words = iter(range(1, self.layout.words))
        control = builder.load(self._word(builder, next(words)), typ=I64)
        return control, [
            tuple(
                builder.load(self._word(builder, next(words)), typ=I64)
                for _ in range(structure.registers)
            )
            for structure in self.layout.structures
        ]

    def store(self, builder: ir.IRBuilder, control: Value, registers: list[Registers]) -> None:
        """Store what :meth:`load` gives."""
        values = [control, *(value for values in registers for value in values)]
        for word, value in enumerate(values, start=1):
            builder.store(value, self._word(builder, word))

    def _word(self, builder: ir.IRBuilder, word: int) -> Value:
        return builder.gep(self.pointer, [number(word)], inbounds=True, source_etype=I64)

    def start(self, builder: ir.IRBuilder) -> None:
        """Make it that of a machine that has made no step."""
        builder.store(self.capacity, self.pointer)
        empty = [structure.registers * (number(0),) for structure in self.layout.structures]
        self.store(builder, number(0), empty)
        for structure, cells in zip(self.layout.structures, self.cells, strict=True):
            structure.clear(builder, cells)

    def reads(self, builder: ir.IRBuilder, registers: list[Registers]) -> list[Value]:
        """What is read of all structures, i64s."""
        return [
            cell
            for structure, cells, values in zip(
                self.layout.structures, self.cells, registers, strict=True
            )
            for cell in structure.reads(builder, cells, values)
        ]


class _Functions:
    """The functions of a program in a module."""

    def __init__(self, module: ir.Module, program: StackProgram) -> None:
        self._module = module
        self._program = program
        self._layout = _Layout.of(program)

    def emit(self) -> None:
        self._emit_table(Table.of(self._program))
        self._emit_state_size()
        self._emit_start()
        self._emit_go()
        self._emit_continue()
        self._emit_step()
        self._emit_grow()
        self._emit_run()
        self._emit_batch()

    def _entry(self, name: str, result: ir.Type, **arguments: ir.Type) -> ir.IRBuilder:
        """Begin a function."""
        return _begin(add_function(self._module, name, result, *arguments.values()), arguments)

    def _internal(self, name: str, result: ir.Type, **arguments: ir.Type) -> ir.IRBuilder:
        """Begin a function that nobody outside sees."""
        return _begin(internal_function(self._module, name, result, *arguments.values()), arguments)

    def _emit_table(self, table: Table) -> None:
        """The table. An action is its output + 1, where 0 is no action, its next state, and the
        words of its structures."""
        program = self._program
        none: list[int] = []
        rows = [
            none
            if action is None
            else [
                action.output + 1,
                action.next_state,
                *(
                    word
                    for structure, operation in zip(
                        program.structures, action.operations, strict=True
                    )
                    for word in words_of(structure, operation)
                ),
            ]
            for action in table.leaves
        ]
        # Places are found by a shift.
        width = 1 << (max(map(len, rows)) - 1).bit_length()
        padded = (row + (width - len(row)) * [0] for row in rows)
        self._leaves = _constant(self._module, "leaves", chain(*padded), 4)
        self._leaf_type = ir.ArrayType(I32, width)
        self._entries = _constant(self._module, "entries", table.entries, table.entry_bytes)
        self._entry_type = ir.IntType(8 * table.entry_bytes)
        self._root = table.root

    def _emit_state_size(self) -> None:
        builder = self._entry(STACK_STATE_SIZE, I64, capacity=I32)
        (capacity,) = builder.function.args
        builder.ret(self._layout.size(builder, builder.zext(capacity, I64)))

    def _emit_start(self) -> None:
        builder = self._entry(STACK_START, I32, state=POINTER, capacity=I32)
        state, capacity = builder.function.args
        _refuse(builder, Status.INVALID_ARGUMENT, _is_null(builder, state))
        _refuse(builder, Status.INVALID_ARGUMENT, builder.icmp_unsigned("==", capacity, ZERO))
        self._state(builder, state, builder.zext(capacity, I64)).start(builder)
        builder.ret(_status(Status.HALTED))

    def _state(
        self, builder: ir.IRBuilder, pointer: Value, capacity: Value | None = None
    ) -> _State:
        return _State.at(builder, self._layout, pointer, capacity)

    def _emit_go(self) -> None:
        """Steps with valid arguments; ``done`` and ``stop`` may be NULL."""
        builder = self._internal(
            "go",
            I32,
            state=POINTER,
            symbols=POINTER,
            steps=I64,
            outputs=POINTER,
            done=POINTER,
            stop=POINTER,
        )
        self._go = builder.function
        pointer, symbols, steps, outputs, done, stop = self._go.args
        flag = StopFlag(builder, stop)
        state = self._state(builder, pointer)
        control, registers = state.load(builder)
        reads = state.reads(builder, registers)
        entry = builder.block
        leaving = ir.Block(self._go, "leave")
        head, pause, slice_block, step = (
            builder.append_basic_block(name) for name in ("next", "pause", "slice", "step")
        )
        leave = ir.IRBuilder(leaving)
        outcome = leave.phi(I32, "status")
        builder.branch(head)

        builder.position_at_end(head)
        t = builder.phi(I64, "t")
        end = builder.phi(I64, "end")
        # What goes round: the control, the registers and what is read.
        control_phi = builder.phi(I64, "control")
        register_phis = [tuple(builder.phi(I64) for _ in values) for values in registers]
        read_phis = [builder.phi(I64, "read") for _ in reads]
        round_phis = [t, end, control_phi, *(p for ps in register_phis for p in ps), *read_phis]
        flat = [value for values in registers for value in values]
        for phi, value in zip(
            round_phis, [number(0), number(0), control, *flat, *reads], strict=True
        ):
            phi.add_incoming(value, entry)
        builder.cbranch(builder.icmp_unsigned("==", t, end), pause, step).set_weights(LIKELY[::-1])

        def leaves(status: Status) -> None:
            """Say that the builder's block jumps to the way out."""
            outcome.add_incoming(_status(status), builder.block)

        builder.position_at_end(pause)
        leaves(Status.HALTED)
        more = builder.append_basic_block("more")
        builder.cbranch(builder.icmp_unsigned("==", t, steps), leaving, more)
        builder.position_at_end(more)
        leaves(Status.STEP_LIMIT)
        builder.cbranch(flag.is_set(builder), leaving, slice_block)
        builder.position_at_end(slice_block)
        left = builder.sub(steps, t)
        fewer = builder.icmp_unsigned("<", left, number(SLICE))
        slice_end = builder.add(t, builder.select(fewer, left, number(SLICE)))
        for phi in round_phis:
            phi.add_incoming(slice_end if phi is end else phi, builder.block)
        builder.branch(head)

        builder.position_at_end(step)

        def expect(usable: Value, otherwise: Status) -> None:
            """Go on where something holds, else leave."""
            leaves(otherwise)
            going_on = builder.append_basic_block("step")
            builder.cbranch(usable, going_on, leaving).set_weights(LIKELY)
            builder.position_at_end(going_on)

        symbol = builder.load(
            builder.gep(symbols, [t], inbounds=True, source_etype=I32), typ=I32, align=4
        )
        letters = ir.Constant(I32, len(self._program.alphabet))
        expect(builder.icmp_unsigned("<", symbol, letters), Status.INPUT_OUT_OF_RANGE)
        node = builder.add(builder.zext(symbol, I64), number(self._root))
        parts = [control_phi, *read_phis] if with_states(self._program) else read_phis
        for part in parts:
            node = builder.add(self._entry_at(builder, node), part)
        marked, following, *words = (
            self._part_of_leaf(builder, node, i) for i in range(2 + self._words_of_action)
        )
        expect(builder.icmp_unsigned("!=", marked, ZERO), Status.UNREACHABLE_ROW)
        output = builder.sub(marked, ir.Constant(I32, 1))
        changed, fits, stores = [], [], []
        for structure, cells, values in zip(
            self._layout.structures, state.cells, register_phis, strict=True
        ):
            mine, words = words[: structure.registers], words[structure.registers :]
            after, length, store = structure.change(builder, cells, values, tuple(mine))
            changed.append(after)
            fits.append(builder.icmp_unsigned("<=", length, state.capacity))
            stores.append(store)
        expect(reduce(builder.and_, fits), Status.OVERFLOW)
        for store in stores:
            store()
        builder.store(output, builder.gep(outputs, [t], inbounds=True, source_etype=I32), align=4)
        afterwards = [
            builder.add(t, number(1)),
            end,
            builder.zext(following, I64),
            *(value for values in changed for value in values),
            *state.reads(builder, changed),
        ]
        for phi, value in zip(round_phis, afterwards, strict=True):
            phi.add_incoming(value, builder.block)
        builder.branch(head)

        self._go.blocks.append(leaving)
        state.store(leave, control_phi, register_phis)
        with leave.if_then(leave.icmp_unsigned("!=", done, NULL)):
            leave.store(t, done, align=_WORD)
        leave.ret(outcome)

    @property
    def _words_of_action(self) -> int:
        """How many words say what is done: one an end that can be changed, as many as registers."""
        return sum(structure.registers for structure in self._layout.structures)

    def _entry_at(self, builder: ir.IRBuilder, place: Value) -> Value:
        pointer = builder.gep(self._entries, [place], inbounds=True, source_etype=self._entry_type)
        return builder.zext(builder.load(pointer, typ=self._entry_type), I64)

    def _part_of_leaf(self, builder: ir.IRBuilder, place: Value, part: int) -> Value:
        pointer = builder.gep(
            self._leaves, [place, number(part)], inbounds=True, source_etype=self._leaf_type
        )
        return builder.load(pointer, typ=I32)

    def _emit_continue(self) -> None:
        builder = self._entry(
            STACK_CONTINUE,
            I32,
            state=POINTER,
            symbols=POINTER,
            steps=I64,
            outputs=POINTER,
            done=POINTER,
        )
        state, symbols, steps, outputs, done = builder.function.args
        _refuse_arrays(builder, state, symbols, steps, outputs)
        builder.ret(builder.call(self._go, [state, symbols, steps, outputs, done, NULL]))

    def _emit_step(self) -> None:
        builder = self._entry(STACK_STEP, I32, state=POINTER, symbol=I32, output=POINTER)
        state, symbol, output = builder.function.args
        place = builder.alloca(I32)
        for pointer in (state, output):
            _refuse(builder, Status.INVALID_ARGUMENT, _is_null(builder, pointer))
        builder.store(symbol, place)
        builder.ret(builder.call(self._go, [state, place, number(1), output, NULL, NULL]))

    def _emit_grow(self) -> None:
        builder = self._entry(STACK_GROW, I32, state=POINTER, larger=POINTER, capacity=I32)
        before, after, capacity = builder.function.args
        for pointer in (before, after):
            _refuse(builder, Status.INVALID_ARGUMENT, _is_null(builder, pointer))
        room = builder.zext(capacity, I64)
        old = self._state(builder, before)
        control, registers = old.load(builder)
        _refuse(builder, Status.INVALID_ARGUMENT, builder.icmp_unsigned("==", capacity, ZERO))
        for structure, values in zip(self._layout.structures, registers, strict=True):
            too_long = builder.icmp_unsigned(">", structure.length(values), room)
            _refuse(builder, Status.INVALID_ARGUMENT, too_long)
        new = self._state(builder, after, room)
        new.start(builder)
        copied = [
            structure.copy(builder, cells, values, larger, _loop)
            for structure, cells, values, larger in zip(
                self._layout.structures, old.cells, registers, new.cells, strict=True
            )
        ]
        new.store(builder, control, copied)
        builder.ret(_status(Status.HALTED))

    def _emit_run(self) -> None:
        builder = self._internal(
            "run",
            I32,
            symbols=POINTER,
            steps=I64,
            capacity=I32,
            state=POINTER,
            outputs=POINTER,
            done=POINTER,
            stop=POINTER,
        )
        self._run = builder.function
        symbols, steps, capacity, state, outputs, done, stop = self._run.args
        _refuse_arrays(builder, state, symbols, steps, outputs)
        _refuse(builder, Status.INVALID_ARGUMENT, builder.icmp_unsigned("==", capacity, ZERO))
        self._state(builder, state, builder.zext(capacity, I64)).start(builder)
        builder.ret(builder.call(self._go, [state, symbols, steps, outputs, done, stop]))
        types = self._run.function_type.args
        emit_entry(add_function(self._module, STACK_RUN, I32, *types[:-1]), self._run)
        emit_entry(add_function(self._module, STACK_RUN_INTERRUPTIBLE, I32, *types), self._run)

    def _emit_batch(self) -> None:
        builder = self._entry(
            STACK_RUN_BATCH,
            I32,
            symbols=POINTER,
            lengths=POINTER,
            count=I64,
            capacity=I32,
            state=POINTER,
            outputs=POINTER,
            done=POINTER,
            statuses=POINTER,
            stop=POINTER,
        )
        args = builder.function.args
        symbols, lengths, count, capacity, state, outputs, done, statuses, stop = args
        _refuse(builder, Status.INVALID_ARGUMENT, builder.icmp_unsigned("==", capacity, ZERO))
        some = builder.icmp_unsigned("!=", count, number(0))
        _refuse(builder, Status.INVALID_ARGUMENT, _is_null(builder, state))
        for pointer in (lengths, symbols, outputs):
            missing = builder.and_(some, _is_null(builder, pointer))
            _refuse(builder, Status.INVALID_ARGUMENT, missing)
        flag = StopFlag(builder, stop)
        outcome, begin = builder.alloca(I32), builder.alloca(I64)
        builder.store(_status(Status.HALTED), outcome)
        builder.store(number(0), begin)

        def one(i: Value) -> None:
            with builder.if_else(flag.is_set(builder), likely=False) as (stopped, going):
                with stopped:
                    note(_status(Status.STEP_LIMIT))
                with going:
                    run(i)

        def note(status: Value) -> None:
            """Keep the first status that is not HALTED."""
            first = builder.load(outcome, typ=I32)
            builder.store(
                builder.select(builder.icmp_signed("==", first, ZERO), status, first), outcome
            )

        def run(i: Value) -> None:
            length = builder.load(builder.gep(lengths, [i], source_etype=I64), typ=I64, align=_WORD)
            here = builder.load(begin, typ=I64)
            arrays = [builder.gep(array, [here], source_etype=I32) for array in (symbols, outputs)]
            mine = builder.gep(done, [i], source_etype=I64)
            mine = builder.select(_is_null(builder, done), NULL, mine)
            status = builder.call(
                self._run, [arrays[0], length, capacity, state, arrays[1], mine, stop]
            )
            builder.store(builder.add(here, length), begin)
            with builder.if_then(builder.not_(_is_null(builder, statuses))):
                builder.store(status, builder.gep(statuses, [i], source_etype=I32), align=4)
            note(status)

        _loop(builder, count, one)
        builder.ret(builder.load(outcome, typ=I32))


def _begin(function: ir.Function, names: dict[str, ir.Type]) -> ir.IRBuilder:
    for argument, name in zip(function.args, names, strict=True):
        argument.name = name
    return ir.IRBuilder(function.append_basic_block("entry"))


def _constant(module: ir.Module, name: str, numbers: Iterable[int], size: int) -> Value:
    """A read-only array of numbers of so many bytes, little-endian as every target is."""
    content = bytearray().join(n.to_bytes(size, "little") for n in numbers)
    kind = ir.ArrayType(_I8, len(content))
    variable = ir.GlobalVariable(module, kind, name)
    variable.linkage = "private"
    variable.global_constant = True
    variable.align = 64
    variable.initializer = ir.Constant(kind, content)
    return variable


def _status(status: Status) -> Value:
    return ir.Constant(I32, status)


def _is_null(builder: ir.IRBuilder, pointer: Value) -> Value:
    return builder.icmp_unsigned("==", pointer, NULL)


def _refuse(builder: ir.IRBuilder, status: Status, when: Value) -> None:
    """Return a status where something holds."""
    with builder.if_then(when, likely=False):
        builder.ret(_status(status))


def _refuse_arrays(
    builder: ir.IRBuilder, state: Value, symbols: Value, steps: Value, outputs: Value
) -> None:
    """Refuse a state that is NULL, and arrays that are where there are steps."""
    _refuse(builder, Status.INVALID_ARGUMENT, _is_null(builder, state))
    some = builder.icmp_unsigned("!=", steps, number(0))
    for pointer in (symbols, outputs):
        missing = builder.and_(some, _is_null(builder, pointer))
        _refuse(builder, Status.INVALID_ARGUMENT, missing)


def _loop(builder: ir.IRBuilder, count: Value, body: Callable[[Value], None]) -> None:
    """Emit a loop over 0 .. count - 1."""
    before = builder.block
    head, inside, after = (builder.append_basic_block(name) for name in ("loop", "body", "after"))
    builder.branch(head)
    builder.position_at_end(head)
    i = builder.phi(I64, "i")
    i.add_incoming(number(0), before)
    builder.cbranch(builder.icmp_unsigned("!=", i, count), inside, after)
    builder.position_at_end(inside)
    body(i)
    i.add_incoming(builder.add(i, number(1)), builder.block)
    builder.branch(head)
    builder.position_at_end(after)
