"""One step of a run over symbols, as traces show it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SymbolStep:
    """A step of a machine with structures.

    Attributes:
        symbol: the input.
        state: the controller's state at the start of the step.
        structures: what each structure holds at the start of the step, its bottom first.
        operations: what the step does to each structure, for people.
        output: the answer.
    """

    symbol: int
    state: int
    structures: tuple[tuple[int, ...], ...]
    operations: tuple[str, ...]
    output: int
