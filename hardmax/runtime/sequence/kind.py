"""What a kind of machine that answers sequences has beside what every kind has."""

from __future__ import annotations

from typing import Any, Protocol, cast

from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.float32 import Floats
from hardmax.runtime.kinds import Interface, ProgramKind, find_kind
from hardmax.runtime.sequence.trace import Trace


class SequenceKind(ProgramKind, Protocol):
    """A kind under the interface ``Interface.SEQUENCE``."""

    def trace(self, program: Any, inputs: Floats, rows: int) -> Trace:
        """Run a program in the reference interpreter, every step kept.

        Args:
            inputs: (T, V), usable.
            rows: N, at least what the program's rule says.
        """

    def sure_steps(self, program: Any, inputs: Floats, rows: int, margin: float) -> int:
        """The steps before the first in which a decision is made by less than a margin.

        Args:
            inputs, rows: as those of :meth:`trace`.
        """


def find_sequence_kind(name: str) -> SequenceKind:
    """The kind of that name.

    Raises:
        HardmaxError: there is none, or it is run on a memory.
    """
    kind = find_kind(name)
    if kind.interface is not Interface.SEQUENCE:
        raise HardmaxError(f"expected a machine that answers sequences, found a {kind.title}")
    return cast(SequenceKind, kind)
