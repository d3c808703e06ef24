"""A stack, a queue or a deque in generated code: its registers, and its cells in a state.

A cell holds v + 1 for the value v, which is what is read, so that 0 is nothing.

A stack has one register, its length. Below its first cell lie as many zeros as it is read deep, so
that a read needs no check::

    popped = pop if length != 0 else 0
    cells[depth + length - popped] = value          # above the top where nothing is pushed
    length = length - popped + push
    reads  = cells[depth + length - 1], cells[depth + length - 2], ...

A queue and a deque lie in a ring, one cell larger than the capacity. Their registers are where the
top is and how many cells there are; the bottom lies length - 1 cells after the top::

    popped = pop_top if length != 0 else 0;    top = (top + popped) mod size;  length -= popped
    popped = pop_bottom if length != 0 else 0; length -= popped
    cells[(top - 1) mod size] = value_top; top = (top - push_top) mod size; length += push_top
    cells[(top + length) mod size] = value_bottom;                          length += push_bottom
    reads of the top    = cells[top], cells[(top + 1) mod size], ...  or 0 from length on
    reads of the bottom = cells[(top + length - 1) mod size], ...     or 0 from length on

Where nothing is pushed, the write hits the cell that is free.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from llvmlite import ir

from hardmax.codegen.llvm_types import I32, I64, Value
from hardmax.runtime.stack.program import Operation, StackProgram, Structure

_POP = 1
_PUSH = 2
_VALUE_SHIFT = 16

Registers = tuple[Value, ...]


def number(n: int) -> Value:
    """A number as an i64."""
    return ir.Constant(I64, n)


def words_of(structure: Structure, operation: Operation) -> tuple[int, ...]:
    """What is done at each end, as numbers of 32 bits: the top, then the bottom if there is one.

    Bit 0 says whether it is popped, bit 1 whether it is pushed; from bit 16 on is the cell.
    """
    top = _word(operation.pop_top, operation.push_top)
    if structure is Structure.STACK:
        return (top,)
    return top, _word(operation.pop_bottom, operation.push_bottom)


def _word(pop: bool, push: int | None) -> int:
    return _POP * pop if push is None else _POP * pop | _PUSH | push + 1 << _VALUE_SHIFT


@dataclass(frozen=True)
class Uses:
    """What the rows of a program ever do to a structure; code is made for nothing else."""

    pop_top: bool
    push_top: bool
    pop_bottom: bool
    push_bottom: bool

    @staticmethod
    def of(program: StackProgram, index: int) -> Uses:
        """What they do to a structure, by its number."""
        done = {action.operations[index] for _, action in program.rows}
        return Uses(
            any(operation.pop_top for operation in done),
            any(operation.push_top is not None for operation in done),
            any(operation.pop_bottom for operation in done),
            any(operation.push_bottom is not None for operation in done),
        )


@dataclass(frozen=True, eq=False)
class Cells:
    """The cells of a structure in a state.

    Attributes:
        pointer: to the first of them.
        kind: i8 or i16.
        capacity: i64.
    """

    pointer: Value
    kind: ir.IntType
    capacity: Value

    def load(self, builder: ir.IRBuilder, place: Value) -> Value:
        """The cell at a place, an i64."""
        return builder.zext(builder.load(self._at(builder, place), typ=self.kind), I64)

    def store(self, builder: ir.IRBuilder, place: Value, cell: Value) -> None:
        """Store a cell, an i32 or i64, at a place."""
        builder.store(builder.trunc(cell, self.kind), self._at(builder, place))

    def _at(self, builder: ir.IRBuilder, place: Value) -> Value:
        return builder.gep(self.pointer, [place], inbounds=True, source_etype=self.kind)


class StructureCode(Protocol):
    """One structure.

    Attributes:
        registers: how many it has; they are 0 where it is empty.
        spare: cells that it has beside its capacity.
    """

    @property
    def registers(self) -> int: ...
    @property
    def spare(self) -> int: ...

    def clear(self, builder: ir.IRBuilder, cells: Cells) -> None:
        """Make the cells those of an empty structure."""

    def change(
        self, builder: ir.IRBuilder, cells: Cells, registers: Registers, words: tuple[Value, ...]
    ) -> tuple[Registers, Value, Callable[[], None]]:
        """Do what :func:`words_of` says, i32s.

        Returns:
            The registers afterwards, the length afterwards, and what emits the stores.
        """

    def reads(self, builder: ir.IRBuilder, cells: Cells, registers: Registers) -> list[Value]:
        """What is read, i64s."""

    def copy(
        self,
        builder: ir.IRBuilder,
        cells: Cells,
        registers: Registers,
        larger: Cells,
        loop: Callable[[ir.IRBuilder, Value, Callable[[Value], None]], None],
    ) -> Registers:
        """Copy what is held into cleared cells; return the registers there.

        Args:
            loop: emits a loop over 0 .. n - 1.
        """

    def length(self, registers: Registers) -> Value:
        """How many cells it holds, an i64."""


def structure_code(structure: Structure, depth: int, uses: Uses) -> StructureCode:
    """The code of a structure that is read so deep."""
    return _Stack(depth, uses) if structure is Structure.STACK else _Ring(structure, depth, uses)


@dataclass(frozen=True)
class _Stack:
    depth: int
    uses: Uses

    @property
    def registers(self) -> int:
        return 1

    @property
    def spare(self) -> int:
        return self.depth + 1

    def clear(self, builder: ir.IRBuilder, cells: Cells) -> None:
        for i in range(self.depth):
            cells.store(builder, number(i), number(0))

    def change(
        self, builder: ir.IRBuilder, cells: Cells, registers: Registers, words: tuple[Value, ...]
    ) -> tuple[Registers, Value, Callable[[], None]]:
        (length,), (word,) = registers, words
        left = _less_popped(builder, length, word) if self.uses.pop_top else length
        if not self.uses.push_top:
            return (left,), left, _nothing
        after = builder.add(left, _pushed(builder, word))

        def store() -> None:
            cells.store(builder, builder.add(left, number(self.depth)), _cell(builder, word))

        return (after,), after, store

    def reads(self, builder: ir.IRBuilder, cells: Cells, registers: Registers) -> list[Value]:
        (length,) = registers
        return [
            cells.load(builder, builder.add(length, number(self.depth - 1 - k)))
            for k in range(self.depth)
        ]

    def copy(
        self,
        builder: ir.IRBuilder,
        cells: Cells,
        registers: Registers,
        larger: Cells,
        loop: Callable[[ir.IRBuilder, Value, Callable[[Value], None]], None],
    ) -> Registers:
        (length,) = registers

        def copy(i: Value) -> None:
            place = builder.add(i, number(self.depth))
            larger.store(builder, place, cells.load(builder, place))

        loop(builder, length, copy)
        return registers

    def length(self, registers: Registers) -> Value:
        return registers[0]


@dataclass(frozen=True)
class _Ring:
    structure: Structure
    depth: int
    uses: Uses

    @property
    def registers(self) -> int:
        return 2

    @property
    def spare(self) -> int:
        return 1

    def clear(self, builder: ir.IRBuilder, cells: Cells) -> None:
        """Nothing is read of cells that are not there."""

    def change(
        self, builder: ir.IRBuilder, cells: Cells, registers: Registers, words: tuple[Value, ...]
    ) -> tuple[Registers, Value, Callable[[], None]]:
        top, length = registers
        word_top, word_bottom = words
        stores: list[tuple[Value, Value]] = []
        if self.uses.pop_top:
            left = _less_popped(builder, length, word_top)
            top = _wrapped(builder, cells, builder.add(top, builder.sub(length, left)))
            length = left
        if self.uses.pop_bottom:
            length = _less_popped(builder, length, word_bottom)
        if self.uses.push_top:
            above = _wrapped_below(builder, cells, builder.sub(top, number(1)))
            stores.append((above, word_top))
            push = _pushed(builder, word_top)
            top = builder.select(builder.icmp_unsigned("!=", push, number(0)), above, top)
            length = builder.add(length, push)
        if self.uses.push_bottom:
            stores.append((_wrapped(builder, cells, builder.add(top, length)), word_bottom))
            length = builder.add(length, _pushed(builder, word_bottom))

        def store() -> None:
            for place, word in stores:
                cells.store(builder, place, _cell(builder, word))

        return (top, length), length, store

    def reads(self, builder: ir.IRBuilder, cells: Cells, registers: Registers) -> list[Value]:
        top, length = registers
        read = [
            self._read(builder, cells, length, k, builder.add(top, number(k)))
            for k in range(self.depth)
        ]
        if self.structure is Structure.DEQUE:
            size = builder.add(cells.capacity, number(1))
            end = builder.add(top, length)
            for k in range(self.depth):
                # From one size further on: top + length may be less than k + 1.
                place = builder.add(end, builder.sub(size, number(k + 1)))
                past = builder.icmp_unsigned(">=", place, size)
                place = builder.select(past, builder.sub(place, size), place)
                read.append(self._read(builder, cells, length, k, place))
        return read

    def _read(
        self, builder: ir.IRBuilder, cells: Cells, length: Value, k: int, place: Value
    ) -> Value:
        """The k-th cell of an end, at a place before it is wrapped."""
        there = builder.icmp_unsigned("<", number(k), length)
        place = _wrapped(builder, cells, place)
        if k > 0:  # where there is no such cell, the place of the first is still in the ring
            place = builder.select(there, place, number(0))
        return builder.select(there, cells.load(builder, place), number(0))

    def copy(
        self,
        builder: ir.IRBuilder,
        cells: Cells,
        registers: Registers,
        larger: Cells,
        loop: Callable[[ir.IRBuilder, Value, Callable[[Value], None]], None],
    ) -> Registers:
        top, length = registers

        def copy(i: Value) -> None:
            place = _wrapped(builder, cells, builder.add(top, i))
            larger.store(builder, i, cells.load(builder, place))

        loop(builder, length, copy)
        return number(0), length

    def length(self, registers: Registers) -> Value:
        return registers[1]


def _nothing() -> None:
    pass


def _less_popped(builder: ir.IRBuilder, length: Value, word: Value) -> Value:
    """The length after what is popped."""
    there = builder.zext(builder.icmp_unsigned("!=", length, number(0)), I64)
    return builder.sub(length, builder.and_(builder.zext(word, I64), there))


def _pushed(builder: ir.IRBuilder, word: Value) -> Value:
    """1 where something is pushed, else 0, an i64."""
    bit = builder.lshr(word, ir.Constant(I32, 1))
    return builder.zext(builder.and_(bit, ir.Constant(I32, 1)), I64)


def _cell(builder: ir.IRBuilder, word: Value) -> Value:
    return builder.lshr(word, ir.Constant(I32, _VALUE_SHIFT))


def _wrapped(builder: ir.IRBuilder, cells: Cells, place: Value) -> Value:
    """A place of less than twice the ring's size in the ring of capacity + 1 cells."""
    past = builder.icmp_unsigned(">", place, cells.capacity)
    inside = builder.sub(builder.sub(place, cells.capacity), number(1))
    return builder.select(past, inside, place)


def _wrapped_below(builder: ir.IRBuilder, cells: Cells, place: Value) -> Value:
    """A place that may be -1, in the ring."""
    before = builder.icmp_signed("<", place, number(0))
    return builder.select(before, cells.capacity, place)
