"""How sure a controller is of what it decides."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Margin:
    """The lead of a decision's first choice over the second; as text, both attributes.

    Attributes:
        lead: difference of the two logits, or |halting logit|; 0 is a tie.
        where: the row and the decision, for people.
    """

    lead: float
    where: str

    def __str__(self) -> str:
        return f"{self.lead:.2f} ({self.where})"
