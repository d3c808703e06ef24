"""Threaded code for a Program: every timestep jumps to the one that follows it.

The generated function, as pseudocode, for a loop like that of a program that copies cells::

    start:
        if memory == NULL: leave(INVALID_ARGUMENT, 0)
        r2, left = 0, max_steps             # left: timesteps that may still run
        goto node_0
    node_1:                                 # phis: the registers that are not known, and left
        if left == 0: leave(STEP_LIMIT, max_steps - left)
        v4 = READ(r3)                       # not below size: leave(VALUE_OUT_OF_RANGE, ...)
        WRITE(r2, v4)
        r2, r3, left = INC(r2), INC(r3), left - 1
        if r3 == 0:                         # a decision diagram on the bits that decide
            goto node_0
        goto enter_1                        # the way back into a loop
    enter_1:
        budget = min(left, last - max(r2, r3))
        rest = left - budget
        if budget == 0: goto node_1 else: goto loop_1
    loop_1:                                 # node_1 where nothing wraps around (codegen.growth)
        if budget == 0: left = rest; goto node_1
        v4 = READ(r3)
        WRITE(r2, v4)
        r2, r3, budget = r2 + 1, r3 + 1, budget - 1
        goto loop_1

The steady state of a program is such a loop: one counter, registers as induction variables, and no
test but those that the data decide.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from llvmlite import ir

from codegen.flow import MISSING, Decision, Node, decide, loops
from codegen.gates import I32, I64, LIKELY, ZERO, Machine, Modulus, Value, emit_gate
from codegen.growth import Growth, growth
from runtime.abi import Status
from runtime.gates import Gate

MAX_JUMPS = 4096
"""Jumps between nodes up to which a program is threaded; larger ones are left straight."""

_POINTER = ir.PointerType()
_NO_STEPS = ir.Constant(I64, 0)
_ONE_STEP = ir.Constant(I64, 1)


def emit_threaded(
    function: ir.Function,
    nodes: Sequence[Node],
    smallest: int,
    small: ir.Function,
    *,
    with_loops: bool,
) -> None:
    """Emit the body of a function with the parameters of ``hardmax_run``.

    Args:
        nodes: the flow of a program on memories of ``smallest`` and more cells, at least 5.
        small: the function that runs it on fewer.
        with_loops: whether loops are emitted a second time, free of wrap-around.
    """
    _Threaded(function, nodes, with_loops).emit(smallest, small)


class _Kind(enum.Enum):
    """What a block at the start of a node is for; the value begins its name."""

    NODE = "node"
    """One timestep, whatever the registers hold."""
    ENTER = "enter"
    """The choice between the other two."""
    LOOP = "loop"
    """One timestep of a loop in which nothing wraps around."""


@dataclass(frozen=True)
class _Place:
    """A block at the start of a node and the phis that it begins with.

    Attributes:
        block: where to jump to.
        registers: phis; registers known to be 0 are constants.
        counters: phis; ``left``, or in a LOOP ``budget`` and ``rest``.
    """

    kind: _Kind
    number: int
    block: ir.Block
    registers: tuple[Value, ...]
    counters: tuple[Value, ...]


class _Threaded:
    """The function under construction."""

    def __init__(self, function: ir.Function, nodes: Sequence[Node], with_loops: bool) -> None:
        self.function = function
        self.nodes = nodes
        self.memory, self.size, self.max_steps, self.steps_out = function.args
        self.growth: dict[int, tuple[frozenset[int], Growth]] = {}
        for loop in loops(nodes) if with_loops else ():
            of_loop = growth(nodes, loop)
            if of_loop is not None:
                self.growth.update(dict.fromkeys(loop, (loop, of_loop)))
        self.places: dict[tuple[_Kind, int], _Place] = {}
        self.pending: list[_Place] = []
        # The last block of the function, written down when all others are.
        self.leaving = ir.Block(function, "leave")
        leave = ir.IRBuilder(self.leaving)
        self.status = leave.phi(I32, "status")
        self.left = leave.phi(I64, "left")

    def emit(self, smallest: int, small: ir.Function) -> None:
        self._emit_entry(smallest, small)
        while self.pending:
            place = self.pending.pop()
            match place.kind:
                case _Kind.NODE:
                    self._emit_node(place)
                case _Kind.ENTER:
                    self._emit_enter(place)
                case _Kind.LOOP:
                    self._emit_loop(place)
        self._emit_leave()

    def _emit_entry(self, smallest: int, small: ir.Function) -> None:
        builder = ir.IRBuilder(self.function.append_basic_block("entry"))
        is_small = builder.icmp_unsigned("<", self.size, ir.Constant(I32, smallest))
        with builder.if_then(is_small, likely=False):
            builder.ret(builder.call(small, self.function.args, tail=True))
        no_memory = builder.icmp_unsigned("==", self.memory, ir.Constant(_POINTER, None))
        start = builder.append_basic_block("start")
        builder.cbranch(no_memory, self.leaving, start).set_weights(LIKELY[::-1])
        self._leaves(builder.block, _status(Status.INVALID_ARGUMENT), self.max_steps)
        builder.position_at_end(start)
        self.modulus = Modulus.of_large(builder, self.size)
        registers = [ZERO] * len(self.nodes[0].circuit.outputs)
        self._go_to(builder, _Kind.NODE, 0, registers, [self.max_steps])

    def _place(self, kind: _Kind, number: int) -> _Place:
        """A place; one that nothing led to so far is put on the list."""
        if (kind, number) not in self.places:
            node = self.nodes[number]
            block = self.function.append_basic_block(f"{kind.value}_{number}")
            builder = ir.IRBuilder(block)
            registers = tuple(
                ZERO if node.is_zero(register) else builder.phi(I32, f"r{register + 1}")
                for register in range(len(node.circuit.outputs))
            )
            names = ("budget", "rest") if kind is _Kind.LOOP else ("left",)
            place = _Place(
                kind, number, block, registers, tuple(builder.phi(I64, name) for name in names)
            )
            self.places[kind, number] = place
            self.pending.append(place)
        return self.places[kind, number]

    def _go_to(
        self,
        builder: ir.IRBuilder,
        kind: _Kind,
        number: int,
        registers: Sequence[Value],
        counters: Sequence[Value],
    ) -> None:
        builder.branch(self._arrive(builder.block, kind, number, registers, counters))

    def _arrive(
        self,
        block: ir.Block,
        kind: _Kind,
        number: int,
        registers: Sequence[Value],
        counters: Sequence[Value],
    ) -> ir.Block:
        """The block of a place, told what it starts with when ``block`` jumps to it."""
        place = self._place(kind, number)
        for phi, value in zip(
            (*place.registers, *place.counters), (*registers, *counters), strict=True
        ):
            if phi is not ZERO:
                phi.add_incoming(value, block)
        return place.block

    def _emit_node(self, place: _Place) -> None:
        (left,) = place.counters
        node = self.nodes[place.number]
        builder = ir.IRBuilder(place.block)
        timestep = builder.append_basic_block("timestep")
        at_limit = builder.icmp_unsigned("==", left, _NO_STEPS)
        builder.cbranch(at_limit, self.leaving, timestep).set_weights(LIKELY[::-1])
        self._leaves(builder.block, _status(Status.STEP_LIMIT), left)
        builder.position_at_end(timestep)

        values = self._emit_circuit(builder, place)
        left = builder.sub(left, _ONE_STEP)
        if node.circuit.halt:
            self._leaves(builder.block, _status(Status.HALTED), left)
            builder.branch(self.leaving)
            return
        registers = [values[output] for output in node.circuit.outputs]

        def leaf(block: ir.Block, target: int) -> ir.Block:
            if target == MISSING:
                return self._emit_missing(left)
            loop, _ = self.growth.get(place.number, (frozenset(), None))
            kind = _Kind.ENTER if target in loop else _Kind.NODE
            return self._arrive(block, kind, target, registers, [left])

        _Decider(registers, leaf).emit(builder, decide(node.successors))

    def _emit_missing(self, left: Value) -> ir.Block:
        """A block that ends the run where there is no row."""
        block = self.function.append_basic_block("missing")
        builder = ir.IRBuilder(block)
        at_limit = builder.icmp_unsigned("==", left, _NO_STEPS)
        self._leaves(
            block,
            builder.select(at_limit, _status(Status.STEP_LIMIT), _status(Status.UNREACHABLE_ROW)),
            left,
        )
        builder.branch(self.leaving)
        return block

    def _emit_enter(self, place: _Place) -> None:
        (left,) = place.counters
        _, of_loop = self.growth[place.number]
        builder = ir.IRBuilder(place.block)
        highest: Value = ir.Constant(I32, of_loop.floor)
        for register in sorted(of_loop.rising):
            value = place.registers[register]
            higher = builder.icmp_unsigned(">", value, highest)
            highest = builder.select(higher, value, highest)
        # The floor may be M or more, but then by so little that the difference is a huge number
        # only if M is small; registers are below M.
        room = builder.sub(self.modulus.last, highest)
        fits = builder.icmp_unsigned("<=", highest, self.modulus.last)
        room = builder.select(fits, room, ZERO)
        if of_loop.step > 1:
            room = builder.udiv(room, ir.Constant(I32, of_loop.step))
        room = builder.zext(room, I64)
        fewer = builder.icmp_unsigned("<", left, room)
        budget = builder.select(fewer, left, room, name="budget")
        rest = builder.sub(left, budget, name="rest")
        none = builder.icmp_unsigned("==", budget, _NO_STEPS)
        node = self._arrive(builder.block, _Kind.NODE, place.number, place.registers, [left])
        loop = self._arrive(
            builder.block, _Kind.LOOP, place.number, place.registers, [budget, rest]
        )
        builder.cbranch(none, node, loop)

    def _emit_loop(self, place: _Place) -> None:
        budget, rest = place.counters
        node = self.nodes[place.number]
        loop, of_loop = self.growth[place.number]
        builder = ir.IRBuilder(place.block)
        timestep = builder.append_basic_block("timestep")
        spent = builder.icmp_unsigned("==", budget, _NO_STEPS)
        general = self._arrive(builder.block, _Kind.NODE, place.number, place.registers, [rest])
        builder.cbranch(spent, general, timestep).set_weights(LIKELY[::-1])
        builder.position_at_end(timestep)

        values = self._emit_circuit(builder, place, of_loop.unwrapped[place.number])
        budget = builder.sub(budget, _ONE_STEP)
        registers = [values[output] for output in node.circuit.outputs]

        def leaf(block: ir.Block, target: int) -> ir.Block:
            if target in loop:
                return self._arrive(block, _Kind.LOOP, target, registers, [budget, rest])
            leaving = self.function.append_basic_block("leave_loop")
            outside = ir.IRBuilder(leaving)
            left = outside.add(budget, rest)
            if target == MISSING:
                outside.branch(self._emit_missing(left))
                return leaving
            self._go_to(outside, _Kind.NODE, target, registers, [left])
            return leaving

        possible = {
            bits: target
            for bits, target in node.successors.items()
            if of_loop.possible(place.number, node, bits)
        }
        _Decider(registers, leaf).emit(builder, decide(possible))

    def _emit_circuit(
        self, builder: ir.IRBuilder, place: _Place, unwrapped: Collection[int] = ()
    ) -> list[Value]:
        """Emit the operations; return the circuit's values, registers first."""
        node = self.nodes[place.number]
        out_of_range = ir.Block(self.function, f"out_of_range_{place.kind.value}_{place.number}")
        machine = Machine(self.memory, self.modulus, out_of_range)
        registers = len(node.circuit.outputs)
        values = list(place.registers)
        for value, operation in enumerate(node.circuit.operations, start=registers):
            operands = [values[operand] for operand in operation.operands]
            wraps = value not in unwrapped and not (
                operation.gate is Gate.DEC
                and operation.operands[0] < registers
                and node.is_nonzero(operation.operands[0])
            )
            values.append(emit_gate(builder, machine, operation.gate, operands, wraps=wraps))
        if any(operation.gate is Gate.READ for operation in node.circuit.operations):
            self.function.blocks.append(out_of_range)
            outside = ir.IRBuilder(out_of_range)
            left, *rest = place.counters
            for counter in rest:
                left = outside.add(left, counter)
            self._leaves(out_of_range, _status(Status.VALUE_OUT_OF_RANGE), left)
            outside.branch(self.leaving)
        return values

    def _leaves(self, block: ir.Block, status: Value, left: Value) -> None:
        """State what the run returns when ``block`` jumps to the last block."""
        self.status.add_incoming(status, block)
        self.left.add_incoming(left, block)

    def _emit_leave(self) -> None:
        self.function.blocks.append(self.leaving)
        builder = ir.IRBuilder(self.leaving)
        wanted = builder.icmp_unsigned("!=", self.steps_out, ir.Constant(_POINTER, None))
        with builder.if_then(wanted):
            builder.store(builder.sub(self.max_steps, self.left), self.steps_out)
        builder.ret(self.status)


def _status(status: Status) -> Value:
    return ir.Constant(I32, status)


class _Decider:
    """Emits a decision diagram; parts that it shares are emitted once."""

    def __init__(
        self, registers: Sequence[Value], leaf: Callable[[ir.Block, int], ir.Block]
    ) -> None:
        self.registers = registers
        self.leaf = leaf
        self.blocks: dict[int, ir.Block] = {}

    def emit(self, builder: ir.IRBuilder, decision: Decision) -> None:
        """End the builder's block with the jump to whatever is decided."""
        if isinstance(decision, int):
            builder.branch(self.leaf(builder.block, decision))
            return
        is_zero = builder.icmp_unsigned("==", self.registers[decision.register], ZERO)
        block = builder.block
        builder.cbranch(
            is_zero, self._go_on(block, decision.zero), self._go_on(block, decision.nonzero)
        )

    def _go_on(self, block: ir.Block, decision: Decision) -> ir.Block:
        if isinstance(decision, int):
            return self.leaf(block, decision)
        if id(decision) not in self.blocks:
            self.blocks[id(decision)] = block.function.append_basic_block("test")
            self.emit(ir.IRBuilder(self.blocks[id(decision)]), decision)
        return self.blocks[id(decision)]
