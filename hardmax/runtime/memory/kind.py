"""What a kind of machine that works on a memory has beside what every kind has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol, cast

from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.kinds import AnyMetadata, AnyProgram, Interface, ProgramKind, find_kind

if TYPE_CHECKING:
    from hardmax.runtime.nram.interpreter import Timestep
    from hardmax.runtime.nram.program import StepBudget


class MemoryMetadata(AnyMetadata, Protocol):
    """Beside origin and task, how long a run may take."""

    @property
    def budget(self) -> StepBudget: ...


class MemoryProgram(AnyProgram, Protocol):
    """A program of a kind under the interface ``Interface.MEMORY``.

    Attributes:
        registers: R, 0 where its machine has none.
    """

    @property
    def metadata(self) -> MemoryMetadata: ...
    @property
    def registers(self) -> int: ...


class MemoryKind(ProgramKind, Protocol):
    """A kind under the interface ``Interface.MEMORY``."""

    def trace(self, program: Any, memory: Sequence[int], max_steps: int) -> Iterator[Timestep]:
        """Yield every completed timestep of a run in the reference interpreter, in order.

        Args:
            memory, max_steps: as those of :meth:`interpret`.
        """

    def most_reads(self, program: Any) -> int:
        """How often a timestep of a program READs at most."""


def find_memory_kind(name: str) -> MemoryKind:
    """The kind of that name.

    Raises:
        HardmaxError: there is none, or it answers sequences.
    """
    kind = find_kind(name)
    if kind.interface is not Interface.MEMORY:
        raise HardmaxError(f"expected a machine that works on a memory, found a {kind.title}")
    return cast(MemoryKind, kind)
