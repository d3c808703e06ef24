"""What a kind of machine that answers symbols with symbols has beside what every kind has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol, cast

from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.kinds import Interface, ProgramKind, find_kind
from hardmax.runtime.symbols.interface import Symbols
from hardmax.runtime.symbols.trace import SymbolStep


class SymbolKind(ProgramKind, Protocol):
    """A kind under the interface ``Interface.SYMBOLS``."""

    def trace(self, program: Any, symbols: Symbols, capacity: int) -> Iterator[SymbolStep]:
        """Yield every completed step of a run in the reference interpreter, in order.

        Args:
            symbols: (T,), any numbers.
            capacity: cells of each structure, at least 1.
        """


def find_symbol_kind(name: str) -> SymbolKind:
    """The kind of that name.

    Raises:
        HardmaxError: there is none, or it does not answer symbols.
    """
    kind = find_kind(name)
    if kind.interface is not Interface.SYMBOLS:
        raise HardmaxError(f"expected a machine that answers symbols, found a {kind.title}")
    return cast(SymbolKind, kind)
