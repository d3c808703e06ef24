"""What it means that a program is right: a task's inputs and its definition, as data.

A specification says for every memory, of every size M, whether it is an input of the task and what
the output cells hold at the end. It is read by the prover, by the checker and, as plain Python, by
the tests that hold it against the task's sampler and definition.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from random import Random
from typing import Any

from hardmax.prover.specifications.formulas import (
    Application,
    Arithmetic,
    Choice,
    Comparison,
    Every,
    Formula,
    Junction,
    Not,
    Term,
    Values,
    holds,
    parse_formula,
    parse_term,
    substitute,
    value_of,
)

SIZE = "M"
"""The name of the memory size in every formula."""

OUTPUT = "output"
"""``output(c)``: what cell c, an output, holds at the end."""

INDEX, CELL = "i", "c"
"""The variables in which sequences and the definition are written."""


@dataclass(frozen=True)
class Parameter:
    """A number that belongs to an input.

    ``value`` says what it is in terms of the memory and of the parameters before it; where it is
    empty, the parameter is a number 0..M with which the preconditions hold.
    """

    name: str
    value: str = ""


@dataclass(frozen=True)
class Recurrence:
    """A ghost sequence: ``name(0) = start`` and ``name(i + 1) = step``, a term over i."""

    name: str
    start: str
    step: str


@dataclass(frozen=True)
class Abbreviation:
    """``name(i)`` stands for a term over i."""

    name: str
    body: str


@dataclass(frozen=True)
class Specification:
    """A task for every input of every length.

    Besides what is written here, an input's cells all hold 0..M-1.

    Attributes:
        task: its name.
        parameters: the numbers that belong to an input.
        preconditions: what holds of an input; formulas over M, the parameters, m0 and sequences.
        first, end: outputs are numbered first..end-1; terms over the parameters and m0.
        output: what output c holds at the end; a term over c.
        cell: the cell that output c is in, each another; a term over c. A number is its own cell
            where nothing else is said.
        recurrences, abbreviations: the sequences used in the others.
        lemmas: ``all(... for i in range(0, ...))``, consequences of the rest that need induction
            on i. They are proved before they are used.
        draw: a random input, small, whatever is unspecified drawn too.
    """

    task: str
    parameters: tuple[Parameter, ...]
    preconditions: tuple[str, ...]
    first: str
    end: str
    output: str
    recurrences: tuple[Recurrence, ...] = ()
    abbreviations: tuple[Abbreviation, ...] = ()
    lemmas: tuple[str, ...] = ()
    cell: str = CELL
    draw: Callable[[Random], list[int]] = field(kw_only=True, compare=False, repr=False)

    def term(self, text: str) -> Term:
        """Read a term and write out its abbreviations."""
        return _unfolded_term(self, text)

    def formula(self, text: str) -> Formula:
        """Read a formula and write out its abbreviations."""
        return _unfolded_formula(self, text)

    def assumptions(self) -> list[Formula]:
        """The preconditions, and the equations that define parameters."""
        equations = [
            self.formula(f"{parameter.name} == {parameter.value}")
            for parameter in self.parameters
            if parameter.value
        ]
        return [*equations, *map(self.formula, self.preconditions)]

    @property
    def postcondition(self) -> str:
        """What holds at the end: a formula."""
        numbers = f"range({self.first}, {self.end})"
        return f"all(mem[{self.cell}] == {OUTPUT}({CELL}) for {CELL} in {numbers})"

    def values(self, parameters: Mapping[str, int], memory: Sequence[int]) -> Values:
        """What the names and functions of this specification stand for on one memory."""
        size = len(memory)

        def cell(address: int) -> int:
            if not 0 <= address < size:
                raise IndexError(address)
            return memory[address]

        functions: dict[str, Callable[[int], int]] = {"m0": cell}
        values = Values({**parameters, SIZE: size}, functions)
        for recurrence in self.recurrences:
            functions[recurrence.name] = self._sequence(recurrence, values)
        return values

    def parameters_of(self, memory: Sequence[int]) -> dict[str, int] | None:
        """The parameters of an input; None where the memory is no input of the task."""
        size = len(memory)
        if not all(0 <= value < size for value in memory):
            return None
        conditions = [self.formula(text) for text in self.preconditions]
        for parameters in self._possible(memory):
            values = self.values(parameters, memory)
            try:
                if all(holds(condition, values) for condition in conditions):
                    return parameters
            except IndexError:
                continue
        return None

    def answer(self, memory: Sequence[int]) -> dict[int, int] | None:
        """{output cell: its value at the end}; None where the memory is no input."""
        parameters = self.parameters_of(memory)
        if parameters is None:
            return None
        values = self.values(parameters, memory)
        first, end = (value_of(self.term(text), values) for text in (self.first, self.end))
        scopes = [
            Values({**values.integers, CELL: number}, values.functions)
            for number in range(first, end)
        ]
        cell, output = self.term(self.cell), self.term(self.output)
        return {value_of(cell, scope): value_of(output, scope) for scope in scopes}

    def to_data(self) -> dict[str, Any]:
        """The specification as part of a certificate."""
        return {
            "parameters": {p.name: p.value for p in self.parameters},
            "preconditions": list(self.preconditions),
            "outputs": {
                "first": self.first,
                "end": self.end,
                f"value of cell {self.cell}": self.output,
            },
            "sequences": {r.name: {"start": r.start, "step": r.step} for r in self.recurrences},
            "abbreviations": {a.name: a.body for a in self.abbreviations},
            "lemmas": list(self.lemmas),
        }

    def _possible(self, memory: Sequence[int]) -> Iterator[dict[str, int]]:
        """Every choice of the parameters that are searched for, the others computed."""
        size = len(memory)
        searched = [parameter.name for parameter in self.parameters if not parameter.value]
        for numbers in itertools.product(range(size + 1), repeat=len(searched)):
            parameters = dict(zip(searched, numbers, strict=True))
            try:
                for parameter in self.parameters:
                    if parameter.value:
                        values = self.values(parameters, memory)
                        parameters[parameter.name] = value_of(self.term(parameter.value), values)
            except IndexError:
                continue
            yield parameters

    def _sequence(self, recurrence: Recurrence, values: Values) -> Callable[[int], int]:
        start, step = self.term(recurrence.start), self.term(recurrence.step)
        known: list[int] = []

        def sequence(index: int) -> int:
            if index < 0:
                raise IndexError(index)
            if not known:
                known.append(value_of(start, values))
            while len(known) <= index:
                integers = {**values.integers, INDEX: len(known) - 1}
                known.append(value_of(step, Values(integers, values.functions)))
            return known[index]

        return sequence

    def _body(self, name: str) -> tuple[str, Term] | None:
        """The variable and the term that an applied name abbreviates."""
        if name == OUTPUT:
            return CELL, parse_term(self.output)
        for abbreviation in self.abbreviations:
            if abbreviation.name == name:
                return INDEX, parse_term(abbreviation.body)
        return None

    def unfold(self, term: Term) -> Term:
        """The term with its abbreviations written out."""
        match term:
            case Application(function, argument):
                inner = self.unfold(argument)
                body = self._body(function)
                if body is None:
                    return Application(function, inner)
                variable, meaning = body
                return substitute(self.unfold(meaning), variable, inner)
            case Arithmetic(operator, left, right):
                return Arithmetic(operator, self.unfold(left), self.unfold(right))
            case Choice(condition, yes, no):
                return Choice(self.unfold_in(condition), self.unfold(yes), self.unfold(no))
            case _:
                return term

    def unfold_in(self, formula: Formula) -> Formula:
        """The formula with its abbreviations written out."""
        match formula:
            case Comparison(operator, left, right):
                return Comparison(operator, self.unfold(left), self.unfold(right))
            case Not(inner):
                return Not(self.unfold_in(inner))
            case Junction(operator, formulas):
                return Junction(operator, tuple(self.unfold_in(part) for part in formulas))
            case Every(variable, low, high, body):
                return Every(variable, self.unfold(low), self.unfold(high), self.unfold_in(body))


@lru_cache(maxsize=1024)
def _unfolded_term(specification: Specification, text: str) -> Term:
    return specification.unfold(parse_term(text))


@lru_cache(maxsize=1024)
def _unfolded_formula(specification: Specification, text: str) -> Formula:
    return specification.unfold_in(parse_formula(text))
