"""The functions of an NtmProgram: one step of it, a whole run, and the state that both work on.

A state is an array of 32-bit words of the caller's (``_Layout``). The rows of the memory lie in
blocks of LANES: first the LANES first numbers of the rows, then the second ones, and at last their
sizes |m|, so that a search compares LANES rows at a time. The size of a row is computed when it is
written. Where the last block has more places than there are rows, their sizes are NaN, which loses
every comparison.

A step, as pseudocode::

    h = tanh(controller(inputs ++ reads))               # or an LSTM, on the state's h and c
    gates, shifts = decisions(h)                        # of all heads
    for every head i:
        base = address[i]
        if gates[i] > 0:
            base = search(tanh(key_i(h)))               # all rows; nothing else costs time in N
        address[i] = (base + (the first of the largest of shifts[i]) - 1) mod N
        if i writes:
            erase, add = write_i(h)
            M[address[i]] = M[address[i]] * (1 - sigmoid(erase)) + tanh(add)
        else:
            reads[i] = M[address[i]]
    outputs = sigmoid(output(h ++ reads))

Every float operation is one of ``hardmax.runtime.ntm.program``, in its order, so that each bit is
the same. Weights are read-only constants, what a step computes on its way lies on the stack, and
nothing is allocated.
"""

from __future__ import annotations

from dataclasses import dataclass

from llvmlite import ir

from hardmax.codegen.float32 import (
    FLOAT,
    FLOATS,
    INTEGERS,
    LANES,
    Dense,
    array,
    at,
    broadcast,
    each,
    index,
    load_lanes,
    loop,
    lstm_cell,
    sigmoid,
    splat,
    store_lanes,
    tanh,
)
from hardmax.codegen.llvm_types import I32, I64, NULL, POINTER, ZERO, Value
from hardmax.codegen.module import StopFlag, add_function, emit_entry
from hardmax.runtime.abi import Status
from hardmax.runtime.float32 import Layer
from hardmax.runtime.ntm.program import (
    EPSILON,
    SHIFTS,
    NtmProgram,
)
from hardmax.runtime.sequence.abi import (
    NTM_RUN,
    NTM_RUN_INTERRUPTIBLE,
    NTM_START,
    NTM_STATE_SIZE,
    NTM_STEP,
)
from hardmax.runtime.sequence.interface import LARGEST_NUMBER

_BIT = ir.IntType(1)
_WORD = 4
"""Bytes of a word, and the alignment of everything in a state."""

_DECISIONS = 1 + len(SHIFTS)
"""Numbers by which a head decides: its gate and the logits of shift."""


def emit_ntm(module: ir.Module, program: NtmProgram) -> None:
    """Add the functions of ``hardmax.runtime.abi.NTM_SIGNATURES`` that run a program."""
    _Functions(module, program).emit()


def _tiles(numbers: int) -> int:
    """How many vectors hold so many numbers."""
    return -(-numbers // LANES)


@dataclass(frozen=True)
class _Layout:
    """Where everything in a state is: the number of its first word.

    Attributes:
        rows: N.
        completed: steps made, 64 bits.
        addresses: one for every head.
        hidden: h, whole vectors.
        cell: c of an LSTM, whole vectors.
        reads: what the read heads saw last.
        memory: the blocks, from a multiple of LANES on.
        vectors: how many of them a block is: W + 1.
    """

    rows: int
    completed: int
    addresses: int
    hidden: int
    cell: int
    reads: int
    memory: int
    vectors: int

    @staticmethod
    def of(program: NtmProgram) -> _Layout:
        addresses = 3
        hidden = addresses + len(program.heads)
        units = LANES * _tiles(program.hidden)
        cell = hidden + units
        reads = cell + (units if program.recurrent else 0)
        end = reads + program.initial_reads.size
        return _Layout(
            0, 1, addresses, hidden, cell, reads, LANES * _tiles(end), program.word_size + 1
        )


class _Functions:
    """The functions under construction."""

    def __init__(self, module: ir.Module, program: NtmProgram) -> None:
        self.module = module
        self.program = program
        self.layout = _Layout.of(program)
        parts = [head.split(program.part_ends(number)) for number, head in enumerate(program.heads)]
        gates = program.controller.split(4) if program.recurrent else [program.controller]
        decisions = Layer.join([part for _, gate, shift, *_ in parts for part in (gate, shift)])
        self.controller = Dense.of(module, "controller", gates)
        self.decisions = Dense.of(module, "decisions", [decisions])
        self.keys = [Dense.of(module, f"key_{i}", [key]) for i, (key, *_) in enumerate(parts)]
        self.writes = [
            Dense.of(module, f"write_{i}", write)
            for i, (_, _, _, *write) in enumerate(parts[: len(program.write_heads)])
        ]
        self.output = Dense.of(module, "output", [program.output])
        self.square_root = module.declare_intrinsic("llvm.sqrt", [FLOAT])
        self.size = self._internal("size", FLOAT, POINTER, I64)
        self.search = self._internal("search", I64, POINTER, POINTER)
        self.fill = self._internal("fill", ir.VoidType(), POINTER, I32)
        self.usable = self._internal("usable", _BIT, POINTER, I64)
        self.advance = self._internal("advance", ir.VoidType(), *4 * (POINTER,))

    def _internal(self, name: str, result: ir.Type, *arguments: ir.Type) -> ir.Function:
        function = add_function(self.module, name, result, *arguments)
        function.linkage = "internal"
        return function

    def emit(self) -> None:
        self._emit_size()
        self._emit_search()
        self._emit_fill()
        self._emit_usable()
        self._emit_advance()
        self._emit_state_size()
        self._emit_start()
        self._emit_step()
        self._emit_run()

    def _word(self, builder: ir.IRBuilder, state: Value, number: int) -> Value:
        """A pointer to a word of a state."""
        return at(builder, state, I32, index(number))

    def _row(self, builder: ir.IRBuilder, state: Value, address: Value) -> Value:
        """A pointer to the first number of a row, an i64; the next is LANES floats further."""
        block = builder.udiv(address, index(LANES))
        lane = builder.urem(address, index(LANES))
        first = builder.mul(block, index(LANES * self.layout.vectors))
        memory = self._word(builder, state, self.layout.memory)
        return at(builder, memory, FLOAT, builder.add(first, lane))

    def _blocks(self, builder: ir.IRBuilder, rows: Value) -> Value:
        """How many blocks hold so many rows, an i32; as an i64."""
        wide = builder.add(builder.zext(rows, I64), index(LANES - 1))
        return builder.udiv(wide, index(LANES))

    def _emit_size(self) -> None:
        """size(numbers, stride): the square root of the sum of W squares."""
        numbers, stride = self.size.args
        builder = ir.IRBuilder(self.size.append_basic_block("entry"))

        def add(i: Value, totals: list[Value]) -> list[Value]:
            place = at(builder, numbers, FLOAT, builder.mul(i, stride))
            number = builder.load(place, typ=FLOAT)
            return [builder.fadd(totals[0], builder.fmul(number, number))]

        (total,) = loop(builder, self.program.word_size, [ir.Constant(FLOAT, 0.0)], add)
        builder.ret(builder.call(self.square_root, [total]))

    def _emit_search(self) -> None:
        """search(state, key): the first of the rows that are most similar to W floats."""
        state, key = self.search.args
        layout, width = self.layout, self.program.word_size
        builder = ir.IRBuilder(self.search.append_basic_block("entry"))
        best_similarities = builder.alloca(FLOATS, name="best_similarities")
        best_blocks = builder.alloca(INTEGERS, name="best_blocks")
        size = broadcast(builder, builder.call(self.size, [key, index(1)]))
        rows = builder.load(self._word(builder, state, layout.rows), typ=I32)
        memory = self._word(builder, state, layout.memory)

        def compare(block: Value, carried: list[Value]) -> list[Value]:
            first = builder.mul(block, index(layout.vectors))

            def add(i: Value, totals: list[Value]) -> list[Value]:
                own = broadcast(builder, builder.load(at(builder, key, FLOAT, i), typ=FLOAT))
                numbers = load_lanes(builder, memory, builder.add(first, i), _WORD)
                return [builder.fadd(totals[0], builder.fmul(own, numbers))]

            (product,) = loop(builder, width, [splat(0.0)], add)
            sizes = load_lanes(builder, memory, builder.add(first, index(width)), _WORD)
            divisor = builder.fadd(builder.fmul(size, sizes), splat(EPSILON))
            similarity = builder.fdiv(product, divisor)
            better = builder.fcmp_ordered(">", similarity, carried[0])
            here = self._splat(builder, builder.trunc(block, I32))
            return [
                builder.select(better, similarity, carried[0]),
                builder.select(better, here, carried[1]),
            ]

        start = [splat(float("-inf")), ir.Constant(INTEGERS, [0] * LANES)]
        similarities, blocks = loop(builder, self._blocks(builder, rows), start, compare)
        builder.store(similarities, best_similarities)
        builder.store(blocks, best_blocks)

        def choose(lane: Value, carried: list[Value]) -> list[Value]:
            best, address = carried
            rival = builder.load(at(builder, best_similarities, FLOAT, lane), typ=FLOAT)
            block = builder.load(at(builder, best_blocks, I32, lane), typ=I32)
            its = builder.add(builder.mul(builder.zext(block, I64), index(LANES)), lane)
            higher = builder.fcmp_ordered(">", rival, best)
            as_high = builder.fcmp_ordered("==", rival, best)
            earlier = builder.and_(as_high, builder.icmp_unsigned("<", its, address))
            wins = builder.or_(higher, earlier)
            return [builder.select(wins, rival, best), builder.select(wins, its, address)]

        nobody = [ir.Constant(FLOAT, float("-inf")), index(0)]
        _, address = loop(builder, LANES, nobody, choose)
        builder.ret(address)

    @staticmethod
    def _splat(builder: ir.IRBuilder, number: Value) -> Value:
        """A vector of one i32."""
        undefined = ir.Constant(INTEGERS, ir.Undefined)
        first = builder.insert_element(undefined, number, ZERO)
        return builder.shuffle_vector(first, undefined, ir.Constant(INTEGERS, [0] * LANES))

    def _emit_fill(self) -> None:
        """fill(state, rows): the state before the first step."""
        state, rows = self.fill.args
        layout, program = self.layout, self.program
        builder = ir.IRBuilder(self.fill.append_basic_block("entry"))
        builder.store(rows, self._word(builder, state, layout.rows))

        def clear(number: Value) -> None:
            builder.store(ZERO, at(builder, state, I32, number))

        loop(builder, layout.reads - 1, [], each(lambda i: clear(builder.add(i, index(1)))))
        reads = self._numbers("initial_reads", program.initial_reads.flatten().tolist())
        target = self._word(builder, state, layout.reads)
        self._emit_copy(builder, reads, target, program.initial_reads.size)

        row = self._numbers("initial_row", program.initial_row.tolist())
        size = broadcast(builder, builder.call(self.size, [row, index(1)]))
        memory = self._word(builder, state, layout.memory)
        blocks = self._blocks(builder, rows)

        def block(number: Value) -> None:
            first = builder.mul(number, index(layout.vectors))

            def vector(i: Value) -> None:
                numbers = broadcast(builder, builder.load(at(builder, row, FLOAT, i), typ=FLOAT))
                store_lanes(builder, numbers, memory, builder.add(first, i), _WORD)

            loop(builder, program.word_size, [], each(vector))
            place = builder.add(first, index(program.word_size))
            store_lanes(builder, size, memory, place, _WORD)

        loop(builder, blocks, [], each(block))
        last = builder.sub(blocks, index(1))
        there = self._splat(
            builder, builder.sub(rows, builder.trunc(builder.mul(last, index(LANES)), I32))
        )
        lanes = ir.Constant(INTEGERS, list(range(LANES)))
        sizes = builder.select(builder.icmp_unsigned("<", lanes, there), size, splat(float("nan")))
        place = builder.add(builder.mul(last, index(layout.vectors)), index(program.word_size))
        store_lanes(builder, sizes, memory, place, _WORD)
        builder.ret_void()

    def _numbers(self, name: str, numbers: list[float]) -> ir.GlobalVariable:
        return array(self.module, name, FLOAT, [ir.Constant(FLOAT, number) for number in numbers])

    def _emit_copy(
        self, builder: ir.IRBuilder, source: Value, target: Value, count: int, stride: int = 1
    ) -> None:
        """Copy floats that lie ``stride`` apart."""

        def copy(i: Value) -> None:
            place = at(builder, source, FLOAT, builder.mul(i, index(stride)))
            builder.store(builder.load(place, typ=FLOAT), at(builder, target, FLOAT, i))

        loop(builder, count, [], each(copy))

    def _emit_usable(self) -> None:
        """usable(inputs, count): whether every float is a number of at most LARGEST_NUMBER."""
        inputs, count = self.usable.args
        builder = ir.IRBuilder(self.usable.append_basic_block("entry"))
        limit = LARGEST_NUMBER

        def check(i: Value, carried: list[Value]) -> list[Value]:
            number = builder.load(at(builder, inputs, FLOAT, i), typ=FLOAT)
            small = builder.fcmp_ordered("<=", number, ir.Constant(FLOAT, limit))
            large = builder.fcmp_ordered(">=", number, ir.Constant(FLOAT, -limit))
            return [builder.and_(carried[0], builder.and_(small, large))]

        (all_usable,) = loop(builder, count, [ir.Constant(_BIT, 1)], check)
        builder.ret(all_usable)

    def _emit_advance(self) -> None:
        """advance(state, inputs, outputs, addresses): a step; addresses may be NULL."""
        state, inputs, outputs, addresses = self.advance.args
        self.advance.attributes.add("noinline")
        program, layout = self.program, self.layout
        builder = ir.IRBuilder(self.advance.append_basic_block("entry"))
        gates = builder.alloca(FLOATS, self.controller.tiles, name="gates")
        decisions = builder.alloca(FLOATS, self.decisions.tiles, name="decisions")
        key = builder.alloca(FLOATS, _tiles(program.word_size), name="key")
        write = builder.alloca(FLOATS, 2 * _tiles(program.word_size), name="write")
        answer = builder.alloca(FLOATS, self.output.tiles, name="answer")
        hidden = self._word(builder, state, layout.hidden)
        reads = self._word(builder, state, layout.reads)
        h = (hidden, program.hidden)
        r = (reads, program.initial_reads.size)

        x = (inputs, program.input_width)
        if program.recurrent:
            self.controller.emit(builder, [x, r, h], gates)
            cell = self._word(builder, state, layout.cell)
            lstm_cell(builder, gates, _tiles(program.hidden), hidden, cell, _WORD)
        else:
            self.controller.emit(builder, [x, r], gates)

            def squash(tile: Value) -> None:
                value = tanh(builder, load_lanes(builder, gates, tile))
                store_lanes(builder, value, hidden, tile, _WORD)

            loop(builder, self.controller.tiles, [], each(squash))
        self.decisions.emit(builder, [h], decisions)
        for number in range(len(program.heads)):
            row = self._emit_move(builder, state, number, decisions, key, h, addresses)
            reader = number - len(program.write_heads)
            if reader < 0:
                self._emit_write(builder, number, row, write, h)
            else:
                target = at(builder, reads, FLOAT, index(reader * program.word_size))
                self._emit_copy(builder, row, target, program.word_size, LANES)
        self.output.emit(builder, [h, r], answer)

        def squash_answer(tile: Value) -> None:
            store_lanes(builder, sigmoid(builder, load_lanes(builder, answer, tile)), answer, tile)

        loop(builder, self.output.tiles, [], each(squash_answer))
        self._emit_copy(builder, answer, outputs, program.output_width)
        completed = self._word(builder, state, layout.completed)
        builder.store(
            builder.add(builder.load(completed, typ=I64, align=_WORD), index(1)),
            completed,
            align=_WORD,
        )
        builder.ret_void()

    def _emit_move(
        self,
        builder: ir.IRBuilder,
        state: Value,
        number: int,
        decisions: Value,
        key: Value,
        h: tuple[Value, int],
        addresses: Value,
    ) -> Value:
        """Move a head, store where it stands, and return a pointer to the first of the row."""

        def decision(i: int) -> Value:
            place = at(builder, decisions, FLOAT, index(_DECISIONS * number + i))
            return builder.load(place, typ=FLOAT)

        address = self._word(builder, state, self.layout.addresses + number)
        own = builder.zext(builder.load(address, typ=I32), I64)
        before = builder.block
        searching = builder.fcmp_ordered(">", decision(0), ir.Constant(FLOAT, 0.0))
        with builder.if_then(searching):
            dense = self.keys[number]
            dense.emit(builder, [h], key)

            def squash(tile: Value) -> None:
                store_lanes(builder, tanh(builder, load_lanes(builder, key, tile)), key, tile)

            loop(builder, dense.tiles, [], each(squash))
            found = builder.call(self.search, [state, key])
            after = builder.block
        base = builder.phi(I64, "base")
        base.add_incoming(own, before)
        base.add_incoming(found, after)

        best, shift = decision(1), index(0)
        for i in range(1, len(SHIFTS)):
            rival = decision(1 + i)
            higher = builder.fcmp_ordered(">", rival, best)
            best = builder.select(higher, rival, best)
            shift = builder.select(higher, index(i), shift)
        rows = builder.zext(
            builder.load(self._word(builder, state, self.layout.rows), typ=I32), I64
        )
        # One row too far: 0 is the row before the first, N + 1 the one after the last.
        moved = builder.add(base, shift)
        place = builder.sub(moved, index(1))
        place = builder.select(builder.icmp_unsigned("==", place, rows), index(0), place)
        last = builder.sub(rows, index(1))
        place = builder.select(builder.icmp_unsigned("==", moved, index(0)), last, place)
        stored = builder.trunc(place, I32)
        builder.store(stored, address)
        with builder.if_then(builder.icmp_unsigned("!=", addresses, NULL)):
            builder.store(stored, at(builder, addresses, I32, index(number)))
        return self._row(builder, state, place)

    def _emit_write(
        self, builder: ir.IRBuilder, number: int, row: Value, write: Value, h: tuple[Value, int]
    ) -> None:
        """Erase and add where the head stands, and keep the size of what there is then."""
        self.writes[number].emit(builder, [h], write)
        tiles, width = _tiles(self.program.word_size), self.program.word_size

        def squash(tile: Value) -> None:
            erase = sigmoid(builder, load_lanes(builder, write, tile))
            store_lanes(builder, builder.fsub(splat(1.0), erase), write, tile)
            adding = builder.add(tile, index(tiles))
            store_lanes(builder, tanh(builder, load_lanes(builder, write, adding)), write, adding)

        loop(builder, tiles, [], each(squash))

        def change(i: Value) -> None:
            place = at(builder, row, FLOAT, builder.mul(i, index(LANES)))
            kept = builder.load(at(builder, write, FLOAT, i), typ=FLOAT)
            following = builder.add(i, index(tiles * LANES))
            added = builder.load(at(builder, write, FLOAT, following), typ=FLOAT)
            number = builder.fmul(builder.load(place, typ=FLOAT), kept)
            builder.store(builder.fadd(number, added), place)

        loop(builder, width, [], each(change))
        size = builder.call(self.size, [row, index(LANES)])
        builder.store(size, at(builder, row, FLOAT, index(LANES * width)))

    def _entry(self, name: str, result: ir.Type, **arguments: ir.Type) -> ir.IRBuilder:
        """The start of a function that callers see."""
        function = add_function(self.module, name, result, *arguments.values())
        for argument, argument_name in zip(function.args, arguments, strict=True):
            argument.name = argument_name
        return ir.IRBuilder(function.append_basic_block("entry"))

    def _refuse(self, builder: ir.IRBuilder, status: Status, *reasons: Value) -> None:
        """Return a status where any reason holds."""
        reason = reasons[0]
        for another in reasons[1:]:
            reason = builder.or_(reason, another)
        with builder.if_then(reason, likely=False):
            builder.ret(ir.Constant(I32, status))

    def _too_few(self, builder: ir.IRBuilder, rows: Value, steps: Value) -> Value:
        """Whether so many rows, an i32, are fewer than so many steps need."""
        rule = self.program.metadata.memory
        constant, wide = index(rule.constant), builder.zext(rows, I64)
        lacking = builder.icmp_unsigned("<", wide, constant)
        if rule.steps_per_row == 0:
            return lacking
        needed = builder.udiv(steps, index(rule.steps_per_row))
        more = builder.icmp_unsigned(">", needed, builder.sub(wide, constant))
        return builder.or_(lacking, more)

    def _emit_state_size(self) -> None:
        builder = self._entry(NTM_STATE_SIZE, I64, rows=I32)
        (rows,) = builder.function.args
        block = index(_WORD * LANES * self.layout.vectors)
        memory = builder.mul(self._blocks(builder, rows), block)
        builder.ret(builder.add(memory, index(_WORD * self.layout.memory)))

    def _emit_start(self) -> None:
        builder = self._entry(NTM_START, I32, state=POINTER, rows=I32)
        state, rows = builder.function.args
        self._refuse(builder, Status.INVALID_ARGUMENT, *_null(builder, state), _no(builder, rows))
        too_few = self._too_few(builder, rows, index(0))
        self._refuse(builder, Status.TOO_FEW_ROWS, too_few)
        builder.call(self.fill, [state, rows])
        builder.ret(ir.Constant(I32, Status.HALTED))

    def _emit_step(self) -> None:
        builder = self._entry(
            NTM_STEP, I32, state=POINTER, inputs=POINTER, outputs=POINTER, addresses=POINTER
        )
        state, inputs, outputs, addresses = builder.function.args
        self._refuse(builder, Status.INVALID_ARGUMENT, *_null(builder, state, inputs, outputs))
        rows = builder.load(self._word(builder, state, self.layout.rows), typ=I32)
        completed = self._word(builder, state, self.layout.completed)
        steps = builder.add(builder.load(completed, typ=I64, align=_WORD), index(1))
        self._refuse(builder, Status.TOO_FEW_ROWS, self._too_few(builder, rows, steps))
        self._refuse_unusable(builder, inputs, index(self.program.input_width))
        builder.call(self.advance, [state, inputs, outputs, addresses])
        builder.ret(ir.Constant(I32, Status.HALTED))

    def _refuse_unusable(self, builder: ir.IRBuilder, inputs: Value, count: Value) -> None:
        usable = builder.call(self.usable, [inputs, count])
        self._refuse(builder, Status.INPUT_OUT_OF_RANGE, builder.not_(usable))

    def _emit_run(self) -> None:
        builder = self._entry(
            "run",
            I32,
            inputs=POINTER,
            steps=I64,
            rows=I32,
            state=POINTER,
            outputs=POINTER,
            addresses=POINTER,
            stop=POINTER,
        )
        run = builder.function
        run.linkage = "internal"
        inputs, steps, rows, state, outputs, addresses, stop = run.args
        program = self.program
        any_steps = builder.icmp_unsigned("!=", steps, index(0))
        self._refuse(builder, Status.INVALID_ARGUMENT, *_null(builder, state), _no(builder, rows))
        for pointer in _null(builder, inputs, outputs):
            self._refuse(builder, Status.INVALID_ARGUMENT, builder.and_(any_steps, pointer))
        self._refuse(builder, Status.TOO_FEW_ROWS, self._too_few(builder, rows, steps))
        with builder.if_then(any_steps):
            count = builder.mul(steps, index(program.input_width))
            self._refuse_unusable(builder, inputs, count)
        builder.call(self.fill, [state, rows])
        with builder.if_then(any_steps):
            wanted = builder.icmp_unsigned("!=", addresses, NULL)
            flag = StopFlag(builder, stop)

            def step(t: Value) -> None:
                with builder.if_then(builder.not_(flag.is_set(builder))):
                    advance(t)

            def advance(t: Value) -> None:
                here = [
                    at(builder, pointer, kind, builder.mul(t, index(width)))
                    for pointer, kind, width in (
                        (inputs, FLOAT, program.input_width),
                        (outputs, FLOAT, program.output_width),
                    )
                ]
                # Not inbounds: where addresses is NULL, this pointer is of no array.
                visited = builder.gep(
                    addresses, [builder.mul(t, index(len(program.heads)))], source_etype=I32
                )
                visited = builder.select(wanted, visited, NULL)
                builder.call(self.advance, [state, *here, visited])

            loop(builder, steps, [], each(step))
            completed = self._word(builder, state, self.layout.completed)
            done = builder.load(completed, typ=I64, align=_WORD)
            with builder.if_then(builder.icmp_unsigned("!=", done, steps), likely=False):
                builder.ret(ir.Constant(I32, Status.STEP_LIMIT))
        builder.ret(ir.Constant(I32, Status.HALTED))
        types = run.function_type.args
        emit_entry(add_function(run.module, NTM_RUN, I32, *types[:-1]), run)
        emit_entry(add_function(run.module, NTM_RUN_INTERRUPTIBLE, I32, *types), run)


def _null(builder: ir.IRBuilder, *pointers: Value) -> list[Value]:
    """For every pointer, whether it is NULL."""
    return [builder.icmp_unsigned("==", pointer, NULL) for pointer in pointers]


def _no(builder: ir.IRBuilder, rows: Value) -> Value:
    """Whether there is no row."""
    return builder.icmp_unsigned("==", rows, ZERO)
