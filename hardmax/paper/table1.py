"""What the paper reports of its ten tasks (Kurach et al. 2016, arXiv 1511.06392, table 1)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """A row of table 1, in the paper's words.

    Attributes:
        train_complexity: of the samples trained on.
        train_error: share of the cells to be modified that the soft model left wrong.
        generalization: "perfect" is error 0 for complexity up to 50.
        discretization: "perfect" is the same outputs as the soft model on all test cases.
    """

    train_complexity: str
    train_error: str
    generalization: str
    discretization: str


TABLE_1 = {
    "access": Row("len(A) <= 20", "0", "perfect", "perfect"),
    "increment": Row("len(A) <= 15", "0", "perfect", "perfect"),
    "copy": Row("len(A) <= 15", "0", "perfect", "perfect"),
    "reverse": Row("len(A) <= 15", "0", "perfect", "perfect"),
    "swap": Row("len(A) <= 20", "0", "perfect", "perfect"),
    "permutation": Row("len(A) <= 6", "0", "almost perfect", "perfect"),
    "listk": Row("len(list) <= 10", "0", "strong", "hurts performance"),
    "listsearch": Row("len(list) <= 6", "0", "weak", "hurts performance"),
    "merge": Row("len(A) + len(B) <= 10", "1%", "weak", "hurts performance"),
    "walkbst": Row("size(tree) <= 10", "0.3%", "strong", "hurts performance"),
}
"""By task. Where discretization hurts, the paper's text says: error rates of 70% or more."""

NOT_IN_THE_PAPER = Row("-", "-", "-", "-")
"""Beside a task of one's own."""
