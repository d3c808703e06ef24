"""What a program says of a task that is not part of hardmax, so that it can be told everywhere."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any

from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.json_form import array, integer, string
from hardmax.runtime.text import counted

LONGEST_TEXT = 2000
"""Characters of a summary or a layout."""


class Evidence(enum.Enum):
    """What a program was held against before it was accepted."""

    GENERATOR = "generator"
    """Inputs drawn at will, and the definition's answer to each."""
    EXAMPLES = "examples"
    """A file of examples, some of which training did not see."""


@dataclass(frozen=True)
class TaskDescription:
    """What is known of a user's own task.

    Attributes:
        summary: one line for people.
        evidence: what the program was held against.
        sizes: the smallest and the largest memory among it.
        examples: how many examples were trained on, 0 with a generator.
        held_out: how many were not, 0 with a generator.
        layout: what lies where in a memory, for people; perhaps nothing.
    """

    summary: str
    evidence: Evidence
    sizes: tuple[int, int]
    examples: int = 0
    held_out: int = 0
    layout: str = ""

    def __post_init__(self) -> None:
        smallest, largest = self.sizes
        if not 1 <= smallest <= largest or self.examples < 0 or self.held_out < 0:
            raise HardmaxError(
                "expected sizes of 1 and more, the smallest first, and numbers of examples, found "
                f"{smallest}, {largest}, {self.examples} and {self.held_out}"
            )
        if max(len(self.summary), len(self.layout)) > LONGEST_TEXT:
            raise HardmaxError(f"expected at most {LONGEST_TEXT} characters of summary or layout")

    def __str__(self) -> str:
        smallest, largest = self.sizes
        memories = f"memories of {smallest} to {largest} cells"
        if self.evidence is Evidence.GENERATOR:
            return f"inputs that a generator drew, {memories}"
        return (
            f"{counted(self.examples, 'example')} trained on and {self.held_out} held out, "
            f"{memories}"
        )

    def to_data(self) -> dict[str, Any]:
        """As a field of a text form."""
        return {
            "summary": self.summary,
            "evidence": self.evidence.value,
            "sizes": list(self.sizes),
            "examples": self.examples,
            "held_out": self.held_out,
            "layout": self.layout,
        }

    @staticmethod
    def from_data(data: Any) -> TaskDescription:
        """Read :meth:`to_data` back.

        Raises:
            AttributeError, KeyError, TypeError, ValueError: the data are not of that form.
        """
        smallest, largest = (integer(size) for size in array(data["sizes"]))
        return TaskDescription(
            summary=string(data["summary"]),
            evidence=Evidence(string(data["evidence"])),
            sizes=(smallest, largest),
            examples=integer(data["examples"]),
            held_out=integer(data["held_out"]),
            layout=string(data["layout"]),
        )
