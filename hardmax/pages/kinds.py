"""What the pages show of each kind of machine: one line each, imported when needed.

A kind without a line shows what every kind of its interface has: recorded runs.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from markupsafe import Markup

from hardmax.pages.verdict import Trial
from hardmax.runtime.kinds import Interface
from hardmax.runtime.kinds import find_kind as find_program_kind

KINDS: dict[str, str] = {
    "nram": "hardmax.pages.nram",
}

INTERFACES: dict[Interface, str] = {
    Interface.MEMORY: "hardmax.pages.memory",
    Interface.SEQUENCE: "hardmax.pages.sequence",
    Interface.SYMBOLS: "hardmax.pages.symbols",
}


@dataclass(frozen=True)
class Subject:
    """What a page is about.

    Attributes:
        path: of the model.
        model: the trained machine.
        extraction: what was extracted from it.
    """

    path: Path
    model: Any
    extraction: Any


@dataclass(frozen=True)
class Section:
    """A part of a page.

    Attributes:
        name: by which links find it.
        title: its heading.
        body: HTML.
    """

    name: str
    title: str
    body: Markup | str


class Parts(Protocol):
    """What the pages ask of a kind of machine."""

    @property
    def styles(self) -> tuple[str, ...]:
        """Of the files in ``static/``, the style sheets of its own that a page needs."""

    @property
    def scripts(self) -> tuple[str, ...]:
        """Of the files in ``static/``, the scripts."""

    def sections(self, subject: Subject) -> Iterator[Section]:
        """Yield what is shown of the machine, in order."""

    def trials(self, subject: Subject) -> tuple[Sequence[Trial], Sequence[Section]]:
        """Run soft machine and program on random inputs: the outcome, and how it is shown."""

    def thumbnail(self, subject: Subject) -> Markup:
        """A run as a small picture."""


def find_parts(kind: str) -> Parts:
    """What the pages show of a kind."""
    module = KINDS.get(kind) or INTERFACES[find_program_kind(kind).interface]
    parts: Parts = importlib.import_module(module).PARTS
    return parts
