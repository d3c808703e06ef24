"""Which rows a run can reach: an abstract interpretation from the all-zero start.

For every row that is reached the analysis keeps, per register, the set of classes
(:class:`runtime.passes.value_classes.ValueClass`) that its value may have at the start of the
timestep. A circuit maps these to the classes of the new registers, and so to the zero-bits of the
possible next rows; this is repeated until nothing new is found. The result is sound: no run, on
any memory of any size, visits a row or takes a step that is not listed. It is not complete.

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

from runtime.gates import GATES, Gate
from runtime.passes.value_classes import MEMORY_SIZES, MemorySizes, ValueClass, outcomes
from runtime.program import Circuit, Operation, Program

Situation = tuple[int, int]
"""(state, bits): what the controller sees, and the address of a row."""

MAX_EFFORT = 1_000_000
"""Rows visited and steps looked at before the analysis gives up: minutes, and only where R is
large (a program with R = 12 whose 4096 rows are all reached takes some seconds)."""

_MAX_TUPLES = 1024
"""Size up to which relations are joined; larger ones are first taken apart, losing precision."""

_CLASS_BITS = len(ValueClass)
"""Bits of one register in an entry: bit c is set iff the register may have class c."""


@dataclass(frozen=True)
class Reachability:
    """What any run can do.

    Attributes:
        successors: for each reachable row (state, bits), in order, the bits of the rows that can
            follow it, in order and all in the row's next state; none for a halting row.
    """

    successors: Mapping[Situation, Collection[int]]


def reachability(program: Program, max_effort: int = MAX_EFFORT) -> Reachability:
    """The rows that a run on any memory of any size M >= 1 can reach, and their successors.

    A row that is None is taken at its word: it is not reached.

    Args:
        program: the program.
        max_effort: rows visited and steps looked at before the analysis gives up and answers that
            every row may be reached from every other.
    """
    found: dict[Situation, set[int]] = {}
    budget = max_effort
    for sizes in MEMORY_SIZES:
        budget = _explore(program, sizes, found, budget)
        if budget < 0:
            return _anything(program)
    return Reachability({situation: tuple(sorted(found[situation])) for situation in sorted(found)})


def _anything(program: Program) -> Reachability:
    """The sound answer that costs nothing: whatever row there is."""
    rows = [
        tuple(bits for bits, row in enumerate(table) if row is not None) for table in program.table
    ]
    return Reachability(
        {
            (state, bits): () if row.circuit.halt else rows[row.next_state]
            for state, bits, row in program.rows()
        }
    )


def _explore(
    program: Program, sizes: MemorySizes, found: dict[Situation, set[int]], budget: int
) -> int:
    """Add to ``found`` what runs on memories of these sizes can do; return what budget is left.

    An entry is one integer, ``_CLASS_BITS`` bits a register, so that joining two is ``|``.
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
        for next_bits, entry in _steps(row.circuit, entries[situation], sizes):
            budget -= 1
            if program.table[row.next_state][next_bits] is None:
                continue
            successors.add(next_bits)
            successor = (row.next_state, next_bits)
            known = entries.get(successor, 0)
            if known | entry != known:
                entries[successor] = known | entry
                pending[successor] = None
            if budget < 0:
                break
    return budget


def _pack(classes: Mapping[int, ValueClass]) -> int:
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


def _steps(circuit: Circuit, entry: int, sizes: MemorySizes) -> Iterator[tuple[int, int]]:
    """Yield (bits, entry) of every row that the circuit can lead to."""
    choices = [
        _register_choices(circuit, relation).items()
        for relation in _related_outputs(circuit, entry, sizes)
    ]
    for choice in itertools.product(*choices):
        yield sum(bits for bits, _ in choice), sum(classes for _, classes in choice)


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


def _related_outputs(circuit: Circuit, entry: int, sizes: MemorySizes) -> Sequence[_Relation]:
    """Run a circuit on classes; return the relations among the values that the registers take."""
    registers = len(circuit.outputs)
    needed = _needed_values(circuit)
    relations = [
        _Relation((register,), frozenset((cls,) for cls in _unpack(entry, register)))
        for register in range(registers)
        if register in needed[0]
    ]
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
    return relations


def _unpack(entry: int, register: int) -> Iterator[ValueClass]:
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
