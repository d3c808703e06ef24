"""Jump-threaded code for a Program: every timestep jumps to the one that follows it.

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
    loop_1:                                 # node_1 where nothing wraps around
        if budget == 0: left = rest; goto node_1
        v4 = READ(r3)
        WRITE(r2, v4)
        r2, r3, budget = r2 + 1, r3 + 1, budget - 1
        goto loop_1

The steady state of a program is such a loop: one counter, registers as induction variables, and no
test but those that the data decide. Where ``hardmax.codegen.nram.strip_plan`` finds that many of
its timesteps can run at once, the way into it goes through the code for that
(``hardmax.codegen.nram.strip_code``) first.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from llvmlite import ir

from hardmax.codegen.llvm_types import I32, I64, LIKELY, ZERO, Value
from hardmax.codegen.nram.cfg import MISSING, Decision, Node, decide, emission_order
from hardmax.codegen.nram.difference_bounds import NOTHING
from hardmax.codegen.nram.gates import WRAPS, Machine, emit_gate
from hardmax.codegen.nram.loops import Loop, plan_loops
from hardmax.codegen.nram.prologue import NO_STEPS, ONE_STEP, Frame
from hardmax.codegen.nram.store_sinking import SunkWrite
from hardmax.codegen.nram.strip_code import State, StripCode
from hardmax.runtime.abi import Status
from hardmax.runtime.nram.abi import SLICE
from hardmax.runtime.nram.gates import Gate

MAX_JUMPS = 512
"""Jumps between nodes up to which a program is jump-threaded; larger ones are left straight."""


def emit_jump_threaded(
    function: ir.Function,
    nodes: Sequence[Node],
    smallest: int,
    small: ir.Function,
    *,
    with_loops: bool,
    with_strips: bool,
) -> None:
    """Emit the body of a function that runs a program.

    Args:
        nodes: the control-flow graph of a program on memories of ``smallest`` and more cells, at
            least 5.
        small: the function that runs it on fewer.
        with_loops: whether loops are emitted a second time, free of wraparound.
        with_strips: whether they may be emitted a third time, for many timesteps at once.
    """
    loops = plan_loops(nodes, with_strips=with_strips) if with_loops else {}
    _JumpThreaded(function, nodes, loops).emit(smallest, small)


class _Kind(enum.Enum):
    """What a block at the start of a node is for; the value begins its name."""

    NODE = "node"
    """One timestep, whatever the registers hold."""
    PLAIN = "plain"
    """As NODE, but until the loop is left: its arithmetic does wrap around."""
    STRIP = "strip"
    """Many timesteps of a loop at once, if they keep out of each other's way."""
    ENTER = "enter"
    """The choice between a NODE and a LOOP."""
    LOOP = "loop"
    """One timestep of a loop in which nothing wraps around."""


@dataclass(frozen=True)
class _Place:
    """A block at the start of a node and the phis that it begins with.

    Attributes:
        block: where to jump to.
        registers: phis; registers known to be 0 are constants.
        counters: phis; ``left``, or in a LOOP ``budget`` and ``rest``.
        leaves: phis; what a sunk WRITE of the last timestep is to be computed from, by number.
    """

    kind: _Kind
    number: int
    block: ir.Block
    registers: tuple[Value, ...]
    counters: tuple[Value, ...]
    leaves: Mapping[int, Value]


class _JumpThreaded:
    """The function under construction."""

    def __init__(
        self, function: ir.Function, nodes: Sequence[Node], loops: Mapping[int, Loop]
    ) -> None:
        self.function = function
        self.nodes = nodes
        self.frame = Frame(function, SLICE)
        self.loops = loops
        self.places: dict[tuple[_Kind, int], _Place] = {}
        self.pending: list[_Place] = []

    def emit(self, smallest: int, small: ir.Function) -> None:
        builder, self.modulus = self.frame.enter_large(smallest, small)
        registers = [ZERO] * len(self.nodes[0].circuit.outputs)
        self._go_to(builder, _Kind.NODE, 0, registers, [self.frame.left])
        while self.pending:
            place = self.pending.pop()
            match place.kind:
                case _Kind.NODE | _Kind.PLAIN:
                    self._emit_node(place)
                case _Kind.STRIP:
                    self._emit_strip(place)
                case _Kind.ENTER:
                    self._emit_enter(place)
                case _Kind.LOOP:
                    self._emit_loop(place)
        self.frame.close()

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
            counters = tuple(builder.phi(I64, name) for name in names)
            sunk = self._sunk(kind, number)
            leaves = {
                leaf: builder.phi(I32, f"leaf{leaf}")
                for leaf in (sunk.leaves if sunk is not None else ())
            }
            place = _Place(kind, number, block, registers, counters, leaves)
            self.places[kind, number] = place
            self.pending.append(place)
        return self.places[kind, number]

    def _sunk(self, kind: _Kind, number: int) -> SunkWrite | None:
        """The WRITE that is not done where a block of this kind runs, or has just not been."""
        if kind in (_Kind.NODE, _Kind.PLAIN) or number not in self.loops:
            return None
        return self.loops[number].sunk

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
        values: Mapping[int, Value] = MappingProxyType({}),
    ) -> ir.Block:
        """The block of a place, told what it starts with when ``block`` jumps to it.

        Args:
            values: where its sunk WRITE finds its leaves.
        """
        place = self._place(kind, number)
        for leaf, phi in place.leaves.items():
            phi.add_incoming(values[leaf], block)
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
        self.frame.go_on(
            builder,
            left,
            lambda builder, left: self._go_to(
                builder, place.kind, place.number, place.registers, [left]
            ),
        )
        values = self._emit_circuit(builder, place)
        left = builder.sub(left, ONE_STEP)
        if node.circuit.halt:
            self.frame.leaves(builder.block, Status.HALTED, left)
            builder.branch(self.frame.leaving)
            return
        registers = [values[output] for output in node.circuit.outputs]

        def leaf(block: ir.Block, target: int) -> ir.Block:
            if target == MISSING:
                return self._emit_missing(left)
            loop = self.loops.get(place.number)
            kind = _Kind.NODE
            if loop is not None and target in loop.nodes:
                if place.kind is _Kind.PLAIN:
                    kind = _Kind.PLAIN
                else:
                    kind = _Kind.ENTER if loop.strip is None else _Kind.STRIP
            return self._arrive(block, kind, target, registers, [left], values)

        _Decider(registers, leaf).emit(builder, decide(node.successors))

    def _emit_missing(self, left: Value) -> ir.Block:
        """A block that ends the run where there is no row."""
        block = self.function.append_basic_block("missing")
        builder = ir.IRBuilder(block)
        unreachable = builder.append_basic_block("unreachable_row")
        at_limit = builder.icmp_unsigned("==", self.frame.all_left(builder, left), NO_STEPS)
        builder.cbranch(at_limit, self.frame.leaving, unreachable)
        self.frame.leaves(block, Status.STEP_LIMIT, left)
        ir.IRBuilder(unreachable).branch(self.frame.leaving)
        self.frame.leaves(unreachable, Status.UNREACHABLE_ROW, left)
        return block

    def _emit_strip(self, place: _Place) -> None:
        strip = self.loops[place.number].strip
        assert strip is not None
        refused, leaving = (ir.Block(self.function, name) for name in ("refused", "leave_strips"))
        machine = Machine(self.frame.memory, self.modulus, refused)
        node = self.nodes[place.number]
        code = StripCode(ir.IRBuilder(place.block), machine, place.number, node, strip)
        before = State(place.registers, place.counters[0], place.leaves)
        after = code.emit(before, leaving)
        for block, state in ((refused, before), (leaving, after)):
            self.function.blocks.append(block)
            to_enter = self._arrive(
                block, _Kind.ENTER, place.number, state.registers, [state.left], state.leaves
            )
            ir.IRBuilder(block).branch(to_enter)

    def _emit_enter(self, place: _Place) -> None:
        (left,) = place.counters
        of_loop = self.loops[place.number].wraparound
        builder = ir.IRBuilder(place.block)
        highest: Value = ir.Constant(I32, of_loop.floor)
        for register in sorted(of_loop.rising[place.number]):
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
        none = builder.icmp_unsigned("==", budget, NO_STEPS)
        node = self._arrive(builder.block, _Kind.NODE, place.number, place.registers, [left])
        loop = self._arrive(
            builder.block,
            _Kind.LOOP,
            place.number,
            place.registers,
            [budget, rest],
            place.leaves,
        )
        builder.cbranch(none, node, loop)

    def _emit_loop(self, place: _Place) -> None:
        budget, rest = place.counters
        node = self.nodes[place.number]
        loop = self.loops[place.number]
        builder = ir.IRBuilder(place.block)
        timestep = builder.append_basic_block("timestep")
        spent = builder.icmp_unsigned("==", budget, NO_STEPS)
        leaving = builder.append_basic_block("spent")
        outside = ir.IRBuilder(leaving)
        self._emit_sunk(outside, place, place.leaves)
        self._go_to(outside, _Kind.NODE, place.number, place.registers, [rest])
        builder.cbranch(spent, leaving, timestep).set_weights(LIKELY[::-1])
        builder.position_at_end(timestep)

        values = self._emit_circuit(builder, place, loop)
        budget = builder.sub(budget, ONE_STEP)
        registers = [values[output] for output in node.circuit.outputs]

        def leaf(block: ir.Block, target: int) -> ir.Block:
            if target in loop.nodes:
                return self._arrive(block, _Kind.LOOP, target, registers, [budget, rest], values)
            leaving = self.function.append_basic_block("leave_loop")
            outside = ir.IRBuilder(leaving)
            self._emit_sunk(outside, place, values)
            left = outside.add(budget, rest)
            if target == MISSING:
                outside.branch(self._emit_missing(left))
                return leaving
            self._go_to(outside, _Kind.NODE, target, registers, [left])
            return leaving

        possible = {
            bits: target
            for bits, target in node.successors.items()
            if loop.wraparound.possible(place.number, node, bits)
        }
        _Decider(registers, leaf).emit(builder, decide(possible))

    def _emit_circuit(
        self, builder: ir.IRBuilder, place: _Place, loop: Loop | None = None
    ) -> dict[int, Value]:
        """Emit the operations; return the circuit's values by number.

        Args:
            loop: the loop in which nothing wraps around.
        """
        circuit = self.nodes[place.number].circuit
        sunk = self._sunk(place.kind, place.number)
        again = ir.Block(self.function, "again")
        values = dict(enumerate(place.registers))
        for value in emission_order(circuit):
            operation = circuit.operations[value - len(circuit.outputs)]
            if sunk is not None and value == sunk.operation:
                values[value] = ZERO
            elif loop is not None and value in loop.order[place.number].one:
                values[value] = self.modulus.one
            elif loop is not None and value in loop.order[place.number].same:
                same = loop.order[place.number].same[value]
                values[value] = ZERO if same == NOTHING else values[same]
            elif operation.gate is Gate.READ:
                is_before = sunk is not None and value < sunk.operation
                known = place.leaves if is_before else dict(values)
                values[value] = self._emit_read(
                    builder, place, values[operation.operands[0]], known
                )
            else:
                operands = [values[operand] for operand in operation.operands]
                if loop is not None and value in loop.wraparound.guarded[place.number]:
                    self._emit_guard(builder, operation.gate, operands, again)
                wraps = self._wraps(place.number, value, loop)
                machine = Machine(self.frame.memory, self.modulus, again)
                values[value] = emit_gate(builder, machine, operation.gate, operands, wraps=wraps)
        if loop is not None and loop.wraparound.guarded[place.number]:
            self._emit_again(again, place)
        return values

    def _wraps(self, number: int, value: int, loop: Loop | None) -> bool:
        """Whether an operation of a node may wrap around, as far as is known."""
        if loop is not None and value in loop.wraparound.exact(number):
            return False
        node = self.nodes[number]
        operation = node.circuit.operations[value - len(node.circuit.outputs)]
        if operation.gate is not Gate.DEC:
            return True
        (operand,) = operation.operands
        return operand >= len(node.circuit.outputs) or not node.is_nonzero(operand)

    def _emit_read(
        self, builder: ir.IRBuilder, place: _Place, address: Value, values: Mapping[int, Value]
    ) -> Value:
        """READ; a value that is no address ends the run in the middle of the timestep."""
        out_of_range = ir.Block(self.function, "out_of_range")
        machine = Machine(self.frame.memory, self.modulus, out_of_range)
        value = emit_gate(builder, machine, Gate.READ, [address])
        self.function.blocks.append(out_of_range)
        outside = ir.IRBuilder(out_of_range)
        self._emit_sunk(outside, place, values)
        left = _left(outside, place)
        self.frame.leaves(outside.block, Status.VALUE_OUT_OF_RANGE, left)
        outside.branch(self.frame.leaving)
        return value

    def _emit_guard(
        self, builder: ir.IRBuilder, gate: Gate, operands: Sequence[Value], again: ir.Block
    ) -> None:
        """Go on only if a gate does not wrap around; else the timestep is done again."""
        a, b = (*operands, ZERO)[:2]
        wraps = WRAPS[gate](builder, self.modulus, a, b)
        exact = builder.append_basic_block("exact")
        builder.cbranch(wraps, again, exact).set_weights(LIKELY[::-1])
        builder.position_at_end(exact)

    def _emit_again(self, block: ir.Block, place: _Place) -> None:
        """Do the timestep from its start, outside of the loop; nothing has been written yet."""
        self.function.blocks.append(block)
        builder = ir.IRBuilder(block)
        self._emit_sunk(builder, place, place.leaves)
        left = _left(builder, place)
        # An INC that wraps around will not soon do so again; an ADD may subtract in every timestep.
        circuit = self.nodes[place.number].circuit
        guarded = self.loops[place.number].wraparound.guarded[place.number]
        gates = {circuit.operations[value - len(circuit.outputs)].gate for value in guarded}
        kind = _Kind.PLAIN if Gate.ADD in gates else _Kind.NODE
        self._go_to(builder, kind, place.number, place.registers, [left])

    def _emit_sunk(self, builder: ir.IRBuilder, place: _Place, values: Mapping[int, Value]) -> None:
        """Make up for the sunk WRITE, if the place has one, from what it is computed from."""
        sunk = self._sunk(place.kind, place.number)
        if sunk is None:
            return
        circuit = self.nodes[place.number].circuit
        machine = Machine(self.frame.memory, self.modulus, builder.block)
        known = {leaf: values[leaf] for leaf in sunk.leaves}

        def compute(value: int) -> Value:
            if value not in known:
                operation = circuit.operations[value - len(circuit.outputs)]
                if operation.gate is Gate.WRITE:
                    return ZERO
                operands = [compute(operand) for operand in operation.operands]
                known[value] = emit_gate(builder, machine, operation.gate, operands)
            return known[value]

        emit_gate(builder, machine, Gate.WRITE, [ZERO, compute(sunk.value)])


def _left(builder: ir.IRBuilder, place: _Place) -> Value:
    """The timesteps that may still run, at the start of a place's timestep."""
    left, *rest = place.counters
    for counter in rest:
        left = builder.add(left, counter)
    return left


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
