"""The language of specifications and invariants: Python expressions over integers.

A term is a number, a name, a cell ``m0[c]`` (at the start) or ``mem[c]`` (now), a sequence
``hop(i)``, a sum, a difference, a multiple, ``min``, ``max`` or ``a if f else b``. A formula
compares terms, joins formulas by ``and``, ``or`` and ``not``, or says something of a range:
``all(m0[c] != 0 for c in range(1, n + 1))``. Each means what it means in Python.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hardmax.runtime.errors import HardmaxError

LONGEST, DEEPEST = 2000, 60
"""Characters of a formula and levels of nesting: what comes from a certificate is untrusted."""

CELLS = ("m0", "mem")
"""What is indexed, with brackets; everything else that is applied is a sequence."""


@dataclass(frozen=True)
class Number:
    """A constant."""

    value: int


@dataclass(frozen=True)
class Name:
    """A parameter, a register, a ghost or the variable of a range."""

    name: str


@dataclass(frozen=True)
class Application:
    """``m0[argument]``, ``mem[argument]`` or ``sequence(argument)``."""

    function: str
    argument: Term


@dataclass(frozen=True)
class Arithmetic:
    """``left operator right`` with ``+``, ``-`` or ``*``; one side of ``*`` is a number."""

    operator: str
    left: Term
    right: Term


@dataclass(frozen=True)
class Choice:
    """``yes if condition else no``."""

    condition: Formula
    yes: Term
    no: Term


@dataclass(frozen=True)
class Comparison:
    """``left operator right`` with ``==``, ``!=``, ``<``, ``<=``, ``>`` or ``>=``."""

    operator: str
    left: Term
    right: Term


@dataclass(frozen=True)
class Not:
    """The formula does not hold."""

    formula: Formula


@dataclass(frozen=True)
class Junction:
    """``and`` or ``or`` of two or more formulas."""

    operator: str
    formulas: tuple[Formula, ...]


@dataclass(frozen=True)
class Every:
    """``all(body for variable in range(low, high))``."""

    variable: str
    low: Term
    high: Term
    body: Formula


Term = Number | Name | Application | Arithmetic | Choice
Formula = Comparison | Not | Junction | Every

_ARITHMETIC: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*"}
_COMPARISON: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}


def parse_term(text: str) -> Term:
    """Read a term.

    Raises:
        HardmaxError: the text is none.
    """
    return _Reader(text).term(_expression(text))


def parse_formula(text: str) -> Formula:
    """Read a formula.

    Raises:
        HardmaxError: the text is none.
    """
    return _Reader(text).formula(_expression(text))


def _expression(text: str) -> ast.expr:
    if len(text) > LONGEST:
        raise HardmaxError(f"expected a formula of at most {LONGEST} characters: {text:.40}...")
    try:
        expression = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise HardmaxError(f"expected a formula, found {text!r:.80}: {error}") from None
    level: list[ast.AST] = [expression]
    for _ in range(DEEPEST):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    if level:
        raise HardmaxError(f"expected at most {DEEPEST} levels of nesting: {text:.40}...")
    return expression


class _Reader:
    """From Python's syntax tree to ours; anything else is refused."""

    def __init__(self, text: str) -> None:
        self.text = text

    def term(self, node: ast.expr) -> Term:
        match node:
            case ast.Constant(value=int(value)) if not isinstance(value, bool):
                return Number(value)
            case ast.Name(id=name):
                return Name(name)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return Arithmetic("-", Number(0), self.term(operand))
            case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _ARITHMETIC:
                sides = self.term(left), self.term(right)
                if isinstance(operator, ast.Mult) and not any(isinstance(s, Number) for s in sides):
                    raise self._refused("a multiple of a number")
                return Arithmetic(_ARITHMETIC[type(operator)], *sides)
            case ast.Subscript(value=ast.Name(id=name), slice=index) if name in CELLS:
                return Application(name, self.term(index))
            case ast.Call(func=ast.Name(id="min" | "max" as name), args=[left, right], keywords=[]):
                first, second = self.term(left), self.term(right)
                smaller = Comparison("<=", first, second)
                return Choice(smaller, *((first, second) if name == "min" else (second, first)))
            case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]):
                if name not in CELLS:
                    return Application(name, self.term(argument))
            case ast.IfExp(test=test, body=body, orelse=otherwise):
                return Choice(self.formula(test), self.term(body), self.term(otherwise))
        raise self._refused("a term")

    def formula(self, node: ast.expr) -> Formula:
        match node:
            case ast.Compare(left=left, ops=operators, comparators=others):
                return self._comparison([left, *others], operators)
            case ast.BoolOp(op=operator, values=values):
                name = "and" if isinstance(operator, ast.And) else "or"
                return Junction(name, tuple(self.formula(value) for value in values))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return Not(self.formula(operand))
            case ast.Call(
                func=ast.Name(id="all"),
                args=[ast.GeneratorExp(elt=body, generators=ranges)],
                keywords=[],
            ):
                formula = self.formula(body)
                for clause in reversed(ranges):
                    formula = self._every(clause, formula)
                return formula
        raise self._refused("a formula")

    def _comparison(self, nodes: list[ast.expr], operators: list[ast.cmpop]) -> Formula:
        if not all(type(operator) in _COMPARISON for operator in operators):
            raise self._refused("a comparison")
        terms = [self.term(node) for node in nodes]
        links = tuple(
            Comparison(_COMPARISON[type(operator)], left, right)
            for operator, left, right in zip(operators, terms[:-1], terms[1:], strict=True)
        )
        return links[0] if len(links) == 1 else Junction("and", links)

    def _every(self, clause: ast.comprehension, body: Formula) -> Every:
        match clause:
            case ast.comprehension(
                target=ast.Name(id=variable),
                iter=ast.Call(func=ast.Name(id="range"), args=[low, high], keywords=[]),
                ifs=[],
            ):
                return Every(variable, self.term(low), self.term(high), body)
        raise self._refused("for VARIABLE in range(LOW, HIGH)")

    def _refused(self, expected: str) -> HardmaxError:
        return HardmaxError(f"expected {expected}, found {self.text!r:.120}")


def substitute(term: Term, variable: str, value: Term) -> Term:
    """The term with ``value`` in place of a name."""
    match term:
        case Name(name):
            return value if name == variable else term
        case Application(function, argument):
            return Application(function, substitute(argument, variable, value))
        case Arithmetic(operator, left, right):
            return Arithmetic(
                operator, substitute(left, variable, value), substitute(right, variable, value)
            )
        case Choice(condition, yes, no):
            return Choice(
                substitute_in(condition, variable, value),
                substitute(yes, variable, value),
                substitute(no, variable, value),
            )
    return term


def substitute_in(formula: Formula, variable: str, value: Term) -> Formula:
    """The formula with ``value`` in place of a name that no range of it binds."""
    match formula:
        case Comparison(operator, left, right):
            return Comparison(
                operator, substitute(left, variable, value), substitute(right, variable, value)
            )
        case Not(inner):
            return Not(substitute_in(inner, variable, value))
        case Junction(operator, formulas):
            return Junction(operator, tuple(substitute_in(f, variable, value) for f in formulas))
        case Every(bound, low, high, body):
            inner = body if bound == variable else substitute_in(body, variable, value)
            return Every(
                bound, substitute(low, variable, value), substitute(high, variable, value), inner
            )


def functions_of(node: Term | Formula) -> frozenset[str]:
    """The names that are applied anywhere in it: ``m0``, ``mem`` and sequences."""
    match node:
        case Application(function, argument):
            return functions_of(argument) | {function}
        case Arithmetic(_, left, right) | Comparison(_, left, right):
            return functions_of(left) | functions_of(right)
        case Choice(condition, yes, no):
            return functions_of(condition) | functions_of(yes) | functions_of(no)
        case Not(formula):
            return functions_of(formula)
        case Junction(_, formulas):
            return frozenset().union(*map(functions_of, formulas))
        case Every(_, low, high, body):
            return functions_of(low) | functions_of(high) | functions_of(body)
    return frozenset()


def names_of(node: Term | Formula) -> frozenset[str]:
    """The names that stand free in it."""
    match node:
        case Name(name):
            return frozenset({name})
        case Application(_, argument):
            return names_of(argument)
        case Arithmetic(_, left, right) | Comparison(_, left, right):
            return names_of(left) | names_of(right)
        case Choice(condition, yes, no):
            return names_of(condition) | names_of(yes) | names_of(no)
        case Not(formula):
            return names_of(formula)
        case Junction(_, formulas):
            return frozenset().union(*map(names_of, formulas))
        case Every(variable, low, high, body):
            return names_of(low) | names_of(high) | (names_of(body) - {variable})
    return frozenset()


@dataclass(frozen=True)
class Values:
    """What names and functions stand for when a formula is evaluated.

    A function raises IndexError where it has no value: a cell outside the memory.
    """

    integers: Mapping[str, int]
    functions: Mapping[str, Callable[[int], int]]


def value_of(term: Term, values: Values) -> int:
    """Evaluate a term.

    Raises:
        IndexError: it has no value, because it looks at a cell outside the memory.
    """
    match term:
        case Number(value):
            return value
        case Name(name):
            return values.integers[name]
        case Application(function, argument):
            return values.functions[function](value_of(argument, values))
        case Arithmetic(operator, left, right):
            a, b = value_of(left, values), value_of(right, values)
            return a + b if operator == "+" else a - b if operator == "-" else a * b
        case Choice(condition, yes, no):
            return value_of(yes if holds(condition, values) else no, values)


def holds(formula: Formula, values: Values) -> bool:
    """Whether a formula is true; ``and``, ``or`` and ranges stop early, as Python's do.

    Raises:
        IndexError: as :func:`value_of`.
    """
    match formula:
        case Comparison(operator, left, right):
            return _compare(operator, value_of(left, values), value_of(right, values))
        case Not(inner):
            return not holds(inner, values)
        case Junction("and", formulas):
            return all(holds(part, values) for part in formulas)
        case Junction(_, formulas):
            return any(holds(part, values) for part in formulas)
        case Every(variable, low, high, body):
            return all(
                holds(body, Values({**values.integers, variable: i}, values.functions))
                for i in range(value_of(low, values), value_of(high, values))
            )


def _compare(operator: str, a: int, b: int) -> bool:
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
