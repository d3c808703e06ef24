"""An SMT-LIB script that grows: what is declared, what is known, and what formulas mean in text.

Names of formulas are Python identifiers; names made here contain ``!``, which no identifier does.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass

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
    names_of,
)
from hardmax.prover.specifications.specification import INDEX, SIZE, Specification
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.nram.gates import Gate

Text = str
"""An SMT-LIB term."""

MEMORIES = ("m0", "mem")
"""Functions from addresses to what cells hold; the other functions are sequences."""

GATES: dict[Gate, Text] = {
    Gate.ZERO: "0",
    Gate.ONE: "(ite (= M 1) 0 1)",
    Gate.TWO: "(ite (<= M 2) 0 2)",
    Gate.INC: "(ite (< (+ a 1) M) (+ a 1) 0)",
    Gate.ADD: "(ite (>= (+ a b) M) (- (+ a b) M) (+ a b))",
    Gate.SUB: "(ite (< a b) (- (+ a M) b) (- a b))",
    Gate.DEC: "(ite (= a 0) (- M 1) (- a 1))",
    Gate.LESS_THAN: "(ite (and (< a b) (> M 1)) 1 0)",
    Gate.LESS_OR_EQUAL_THAN: "(ite (and (<= a b) (> M 1)) 1 0)",
    Gate.EQUALITY_TEST: "(ite (and (= a b) (> M 1)) 1 0)",
    Gate.MIN: "(ite (<= a b) a b)",
    Gate.MAX: "(ite (<= a b) b a)",
}
"""The value of an arithmetic gate on operands a and b, for 0 <= a, b < M."""

_SYMBOL = {"==": "=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


@dataclass(frozen=True)
class Meaning:
    """What names and functions stand for in a formula."""

    names: Mapping[str, Text]
    functions: Mapping[str, Callable[[Text], Text]]

    def bound(self, name: str, value: Text) -> Meaning:
        """With one more name."""
        return Meaning({**self.names, name: value}, self.functions)

    def term(self, term: Term) -> Text:
        """A term in SMT-LIB.

        Raises:
            HardmaxError: it uses a name that means nothing here.
        """
        match term:
            case Number(value):
                return str(value) if value >= 0 else f"(- {-value})"
            case Name(name):
                if name not in self.names:
                    raise HardmaxError(f"expected a name that is known here, found {name!r:.40}")
                return self.names[name]
            case Application(function, argument):
                if function not in self.functions:
                    raise HardmaxError(f"expected a known sequence, found {function!r:.40}")
                return self.functions[function](self.term(argument))
            case Arithmetic(operator, left, right):
                return f"({operator} {self.term(left)} {self.term(right)})"
            case Choice(condition, yes, no):
                return f"(ite {self.formula(condition)} {self.term(yes)} {self.term(no)})"

    def formula(self, formula: Formula) -> Text:
        """A formula without ranges in SMT-LIB.

        Raises:
            HardmaxError: as of a term, or it has a range inside.
        """
        match formula:
            case Comparison("!=", left, right):
                return f"(not (= {self.term(left)} {self.term(right)}))"
            case Comparison(operator, left, right):
                return f"({_SYMBOL[operator]} {self.term(left)} {self.term(right)})"
            case Not(inner):
                return f"(not {self.formula(inner)})"
            case Junction(operator, formulas):
                return f"({operator} {' '.join(map(self.formula, formulas))})"
            case Every():
                raise HardmaxError("expected a formula without all(...) inside, found one")

    def of_one(self, every: Every, value: Text, *within: Text) -> Text:
        """What a range says of one value; of a range within it, of one more."""
        low, high = self.term(every.low), self.term(every.high)
        meaning = self.bound(every.variable, value)
        if isinstance(every.body, Every) and within:
            body = meaning.of_one(every.body, *within)
        else:
            body = meaning.formula(every.body)
        return f"(=> (and (<= {low} {value}) (< {value} {high})) {body})"


@dataclass(frozen=True)
class Range:
    """A range that is known, and what its names mean."""

    every: Every
    meaning: Meaning


class Script:
    """One obligation on the way to its text."""

    def __init__(self, specification: Specification) -> None:
        self.specification = specification
        self.lines = ["(set-logic QF_UFLIA)", f"(declare-const {SIZE} Int)"]
        self.lines += [f"(declare-const {p.name} Int)" for p in specification.parameters]
        self.lines += [f"(declare-fun {memory} (Int) Int)" for memory in MEMORIES]
        self.lines += [f"(declare-fun {r.name} (Int) Int)" for r in specification.recurrences]
        self.addresses: dict[Text, None] = dict.fromkeys(("0", "1", "2"))
        self.indices: dict[Text, None] = {}
        self.cells: dict[tuple[str, Text], None] = {}
        self.ranges: list[Range] = []
        self._made = 0
        names = {SIZE: SIZE, **{p.name: p.name for p in specification.parameters}}
        functions: dict[str, Callable[[Text], Text]] = {"m0": self.cell_of("m0")}
        for recurrence in specification.recurrences:
            functions[recurrence.name] = self._member_of(recurrence.name)
        self.meaning = Meaning(names, functions)

    def know_specification(self, lemmas: int) -> None:
        """Assume what holds of an input, and the first lemmas."""
        self.know(f"(>= {SIZE} 1)")
        for formula in self.specification.assumptions():
            self.know_formula(formula, self.meaning)
        for text in self.specification.lemmas[:lemmas]:
            self.know_formula(self.specification.formula(text), self.meaning)

    def know(self, text: Text) -> None:
        """Assume something."""
        self.lines.append(f"(assert {text})")

    def know_formula(self, formula: Formula, meaning: Meaning) -> None:
        """Assume a formula; a range at the values that will have been mentioned."""
        if not isinstance(formula, Every):
            self.know(meaning.formula(formula))
        else:
            self.ranges.append(Range(formula, meaning))

    def shown(self, formula: Formula, meaning: Meaning) -> Text:
        """What has to be shown for a formula to hold: of a range, its body for any value."""
        if not isinstance(formula, Every):
            return meaning.formula(formula)
        return meaning.of_one(formula, self.any())

    def any(self) -> Text:
        """A new number of which nothing is known."""
        name = self._new("any")
        self.lines.append(f"(declare-const {name} Int)")
        return name

    def named(self, text: Text) -> Text:
        """A name for a term, so that the script stays short."""
        name = self._new("is")
        self.lines.append(f"(define-fun {name} () Int {text})")
        return name

    def cell_of(self, memory: str) -> Callable[[Text], Text]:
        """What a memory's cells hold; every one that is asked for is mentioned."""

        def cell(address: Text) -> Text:
            self.addresses.setdefault(address)
            self.cells.setdefault((memory, address))
            return f"({memory} {address})"

        return cell

    def refuting(self, goal: Text) -> Text:
        """The whole script, unsatisfiable if and only if the goal follows from the instances."""
        self.know(f"(not {goal})")
        self._make_instances()
        for memory, address in self.cells:
            value = f"({memory} {address})"
            self.know(f"(=> {inside(address)} {inside(value)})")
        return "\n".join([*self.lines, "(check-sat)"]) + "\n"

    def _make_instances(self) -> None:
        for recurrence in self.specification.recurrences:
            start = self.meaning.term(self.specification.term(recurrence.start))
            self.know(f"(= {self.meaning.functions[recurrence.name]('0')} {start})")
        over_indices = [known for known in self.ranges if _ranges_over_indices(known.every)]
        for index in list(self.indices):
            self._unfold(index)
        addresses = list(self.addresses)
        for known in self.ranges:
            if known not in over_indices:
                self._know_of(known, addresses)
        indices = list(self.indices)
        for known in over_indices:
            self._know_of(known, indices)

    def _know_of(self, known: Range, values: list[Text]) -> None:
        """Use a range at each value, a range within a range at each pair."""
        depth = 2 if isinstance(known.every.body, Every) else 1
        for chosen in itertools.product(values, repeat=depth):
            self.know(known.meaning.of_one(known.every, *chosen))

    def _unfold(self, index: Text) -> None:
        """Every sequence from an index to the next, and from the one before to it."""
        before, after = f"(- {index} 1)", f"(+ {index} 1)"
        for recurrence in self.specification.recurrences:
            step = self.specification.term(recurrence.step)
            member = self.meaning.functions[recurrence.name]
            for one, next_ in ((index, after), (before, index)):
                value = self.meaning.bound(INDEX, one).term(step)
                self.know(f"(=> (>= {one} 0) (= {member(next_)} {value}))")

    def _member_of(self, sequence: str) -> Callable[[Text], Text]:
        def member(index: Text) -> Text:
            self.indices.setdefault(index)
            return f"({sequence} {index})"

        return member

    def _new(self, kind: str) -> Text:
        self._made += 1
        return f"{kind}!{self._made}"


def inside(value: Text) -> Text:
    """Whether a value is one of 0..M-1."""
    return f"(and (<= 0 {value}) (< {value} {SIZE}))"


def _ranges_over_indices(every: Every) -> bool:
    """Whether its variable is in the argument of a sequence, and is not itself one of a memory."""
    addressed = indexed = False
    pending: list[Term | Formula] = [every.body]
    while pending:
        match pending.pop():
            case Application(function, argument):
                if function in MEMORIES:
                    addressed |= argument == Name(every.variable)
                else:
                    indexed |= every.variable in names_of(argument)
                pending.append(argument)
            case Arithmetic(_, left, right) | Comparison(_, left, right):
                pending += [left, right]
            case Choice(condition, yes, no):
                pending += [condition, yes, no]
            case Not(inner):
                pending.append(inner)
            case Junction(_, formulas):
                pending += formulas
            case Every(_, low, high, body):
                pending += [low, high, body]
    return indexed and not addressed
