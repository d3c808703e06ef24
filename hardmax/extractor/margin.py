"""How sure a controller is of what it decides."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Margin:
    """By how much a decision's first choice exceeds the second; as text, both attributes.

    Attributes:
        value: difference of the two logits, or |halting logit|; 0 is a tie.
        where: the row and the decision, for people.
    """

    value: float
    where: str

    def __str__(self) -> str:
        return f"{self.value:.2f} ({self.where})"
