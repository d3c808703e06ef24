"""Which rows a run can reach: an abstract interpretation from the all-zero start.

For every row that is reached the analysis keeps, per register, the set of classes
(:class:`hardmax.runtime.nram.passes.value_classes.ValueClass`) that its value may have at the start
of the timestep. A circuit maps these to the classes of the new registers, and so to the zero-bits
of the possible next rows; this is repeated until nothing new is found. The result is sound: no run,
on any memory of any size, visits a row or takes a step that is not listed. It is not complete.

Inside a circuit values are related: if r1 takes DEC(r2) and r3 keeps r2, both cannot be 0 unless
M = 1. So the classes of values that depend on each other are kept together as tuples (a
:class:`_Relation`), and values that have nothing in common apart. Across timesteps registers are
related through the row only.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from hardmax.runtime.nram.gates import GATES, Gate
from hardmax.runtime.nram.passes.value_classes import (
    MEMORY_SIZES,
    MemorySizes,
    ValueClass,
    outcomes,
)
from hardmax.runtime.nram.program import Circuit, Operation, Program

Situation = tuple[int, int]
"""(state, bits): what the controller sees, and the address of a row."""

MAX_EFFORT = 10_000_000
"""Combinations of classes and steps looked at before the analysis gives up: minutes, and only where
R is large (a program with R = 12 whose 4096 rows are all reached takes some seconds)."""

_MAX_TUPLES = 1024
"""Size up to which relations are joined; larger ones are first taken apart, losing precision."""

_CLASS_BITS = len(ValueClass)
"""Bits of one register in an entry."""

Entry = int
"""What is known of the registers at the start of a row: bit c of a register's bits is set iff it
may have class c. One integer, so that joining two is ``|``."""


@dataclass(frozen=True)
class Reachability:
    """What any run can do.

    Attributes:
        successors: for each reachable row (state, bits), in order, the bits of the rows that can
            follow it, in order and all in the row's next state; none for a halting row.
        entries: for each reachable row and each of the groups of memory sizes in which it is
            reached, the classes that the registers may have at its start.
        missing: the (state, bits) without a row that the analysis cannot exclude; a run that gets
            there ends.
        complete: whether the analysis came to its end, and did not give up.
    """

    successors: Mapping[Situation, Collection[int]]
    entries: Mapping[Situation, Mapping[MemorySizes, Entry]]
    missing: Collection[Situation]
    complete: bool = True


def reachability(
    program: Program,
    memory_sizes: Sequence[MemorySizes] = MEMORY_SIZES,
    max_effort: int = MAX_EFFORT,
) -> Reachability:
    """The rows that a run on any memory of the given sizes can reach, and their successors.

    Args:
        program: the program.
        memory_sizes: the groups of memory sizes in question, by default every M >= 1.
        max_effort: combinations of classes and steps looked at before the analysis gives up and
            answers that every row may be reached from every other.
    """
    found: dict[Situation, set[int]] = {}
    entries: dict[Situation, dict[MemorySizes, Entry]] = {}
    missing: set[Situation] = set()
    budget = max_effort
    for sizes in memory_sizes:
        budget, reached = _explore(program, sizes, found, missing, budget)
        if budget < 0:
            return _anything(program, memory_sizes)
        for situation, entry in reached.items():
            entries.setdefault(situation, {})[sizes] = entry
    return Reachability(
        {situation: tuple(sorted(found[situation])) for situation in sorted(found)},
        entries,
        sorted(missing),
    )


def _anything(program: Program, memory_sizes: Sequence[MemorySizes]) -> Reachability:
    """The sound answer that costs nothing: whatever row there is."""
    rows = [
        tuple(bits for bits, row in enumerate(table) if row is not None) for table in program.table
    ]
    return Reachability(
        {
            (state, bits): () if row.circuit.halt else rows[row.next_state]
            for state, bits, row in program.rows()
        },
        {
            (state, bits): {
                sizes: _entry_of(bits, program.registers, sizes) for sizes in memory_sizes
            }
            for state, bits, _ in program.rows()
        },
        [
            (state, bits)
            for state, rows in enumerate(program.table)
            for bits, row in enumerate(rows)
            if row is None
        ],
        complete=False,
    )


def _entry_of(bits: int, registers: int, sizes: MemorySizes) -> Entry:
    """The entry that says no more than the zero-bits."""
    return sum(
        1 << (register * _CLASS_BITS + cls)
        for register in range(registers)
        for cls in sizes.classes()
        if (cls is ValueClass.ZERO) == bool(bits >> register & 1)
    )


def _explore(
    program: Program,
    sizes: MemorySizes,
    found: dict[Situation, set[int]],
    missing: set[Situation],
    budget: int,
) -> tuple[int, dict[Situation, Entry]]:
    """Add to ``found`` and ``missing`` what runs on memories of these sizes can do.

    Returns:
        what budget is left, and the entry of every row that was reached.
    """
    start = (0, program.start_bits)
    entries = {start: _pack(dict.fromkeys(range(program.registers), ValueClass.ZERO))}
    pending = dict.fromkeys([start])
    while pending and budget >= 0:
        situation, _ = pending.popitem()
        budget -= 1
        state, bits = situation
        row = program.table[state][bits]
        successors = found.setdefault(situation, set())
        if row is None or row.circuit.halt:
            continue
        effort, steps = _counted_steps(row.circuit, entries[situation], sizes)
        budget -= effort
        for next_bits, entry in steps if budget >= 0 else ():
            budget -= 1
            successor = (row.next_state, next_bits)
            if program.table[row.next_state][next_bits] is None:
                missing.add(successor)
                continue
            successors.add(next_bits)
            known = entries.get(successor, 0)
            if known | entry != known:
                entries[successor] = known | entry
                pending[successor] = None
            if budget < 0:
                break
    return budget, entries


def classes_of_values(
    circuit: Circuit, entry: Entry, sizes: MemorySizes
) -> tuple[frozenset[ValueClass], ...]:
    """For each value of a circuit, registers first, the classes that it may have in a timestep.

    Args:
        entry: what is known of the registers at the start of the timestep.
        sizes: the memory sizes in question.
    """
    registers = len(circuit.outputs)
    _, *steps = _relations(circuit, entry, sizes, _values_used_later(circuit))
    return (
        *(frozenset(_unpack(entry, register)) for register in range(registers)),
        *(frozenset(combination[-1] for combination in relation.tuples) for relation, _ in steps),
    )


def _pack(classes: Mapping[int, ValueClass]) -> Entry:
    """The entry in which the given registers have the given classes."""
    return sum(1 << (register * _CLASS_BITS + cls) for register, cls in classes.items())


@dataclass(frozen=True)
class _Relation:
    """Values that depend on each other and the combinations of classes they can have together."""

    values: tuple[int, ...]
    tuples: frozenset[tuple[ValueClass, ...]]

    def project(self, values: Collection[int]) -> _Relation:
        """Forget all but the given values."""
        kept = [i for i, value in enumerate(self.values) if value in values]
        if len(kept) == len(self.values):
            return self
        return _Relation(
            tuple(self.values[i] for i in kept),
            frozenset(tuple(combination[i] for i in kept) for combination in self.tuples),
        )

    def join(self, other: _Relation) -> _Relation:
        """Keep the values of two relations that have none in common together."""
        return _Relation(
            self.values + other.values,
            frozenset(a + b for a, b in itertools.product(self.tuples, other.tuples)),
        )

    def extend(
        self, gate: Gate, operands: tuple[int, ...], value: int, sizes: MemorySizes
    ) -> _Relation:
        """Add the value of a gate whose operands are all among the values."""
        distinct = tuple(dict.fromkeys(operands))
        table = outcomes(gate, sizes, len(distinct) < len(operands))
        columns = [self.values.index(operand) for operand in distinct]
        return _Relation(
            (*self.values, value),
            frozenset(
                (*combination, cls)
                for combination in self.tuples
                for cls in table[tuple(combination[column] for column in columns)]
            ),
        )


def _steps(circuit: Circuit, entry: Entry, sizes: MemorySizes) -> Iterator[tuple[int, Entry]]:
    """Yield (bits, entry) of every row that the circuit can lead to."""
    _, steps = _counted_steps(circuit, entry, sizes)
    return steps


def _counted_steps(
    circuit: Circuit, entry: Entry, sizes: MemorySizes
) -> tuple[int, Iterator[tuple[int, Entry]]]:
    """As :func:`_steps`, and how many combinations of classes were looked at for them."""
    effort = 0
    relations: Sequence[_Relation] = ()
    for extended, related in _relations(circuit, entry, sizes, _needed_values(circuit)):
        effort += 1 + len(extended.tuples)
        relations = related
    choices = [_register_choices(circuit, relation).items() for relation in relations]
    steps = (
        (sum(bits for bits, _ in choice), sum(classes for _, classes in choice))
        for choice in itertools.product(*choices)
    )
    return effort, steps


def _register_choices(circuit: Circuit, relation: _Relation) -> dict[int, int]:
    """The zero-bits that a relation can give the registers that take its values.

    Returns:
        for each pattern of zero-bits the part of the entry that goes with it.
    """
    registers = {
        register: relation.values.index(value)
        for register, value in enumerate(circuit.outputs)
        if value in relation.values
    }
    choices: dict[int, int] = {}
    for combination in relation.tuples:
        classes = {register: combination[column] for register, column in registers.items()}
        bits = sum(1 << register for register, cls in classes.items() if cls is ValueClass.ZERO)
        choices[bits] = choices.get(bits, 0) | _pack(classes)
    return choices


def _relations(
    circuit: Circuit, entry: Entry, sizes: MemorySizes, needed: Sequence[frozenset[int]]
) -> Iterator[tuple[_Relation, Sequence[_Relation]]]:
    """Run a circuit on classes, operation by operation.

    Args:
        needed: for i = 0 .. operations, the values that are of use after i operations.

    Yields:
        at the start and after every needed operation: the relation that holds its value last, and
        all relations among values that are of use from there on.
    """
    registers = len(circuit.outputs)
    relations = [
        _Relation((register,), frozenset((cls,) for cls in _unpack(entry, register)))
        for register in range(registers)
        if register in needed[0]
    ]
    yield _Relation((), frozenset()), relations
    for i, operation in enumerate(circuit.operations):
        value = registers + i
        if value not in needed[i + 1]:
            continue
        operands = _deciding_operands(operation)
        related, apart = _gather(relations, operands)
        extended = related.extend(operation.gate, operands, value, sizes)
        relations = [
            projected
            for relation in (*apart, extended)
            if (projected := relation.project(needed[i + 1])).values
        ]
        yield extended, relations


def _unpack(entry: Entry, register: int) -> Iterator[ValueClass]:
    """The classes that a register may have."""
    return (cls for cls in ValueClass if entry >> (register * _CLASS_BITS + cls) & 1)


def _deciding_operands(operation: Operation) -> tuple[int, ...]:
    """The operands that the class of the operation's value depends on."""
    return () if GATES[operation.gate].meaning is None else operation.operands


def _needed_values(circuit: Circuit) -> list[frozenset[int]]:
    """For i = 0 .. operations: the values that the registers' new values need after i operations.

    An operation is followed back only where its own value is needed.
    """
    needed = [frozenset(circuit.outputs)]
    for value, operation in reversed(
        list(enumerate(circuit.operations, start=len(circuit.outputs)))
    ):
        after = needed[-1]
        if value in after:
            after = (after - {value}).union(_deciding_operands(operation))
        needed.append(after)
    return needed[::-1]


def _values_used_later(circuit: Circuit) -> list[frozenset[int]]:
    """For i = 0 .. operations: what is used after i operations, and the value just computed."""
    used = [frozenset(circuit.outputs)]
    for operation in reversed(circuit.operations):
        used.append(used[-1].union(operation.operands))
    used.reverse()
    registers = len(circuit.outputs)
    return [used[0], *(later | {registers + i} for i, later in enumerate(used[1:]))]


def _gather(
    relations: Sequence[_Relation], values: tuple[int, ...]
) -> tuple[_Relation, list[_Relation]]:
    """Join the relations that hold the given values; return the result and the other relations."""
    related = [relation for relation in relations if not set(values).isdisjoint(relation.values)]
    apart = [relation for relation in relations if set(values).isdisjoint(relation.values)]
    if math.prod(len(relation.tuples) for relation in related) > _MAX_TUPLES:
        alone = [relation.project((value,)) for relation in related for value in relation.values]
        apart += [relation for relation in alone if relation.values[0] not in values]
        related = [relation for relation in alone if relation.values[0] in values]
    return functools.reduce(_Relation.join, related, _Relation((), frozenset({()}))), apart


Known = tuple[int, ...]
"""What is known of the registers along one sequence of circuits: an entry for each group of
MEMORY_SIZES, 0 where no memory of these sizes makes a run take that sequence."""


def known_at_start(registers: int) -> Known:
    """All registers are 0, whatever the memory."""
    start = _pack(dict.fromkeys(range(registers), ValueClass.ZERO))
    return (start,) * len(MEMORY_SIZES)


def following(circuit: Circuit, known: Known) -> dict[int, Known]:
    """The zero-bits that a run can have after a circuit, in order, and what is then known."""
    found: dict[int, list[int]] = {}
    for group, (entry, sizes) in enumerate(zip(known, MEMORY_SIZES, strict=True)):
        for bits, next_entry in _steps(circuit, entry, sizes) if entry else ():
            found.setdefault(bits, [0] * len(known))[group] |= next_entry
    return {bits: tuple(found[bits]) for bits in sorted(found)}
