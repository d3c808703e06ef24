"""What the C headers of different kinds of machines differ in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hardmax.runtime.abi import Status


@dataclass(frozen=True)
class HeaderParts:
    """What a kind of machine says in the header of one of its programs.

    Attributes:
        description: lines of the comment at its head, each beginning with `` *``.
        constants: macros, each line ended; may be empty.
        requirement: a function that tells how many timesteps, or how much memory, a run needs.
        status_text: what each status of its functions means.
        signatures: its functions in C, by name, with the prefix of ``hardmax.runtime.abi``.
    """

    description: str
    constants: str
    requirement: str
    status_text: Mapping[Status, str]
    signatures: Mapping[str, str]
