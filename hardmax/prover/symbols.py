"""Formulas as z3 terms, and the instances of what holds everywhere that an obligation needs.

Every obligation is free of quantifiers: what a specification or an invariant says of a range is
used only at addresses and indices that the obligation mentions (docs/proofs.md, "Instances").
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

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
    Number,
    Term,
    names_of,
)
from hardmax.prover.specifications.specification import INDEX, SIZE, Recurrence, Specification
from hardmax.runtime.errors import HardmaxError

FIRST_CELLS = 3
"""What holds of every cell is always used at the first three."""


@dataclass(frozen=True)
class Scope:
    """What names and functions stand for."""

    names: Mapping[str, Integer]
    functions: Mapping[str, Callable[[Integer], Integer]]

    def binding(self, name: str, value: Integer) -> Scope:
        """The scope with one more name."""
        return Scope({**self.names, name: value}, self.functions)

    def term(self, term: Term) -> Integer:
        """A term of sort Int."""
        match term:
            case Number(value):
                return z3.IntVal(value)
            case Name(name):
                return self.names[name]
            case Application(function, argument):
                return self.functions[function](z3.simplify(self.term(argument)))
            case Arithmetic(operator, left, right):
                a, b = self.term(left), self.term(right)
                return a + b if operator == "+" else a - b if operator == "-" else a * b
            case Choice(condition, yes, no):
                return z3.If(self.formula(condition), self.term(yes), self.term(no))

    def formula(self, formula: Formula) -> z3.BoolRef:
        """A formula without ranges, of sort Bool."""
        match formula:
            case Comparison(operator, left, right):
                return _compare(operator, self.term(left), self.term(right))
            case Not(inner):
                return z3.Not(self.formula(inner))
            case Junction("and", formulas):
                return z3.And(*map(self.formula, formulas))
            case Junction(_, formulas):
                return z3.Or(*map(self.formula, formulas))
            case Every():
                raise AssertionError("no specification has a range inside a formula")

    def instance(self, every: Every, value: Integer, *inner: Integer) -> z3.BoolRef:
        """What a formula over a range says of one value; ``inner`` are those of ranges within."""
        low, high = self.term(every.low), self.term(every.high)
        scope = self.binding(every.variable, value)
        if isinstance(every.body, Every):
            body = scope.instance(every.body, *inner)
        else:
            body = scope.formula(every.body)
        return z3.Implies(z3.And(low <= value, value < high), body)


def _compare(operator: str, a: Integer, b: Integer) -> z3.BoolRef:
    match operator:
        case "==":
            return a == b
        case "!=":
            return a != b
        case "<":
            return a < b
        case "<=":
            return a <= b
        case ">":
            return a > b
        case _:
            return a >= b


@dataclass(frozen=True)
class Everywhere:
    """A formula over a range, where it holds, with the literal that switches it on."""

    every: Every
    scope: Scope
    switch: z3.BoolRef


class Symbols:
    """The names of one specification in z3, and what is known of them."""

    def __init__(self, specification: Specification) -> None:
        self.specification = specification
        integer = z3.IntSort()
        self.size: Integer = z3.Int(SIZE)
        self.at_start = z3.Function("m0", integer, integer)
        self.now = z3.Function("mem", integer, integer)
        self.sequences = {
            recurrence.name: z3.Function(recurrence.name, integer, integer)
            for recurrence in specification.recurrences
        }
        self.scope = Scope(
            {SIZE: self.size, **{p.name: z3.Int(p.name) for p in specification.parameters}},
            {"m0": self.at_start, **self.sequences},
        )
        true = z3.BoolVal(True)
        assumptions = specification.assumptions()
        self.assumed = [self.size >= 1]
        self.assumed += [self.scope.formula(f) for f in assumptions if not isinstance(f, Every)]
        self.lemmas = [self._lemma(text) for text in specification.lemmas]
        self.everywhere = [
            Everywhere(f, self.scope, true) for f in assumptions if isinstance(f, Every)
        ]

    def known_lemmas(self, count: int) -> list[Everywhere]:
        """The first lemmas, as known."""
        return [Everywhere(lemma, self.scope, z3.BoolVal(True)) for lemma in self.lemmas[:count]]

    def _lemma(self, text: str) -> Every:
        formula = self.specification.formula(text)
        if not isinstance(formula, Every):
            raise HardmaxError(f"expected a lemma of a range, found {text}")
        return formula

    def facts(
        self, mentioned: Iterable[z3.ExprRef], everywhere: Iterable[Everywhere]
    ) -> list[z3.BoolRef]:
        """What holds of the addresses and indices that terms mention."""
        universal = [*self.everywhere, *everywhere]
        visited: set[int] = set()
        arguments: dict[str, dict[int, Integer]] = {"cells": {}, "indices": {}}
        for address in range(FIRST_CELLS):
            _add(arguments["cells"], z3.IntVal(address))
        bounded: dict[int, Integer] = {}
        self._collect(mentioned, visited, arguments, bounded)
        made: list[z3.BoolRef] = [self._start(r) for r in self.specification.recurrences]
        self._collect(made, visited, arguments, bounded)
        mentioned_indices = list(arguments["indices"].values())
        before = [z3.simplify(index - 1) for index in mentioned_indices]
        for index in {i.get_id(): i for i in (*mentioned_indices, *before)}.values():
            made += self._steps(index)
        self._collect(made, visited, arguments, bounded)
        over = [statement for statement in universal if over_indices(statement.every)]
        cells = list(arguments["cells"].values())
        for statement in universal:
            if statement not in over:
                made += _instances(statement, cells)
        self._collect(made, visited, arguments, bounded)
        new: list[z3.BoolRef] = []
        for statement in over:
            new += _instances(statement, list(arguments["indices"].values()))
        self._collect(new, visited, arguments, bounded)
        made += new
        return made + [
            z3.Implies(within(cell.arg(0), self.size), within(cell, self.size))
            for cell in bounded.values()
        ]

    def _start(self, recurrence: Recurrence) -> z3.BoolRef:
        """Where a sequence starts."""
        start = self.scope.term(self.specification.term(recurrence.start))
        return self.sequences[recurrence.name](z3.IntVal(0)) == start

    def _steps(self, index: Integer) -> list[z3.BoolRef]:
        """How every sequence goes on from an index."""
        steps = []
        for recurrence in self.specification.recurrences:
            scope = self.scope.binding(INDEX, index)
            step = scope.term(self.specification.term(recurrence.step))
            following = self.sequences[recurrence.name](z3.simplify(index + 1))
            steps.append(z3.Implies(index >= 0, following == step))
        return steps

    def _collect(
        self,
        terms: Iterable[z3.ExprRef],
        visited: set[int],
        arguments: dict[str, dict[int, Integer]],
        bounded: dict[int, Integer],
    ) -> None:
        """Find the arguments of memories and sequences in terms, and the cells whose values are."""
        pending = list(terms)
        while pending:
            term = pending.pop()
            if term.get_id() in visited:
                continue
            visited.add(term.get_id())
            pending.extend(term.children())
            if term.num_args() == 1 and term.decl().kind() == z3.Z3_OP_UNINTERPRETED:
                if term.decl().name() in CELLS:
                    bounded[term.get_id()] = term
                    _add(arguments["cells"], term.arg(0))
                else:
                    _add(arguments["indices"], term.arg(0))


_VARIABLES = z3.Ints("outer inner")
"""In place of what a pattern of instances is made of."""


def _instances(statement: Everywhere, values: Sequence[Integer]) -> list[z3.BoolRef]:
    """What a statement says of each value, or of each pair where it is of a range in a range."""
    variables = _VARIABLES if isinstance(statement.every.body, Every) else _VARIABLES[:1]
    instance = statement.scope.instance(statement.every, *variables)
    pattern = z3.Implies(statement.switch, instance)
    made = (
        z3.simplify(z3.substitute(pattern, *zip(variables, chosen, strict=True)))
        for chosen in itertools.product(values, repeat=len(variables))
    )
    return [each for each in made if not z3.is_true(each)]


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


def _add(terms: dict[int, Integer], term: Integer) -> None:
    simple = z3.simplify(term)
    terms.setdefault(simple.get_id(), simple)


def within(value: Integer, size: Integer) -> z3.BoolRef:
    """Whether a value is one of 0..M-1."""
    return z3.And(value >= 0, value < size)
