"""The language of specifications: what it reads, what it refuses, and that it means Python."""

from __future__ import annotations

import pytest

from hardmax.prover.specifications.formulas import (
    LONGEST,
    Values,
    holds,
    parse_formula,
    parse_term,
    value_of,
)
from hardmax.runtime.errors import HardmaxError

CELLS = [4, 0, 3, 1, 1]
NAMES = {"n": 3, "j": 1, "M": 5}


def square(index: int) -> int:
    return index * index


VALUES = Values(NAMES, {"m0": lambda c: CELLS[c], "square": square})

TERMS = [
    "7",
    "-n + 2",
    "2 * n - j + 1",
    "n - (j - 1)",
    "m0[n - j]",
    "square(m0[n])",
    "min(n, 2) + max(j, 9)",
    "m0[0] if n == 3 and j != 1 else m0[2]",
]
FORMULAS = [
    "0 <= j < n <= 3",
    "not n < j",
    "n == 1 or j >= 1 and n > 2",
    "all(m0[c] <= 4 for c in range(0, M))",
    "all(m0[c] != m0[d] for c in range(0, n) for d in range(0, c))",
    "all(m0[c] != m0[d] for c in range(0, M) for d in range(0, c))",
    "all(m0[c] > 9 for c in range(n, n))",
]


@pytest.mark.parametrize("text", TERMS)
def test_a_term_means_what_it_means_in_python(text: str) -> None:
    scope = {**NAMES, "m0": CELLS, "square": square}
    assert value_of(parse_term(text), VALUES) == eval(text, scope)


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_means_what_it_means_in_python(text: str) -> None:
    scope = {**NAMES, "m0": CELLS, "square": square}
    assert holds(parse_formula(text), VALUES) is eval(text, scope)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "n +",
        "n * j",
        "n // 2",
        "n ** 2",
        "True",
        "1.5",
        "'n'",
        "other[0]",
        "m0(0)",
        "square(1, 2)",
        "square(index=1)",
        "n.real",
        "__import__('os')",
        "lambda: 0",
        "[n]",
        "n == 1",
        "-" * 1000 + "n",
    ],
)
def test_what_is_no_term_is_refused(text: str) -> None:
    with pytest.raises(HardmaxError, match="expected a"):
        parse_term(text)


@pytest.mark.parametrize(
    "text",
    [
        "n",
        "n is 1",
        "n in m0",
        "all(m0)",
        "all(c == 0 for c in m0)",
        "all(c == 0 for c in range(n))",
        "all(c == 0 for c in range(0, n) if c)",
        "any(c == 0 for c in range(0, n))",
        "(" * 300 + "n == 0" + ")" * 300,
        "n == 0 or " * LONGEST + "n == 0",
    ],
    ids=range(10),
)
def test_what_is_no_formula_is_refused(text: str) -> None:
    with pytest.raises(HardmaxError, match="expected"):
        parse_formula(text)
