"""Formulas as z3 terms, and the instances of what holds everywhere that an obligation needs.

Every obligation is free of quantifiers: what a specification or an invariant says of a range is
used only at addresses and indices that the obligation mentions (docs/proofs.md, "Instances").
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import z3

from hardmax.prover.gates import Integer
from hardmax.prover.specifications.formulas import (
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
)
from hardmax.prover.specifications.specification import SIZE, Specification
from hardmax.runtime.errors import HardmaxError


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


def within(value: Integer, size: Integer) -> z3.BoolRef:
    """Whether a value is one of 0..M-1."""
    return z3.And(value >= 0, value < size)
