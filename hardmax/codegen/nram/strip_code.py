"""Code for strips: WIDTH timesteps of a loop at once, lane t of a value being that of timestep t.

The generated code, as pseudocode, for a loop like that of a program that copies cells::

    strip_1:                                # phis: the registers, and left
        strips = min(left, size - r2, size - r3) / WIDTH
        if 0 < r2 - r3 < WIDTH: goto enter_1    # a WRITE would change what a later timestep READs
        end = left - strips * WIDTH
    strips:                                 # phis: the registers, and left
        if left == end: goto enter_1
        v4 = memory[r3 .. r3 + WIDTH - 1]
        if any lane of v4 >= size: goto enter_1
        if any lane of v4 == 0: goto enter_1    # a timestep after which the loop is left
        memory[r2 .. r2 + WIDTH - 1] = v4
        r2, r3, left = r2 + WIDTH, r3 + WIDTH, left - WIDTH
        goto strips

Whoever goes to ``enter_1`` has done whole strips only. In a strip all READs come before all WRITEs;
the tests see to it that this makes no difference, whatever the memory holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from llvmlite import ir

from hardmax.codegen.llvm_types import I32, I64, LIKELY, ONE, TWO, ZERO, Value, constant
from hardmax.codegen.nram.cfg import Decision, Node, decide
from hardmax.codegen.nram.gates import WRAPS, Machine, Modulus, cell, emit_gate
from hardmax.codegen.nram.strip_plan import Strip
from hardmax.runtime.nram.gates import EFFECTS, Gate
from hardmax.runtime.nram.program import Operation

WIDTH = 16
"""Timesteps of a strip."""

_LANES = ir.VectorType(I32, WIDTH)
_MASK = ir.VectorType(ir.IntType(1), WIDTH)
_BITS = ir.IntType(WIDTH)
_NOTHING = ir.Constant(_LANES, ir.Undefined)


@dataclass(frozen=True)
class _Even:
    """A value that is ``first + t * stride`` in lane t, and below M in all lanes of all strips."""

    first: Value
    stride: int


_Lanes = _Even | Any
"""What a value is in every timestep of a strip: an ``_Even``, or a vector of WIDTH i32."""


@dataclass(frozen=True)
class State:
    """What changes from strip to strip.

    Attributes:
        registers: i32.
        left: i64, the timesteps that may still run.
        leaves: i32, what some values were in the last timestep.
    """

    registers: tuple[Value, ...]
    left: Value
    leaves: Mapping[int, Value]


class StripCode:
    """The strips of one loop under construction."""

    def __init__(
        self, builder: ir.IRBuilder, machine: Machine, number: int, node: Node, strip: Strip
    ) -> None:
        """
        Args:
            builder: stands where the strips are entered.
            machine: ``value_out_of_range`` is where to go on if no strip can run.
        """
        self.builder = builder
        self.machine = machine
        self.number = number
        self.circuit = node.circuit
        self.decision = decide(node.successors)
        self.strip = strip
        modulus = machine.modulus
        self.modulus_of_lanes = Modulus(
            *(self._splat(number) for number in (modulus.size, modulus.last, ONE, TWO))
        )
        self._addresses = {op.operands[0] for op in self.circuit.operations if op.gate in EFFECTS}
        self._lanes: dict[int, _Lanes] = {}

    def emit(self, start: State, leaving: ir.Block) -> State:
        """Emit the strips; return the state in which they go to ``leaving``."""
        builder = self.builder
        for value in self.strip.order:
            if value in self.strip.strides:
                self._lanes[value] = self._even(value, start.registers)
        end = self._end(start.left)

        entry = builder.block
        head = builder.append_basic_block("strips")
        builder.branch(head)
        builder.position_at_end(head)

        def phi(first: Value) -> Value:
            found = builder.phi(first.type)
            found.add_incoming(first, entry)
            return found

        for value, even in self._moving():
            self._lanes[value] = replace(even, first=phi(even.first))
        moving = self._moving()
        delayed = {
            register: phi(first)
            for register, first in enumerate(start.registers)
            if register not in self.strip.strides
        }
        registers = tuple(
            delayed[register] if register in delayed else self._lanes[register].first
            for register in range(len(start.registers))
        )
        leaves = {leaf: phi(first) for leaf, first in start.leaves.items()}
        current = State(registers, phi(start.left), leaves)

        strip = builder.append_basic_block("strip")
        builder.cbranch(builder.icmp_unsigned("==", current.left, end), leaving, strip)
        builder.position_at_end(strip)
        self.machine = replace(self.machine, value_out_of_range=leaving)
        self._emit_strip(registers)
        for _, even in moving:
            even.first.add_incoming(self._lane(even, WIDTH), builder.block)
        for register, of_last in delayed.items():
            of_last.add_incoming(self._last(self.circuit.outputs[register]), builder.block)
        for leaf, of_last in leaves.items():
            of_last.add_incoming(self._last(leaf), builder.block)
        left = builder.sub(current.left, ir.Constant(I64, WIDTH))
        current.left.add_incoming(left, builder.block)
        builder.branch(head)
        return current

    def _moving(self) -> list[tuple[int, _Even]]:
        return [
            (value, lanes)
            for value, lanes in self._lanes.items()
            if isinstance(lanes, _Even) and lanes.stride != 0
        ]

    def _even(self, value: int, registers: Sequence[Value]) -> _Even:
        """A value that has a stride, in the first strip."""
        stride = self.strip.strides[value]
        if value < len(registers):
            return _Even(registers[value], stride)
        operation = self.circuit.operations[value - len(registers)]
        if operation.gate is Gate.WRITE:
            return _Even(ZERO, 0)
        firsts = [self._lanes[operand].first for operand in operation.operands]
        return _Even(emit_gate(self.builder, self.machine, operation.gate, firsts), stride)

    def _end(self, left: Value) -> Value:
        """What is left of ``left`` when as many strips have run as these tests allow."""
        builder = self.builder
        limits = [builder.udiv(left, ir.Constant(I64, WIDTH))]
        for value, even in self._moving():
            # Lanes stay above 0 and below M.
            room = even.first
            if even.stride > 0:
                room = builder.sub(self.machine.modulus.size, room)
                if value in self.circuit.outputs:
                    self._require(builder.icmp_unsigned("!=", even.first, ZERO))
            limits.append(
                builder.udiv(builder.zext(room, I64), ir.Constant(I64, abs(even.stride) * WIDTH))
            )
        limits += self._keep_order()
        fewest = limits[0]
        for limit in limits[1:]:
            fewest = builder.select(builder.icmp_unsigned("<", limit, fewest), limit, fewest)
        self._require(builder.icmp_unsigned("!=", fewest, ir.Constant(I64, 0)))
        return builder.sub(left, builder.mul(fewest, ir.Constant(I64, WIDTH)))

    def _keep_order(self) -> Iterator[Value]:
        """Require that no WRITE is done after an access that it comes before in truth.

        A strip does all READs, then one WRITE after the other, each in all of its timesteps. Yield
        limits of how many strips can run until two accesses meet.
        """
        for late, early, within_timestep in self._orders():
            touched = self._lanes.get(early.operands[0])
            written = self._lanes[late.operands[0]]
            if not isinstance(touched, _Even):
                continue  # one that every strip has to look at
            both_writes = early.gate is Gate.WRITE
            if touched.stride != written.stride:
                yield self._strips_until_they_meet(touched, written)
            elif touched.stride != 0:
                self._require(self._in_order(touched, written, within_timestep))
            elif not both_writes:  # where two WRITEs share a cell, the last one stays the last
                self._require(self.builder.icmp_unsigned("!=", touched.first, written.first))

    def _orders(self) -> Iterator[tuple[Operation, Operation, bool]]:
        """Yield (WRITE, an access that a strip does before it, whether a timestep does so too)."""
        accesses = [op for op in self.circuit.operations if op.gate in EFFECTS]
        for i, late in enumerate(accesses):
            for j, early in enumerate(accesses):
                if late.gate is Gate.WRITE and (early.gate is Gate.READ or j < i):
                    yield late, early, j < i

    def _in_order(self, early: _Even, late: _Even, within_timestep: bool) -> Value:
        """Whether no lane of ``late`` touches a cell that a later lane of ``early`` touches.

        Args:
            within_timestep: whether the same lane of both may touch one cell.
        """
        # Lane t of the late one has the cell of lane t + lag of the early one.
        lag = self.builder.sub(late.first, early.first)
        if late.stride < 0:
            lag = self.builder.neg(lag)
        smallest = 1 if within_timestep else 0
        lag = self.builder.sub(lag, ir.Constant(I32, smallest))
        return self.builder.icmp_unsigned(">=", lag, ir.Constant(I32, WIDTH - smallest))

    def _strips_until_they_meet(self, one: _Even, other: _Even) -> Value:
        """How many strips can run until two addresses with unequal strides have a common cell."""
        builder = self.builder

        def number(value: int) -> Value:
            return ir.Constant(I64, value)

        low, high = (min(0, one.stride), max(0, one.stride))
        other_low, other_high = (min(0, other.stride), max(0, other.stride))
        below = number((other_high - low) * (WIDTH - 1))  # how much closer two lanes may be
        above = number((high - other_low) * (WIDTH - 1))
        difference = builder.sub(builder.zext(one.first, I64), builder.zext(other.first, I64))
        is_above = builder.icmp_signed(">", difference, number(0))
        gap = builder.select(
            is_above,
            builder.sub(difference, below),
            builder.sub(builder.neg(difference), above),
        )
        self._require(builder.icmp_signed(">", gap, number(0)))
        speed = one.stride - other.stride
        is_closing = is_above if speed < 0 else builder.not_(is_above)
        before = builder.udiv(builder.sub(gap, number(1)), number(abs(speed) * WIDTH))
        return builder.select(is_closing, builder.add(before, number(1)), number(-1))

    def _emit_strip(self, registers: Sequence[Value]) -> None:
        for value in self.strip.order:
            if value not in self.strip.strides:
                self._lanes[value] = self._compute(value, registers)
        if not isinstance(self.decision, int):
            self._require(self._all(self._stays(self.decision)))
        for late, early, _ in self._orders():
            touched = self._lanes[early.operands[0]]
            if not isinstance(touched, _Even):
                self._require(self._all(self._outside(touched, self._lanes[late.operands[0]])))
        for operation in self.circuit.operations:
            if operation.gate is Gate.WRITE:
                self._write(*operation.operands)

    def _compute(self, value: int, registers: Sequence[Value]) -> Value:
        """The lanes of a value that has no stride."""
        builder = self.builder
        if value < len(registers):  # lane t is what was computed in timestep t - 1
            taken = self._vector(self.circuit.outputs[value])
            start = builder.insert_element(_NOTHING, registers[value], ZERO)
            order = ir.Constant(_LANES, [WIDTH, *range(WIDTH - 1)])
            return builder.shuffle_vector(taken, start, order)
        operation = self.circuit.operations[value - len(registers)]
        if operation.gate is Gate.READ:
            return self._read(operation.operands[0])
        operands = [self._vector(operand) for operand in operation.operands]
        machine = replace(self.machine, modulus=self.modulus_of_lanes)
        is_exact = operation.gate is Gate.ADD and value in self._addresses
        if is_exact:
            wraps = WRAPS[operation.gate](builder, self.modulus_of_lanes, *operands)
            self._require(self._none(wraps))
        return emit_gate(builder, machine, operation.gate, operands, wraps=not is_exact)

    def _read(self, address: int) -> Value:
        builder = self.builder
        lanes = self._lanes[address]
        side_by_side = isinstance(lanes, _Even) and abs(lanes.stride) == 1
        if side_by_side:
            values = builder.load(self._lowest_cell(lanes), typ=_LANES, align=4)
        else:
            values = _NOTHING
            for lane, pointer in enumerate(self._cells(self._vector(address))):
                value = builder.load(pointer, typ=I32)
                values = builder.insert_element(values, value, ir.Constant(I32, lane))
        below = builder.icmp_unsigned("<", values, self.modulus_of_lanes.size)
        self._require(self._all(below))
        return self._turned(values, lanes.stride) if side_by_side else values

    def _cells(self, addresses: Value) -> Iterator[Value]:
        """Pointers to cells anywhere.

        Lanes are taken out of the vector two by two, which takes less time. The first of two is
        the lower one: this code is for little-endian machines.
        """
        builder = self.builder
        pairs = builder.bitcast(addresses, ir.VectorType(I64, WIDTH // 2))
        for i in range(WIDTH // 2):
            pair = builder.extract_element(pairs, ir.Constant(I32, i))
            low = builder.and_(pair, ir.Constant(I64, 2**32 - 1))
            high = builder.lshr(pair, ir.Constant(I64, 32))
            for index in (low, high):
                yield builder.gep(self.machine.memory, [index], inbounds=True, source_etype=I32)

    def _write(self, address: int, value: int) -> None:
        to = self._lanes[address]
        if to.stride == 0:
            pointer = cell(self.builder, self.machine, to.first)
            self.builder.store(self._last(value), pointer)
            return
        values = self._turned(self._vector(value), to.stride)
        self.builder.store(values, self._lowest_cell(to), align=4)

    def _stays(self, decision: Decision) -> Value:
        """For each lane, whether the next timestep is one of this loop."""
        if isinstance(decision, int):
            return constant(_MASK, int(decision == self.number))
        lanes = self._lanes[self.circuit.outputs[decision.register]]
        if isinstance(lanes, _Even) and lanes.stride != 0:  # never 0, as the number of strips is
            return self._stays(decision.nonzero)
        tested = lanes.first if isinstance(lanes, _Even) else lanes
        is_zero = self.builder.icmp_unsigned("==", tested, constant(tested.type, 0))
        return self.builder.select(
            is_zero, self._stays(decision.zero), self._stays(decision.nonzero)
        )

    def _outside(self, lanes: Value, written: _Even) -> Value:
        """For each lane, whether it is none of the cells that are written in this strip."""
        offsets = self.builder.sub(lanes, self._splat(self._lowest(written)))
        cells = 1 + abs(written.stride) * (WIDTH - 1)
        return self.builder.icmp_unsigned(">=", offsets, constant(_LANES, cells))

    def _last(self, value: int) -> Value:
        """A value in the last timestep of the strip."""
        lanes = self._lanes[value]
        if isinstance(lanes, _Even):
            return self._lane(lanes, WIDTH - 1)
        return self.builder.extract_element(lanes, ir.Constant(I32, WIDTH - 1))

    def _lane(self, lanes: _Even, lane: int) -> Value:
        return self.builder.add(lanes.first, ir.Constant(I32, lanes.stride * lane))

    def _lowest(self, lanes: _Even) -> Value:
        return lanes.first if lanes.stride >= 0 else self._lane(lanes, WIDTH - 1)

    def _lowest_cell(self, lanes: _Even) -> Value:
        return cell(self.builder, self.machine, self._lowest(lanes))

    def _vector(self, value: int) -> Value:
        lanes = self._lanes[value]
        if not isinstance(lanes, _Even):
            return lanes
        rise = ir.Constant(_LANES, [lanes.stride * lane for lane in range(WIDTH)])
        return self.builder.add(self._splat(lanes.first), rise)

    def _splat(self, number: Value) -> Value:
        """A vector with a number in every lane."""
        start = self.builder.insert_element(_NOTHING, number, ZERO)
        return self.builder.shuffle_vector(start, _NOTHING, constant(_LANES, 0))

    def _turned(self, lanes: Value, stride: int) -> Value:
        """Lanes in the order of their cells, or back."""
        if stride == 1:
            return lanes
        order = ir.Constant(_LANES, list(range(WIDTH))[::-1])
        return self.builder.shuffle_vector(lanes, _NOTHING, order)

    def _all(self, mask: Value) -> Value:
        """Whether something holds in all lanes."""
        every = ir.Constant(_BITS, (1 << WIDTH) - 1)
        return self.builder.icmp_unsigned("==", self.builder.bitcast(mask, _BITS), every)

    def _none(self, mask: Value) -> Value:
        """Whether something holds in no lane."""
        return self.builder.icmp_unsigned(
            "==", self.builder.bitcast(mask, _BITS), ir.Constant(_BITS, 0)
        )

    def _require(self, condition: Value) -> None:
        """Go on only if a condition holds."""
        going_on = self.builder.append_basic_block("strip")
        branch = self.builder.cbranch(condition, going_on, self.machine.value_out_of_range)
        branch.set_weights(LIKELY)
        self.builder.position_at_end(going_on)
