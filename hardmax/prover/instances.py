"""What of all that is known in a range an obligation needs: instances at what it mentions.

docs/proofs.md, "Instances". Most of an obligation's are another's, too, so they are made once.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Generic, TypeVar

import z3

from hardmax.prover.gates import Integer
from hardmax.prover.specifications.formulas import (
    CELLS,
    Application,
    Arithmetic,
    Choice,
    Comparison,
    Every,
    Formula,
    Junction,
    Name,
    Not,
    Term,
    names_of,
)
from hardmax.prover.specifications.specification import INDEX, Recurrence
from hardmax.prover.symbols import Everywhere, Symbols, within

FIRST_CELLS = 3
"""What holds of every cell is always used at the first three."""

_VARIABLES = z3.Ints("outer inner")
"""In place of what a pattern of instances is made of."""

Made = TypeVar("Made")


class Memo(Generic[Made]):
    """What was made of terms, by their numbers in z3.

    It keeps the terms: z3 gives the number of one that is gone to another.
    """

    def __init__(self) -> None:
        self._made: dict[tuple[int, ...], tuple[Sequence[z3.ExprRef], Made]] = {}

    def of(self, terms: Sequence[z3.ExprRef], make: Callable[[], Made]) -> Made:
        """What was made of these terms before, or else what is made now."""
        numbers = tuple(term.get_id() for term in terms)
        if numbers not in self._made:
            self._made[numbers] = terms, make()
        return self._made[numbers][1]


Numbered = dict[int, Integer]
"""Terms, each once, by their numbers in z3."""


@dataclass(frozen=True)
class Mentions:
    """Arguments of memories and of sequences, simplified, and the cells."""

    addresses: Numbered = field(default_factory=dict)
    indices: Numbered = field(default_factory=dict)
    cells: Numbered = field(default_factory=dict)

    def add(self, other: Mentions) -> None:
        """Take in what something else mentions."""
        self.addresses.update(other.addresses)
        self.indices.update(other.indices)
        self.cells.update(other.cells)


class Instances:
    """Makes the instances of one specification's obligations."""

    def __init__(self, symbols: Symbols) -> None:
        self.symbols = symbols
        self.size = symbols.size
        self._first_cells = _numbered(map(z3.IntVal, range(FIRST_CELLS)))
        self._mentions: Memo[Mentions] = Memo()
        self._steps: Memo[list[z3.BoolRef]] = Memo()
        self._instances: Memo[z3.BoolRef] = Memo()
        self._bounds: Memo[z3.BoolRef] = Memo()

    def facts(
        self, mentioned: Iterable[z3.ExprRef], everywhere: Iterable[Everywhere]
    ) -> list[z3.BoolRef]:
        """What holds of the addresses and indices that terms mention."""
        universal = [*self.symbols.everywhere, *everywhere]
        found = Mentions(dict(self._first_cells))
        self._collect(mentioned, found)
        made: list[z3.BoolRef] = [self._start(r) for r in self.symbols.specification.recurrences]
        self._collect(made, found)
        before = _numbered(z3.simplify(index - 1) for index in found.indices.values())
        for index in (found.indices | before).values():
            made += self._steps.of([index], partial(self._unfolded, index))
        self._collect(made, found)
        over = [statement for statement in universal if over_indices(statement.every)]
        addresses = list(found.addresses.values())
        for statement in universal:
            if statement not in over:
                made += self._at(statement, addresses)
        self._collect(made, found)
        new: list[z3.BoolRef] = []
        indices = list(found.indices.values())
        for statement in over:
            new += self._at(statement, indices)
        self._collect(new, found)
        return [*made, *new, *map(self._bounded, found.cells.values())]

    def _start(self, recurrence: Recurrence) -> z3.BoolRef:
        """Where a sequence starts."""
        start = self.symbols.scope.term(self.symbols.specification.term(recurrence.start))
        return self.symbols.sequences[recurrence.name](z3.IntVal(0)) == start

    def _unfolded(self, index: Integer) -> list[z3.BoolRef]:
        """How every sequence goes on from an index."""
        steps = []
        for recurrence in self.symbols.specification.recurrences:
            scope = self.symbols.scope.binding(INDEX, index)
            step = scope.term(self.symbols.specification.term(recurrence.step))
            following = self.symbols.sequences[recurrence.name](z3.simplify(index + 1))
            steps.append(z3.Implies(index >= 0, following == step))
        return steps

    def _collect(self, terms: Iterable[z3.ExprRef], found: Mentions) -> None:
        """Find what terms mention."""
        for term in terms:
            found.add(self._mentions.of([term], partial(_mentions, term)))

    def _at(self, statement: Everywhere, values: Sequence[Integer]) -> Iterator[z3.BoolRef]:
        """What a statement says of each value, or of each pair if it is of a range in a range."""
        variables = _VARIABLES if isinstance(statement.every.body, Every) else _VARIABLES[:1]
        instance = statement.scope.instance(statement.every, *variables)
        pattern = z3.Implies(statement.switch, instance)
        for chosen in itertools.product(values, repeat=len(variables)):
            made = self._instances.of(
                [pattern, *chosen], partial(_instance, pattern, variables, chosen)
            )
            if not z3.is_true(made):
                yield made

    def _bounded(self, cell: Integer) -> z3.BoolRef:
        """A cell of the memory holds 0..M-1."""
        size = self.size
        return self._bounds.of(
            [cell], lambda: z3.Implies(within(cell.arg(0), size), within(cell, size))
        )


def _instance(
    pattern: z3.BoolRef, variables: Sequence[Integer], values: Sequence[Integer]
) -> z3.BoolRef:
    return z3.simplify(z3.substitute(pattern, *zip(variables, values, strict=True)))


def _mentions(term: z3.ExprRef) -> Mentions:
    """What a term mentions, with all that is in it."""
    addresses: list[Integer] = []
    indices: list[Integer] = []
    cells: list[Integer] = []
    visited: set[int] = set()
    pending = [term]
    while pending:
        term = pending.pop()
        if term.get_id() in visited:
            continue
        visited.add(term.get_id())
        children = term.children()
        pending += children
        if len(children) == 1 and term.decl().kind() == z3.Z3_OP_UNINTERPRETED:
            of_memory = term.decl().name() in CELLS
            (addresses if of_memory else indices).append(z3.simplify(children[0]))
            if of_memory:
                cells.append(term)
    return Mentions(*map(_numbered, (addresses, indices, cells)))


def _numbered(terms: Iterable[Integer]) -> Numbered:
    return {term.get_id(): term for term in terms}


def over_indices(every: Every) -> bool:
    """Whether a range is one of indices: its variable is an argument of sequences, not of cells."""
    arguments = list(_arguments(every.body))
    is_address = any(f in CELLS and a == Name(every.variable) for f, a in arguments)
    is_index = any(f not in CELLS and every.variable in names_of(a) for f, a in arguments)
    return is_index and not is_address


def _arguments(node: Term | Formula) -> Iterator[tuple[str, Term]]:
    """Everything that is applied, with what it is applied to."""
    match node:
        case Application(function, argument):
            yield function, argument
            yield from _arguments(argument)
        case Arithmetic(_, left, right) | Comparison(_, left, right):
            yield from itertools.chain(_arguments(left), _arguments(right))
        case Choice(condition, yes, no):
            yield from itertools.chain(*map(_arguments, (condition, yes, no)))
        case Not(inner):
            yield from _arguments(inner)
        case Junction(_, formulas):
            yield from itertools.chain(*map(_arguments, formulas))
        case Every(_, low, high, body):
            yield from itertools.chain(*map(_arguments, (low, high, body)))
