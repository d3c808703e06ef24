"""What a sequence machine asks of the memory that it is handed.

A memory is told in every step, by an interface vector from the controller, what to do, and answers
with a reading. Whether it does so softly or discretely is up to the
:class:`~hardmax.trainer.decisions.Decisions` it is given, so that the discretized memory is the
same code. Another memory (a stack, a queue) is another subclass, in a folder of its own kind.

Shapes: P members, B samples a member.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Generic, Protocol, TypeVar

import torch
from torch import Tensor, nn

from hardmax.trainer.decisions import Decisions

MemoryState = TypeVar("MemoryState")
"""What a memory holds between two steps."""


class Choices(Protocol):
    """What a memory decided by in a step."""

    def distributions(self) -> tuple[Tensor, ...]:
        """Every distribution, each [P, B, J, K]: J choices among K, for penalties on entropy."""


class Memory(nn.Module, ABC, Generic[MemoryState]):
    """The memories of P members; parameters and buffers carry a leading axis P."""

    @property
    @abstractmethod
    def interface(self) -> int:
        """Numbers that the controller gives in a step."""

    @property
    @abstractmethod
    def reading(self) -> int:
        """Numbers that a step answers with."""

    @abstractmethod
    def initialise(self, member: int, generator: torch.Generator) -> None:
        """Draw fresh weights for one member, where there are any."""

    @abstractmethod
    def start(self, batch: int, rows: int) -> tuple[Tensor, MemoryState]:
        """The reading [P, B, reading] and the state before the first step, with N rows."""

    @abstractmethod
    def step(
        self, interface: Tensor, state: MemoryState, decisions: Decisions
    ) -> tuple[Tensor, MemoryState, Choices]:
        """Do what interface, [P, B, interface], says: the reading, the next state, how decided."""

    @abstractmethod
    def observed(self, interface: Tensor, choices: Sequence[Any]) -> tuple[Tensor, Tensor]:
        """What a picture of a run shows of the memory of the only member, in the only sample.

        Args:
            interface: [T, interface], what the memory was told.
            choices: T, what it decided by.

        Returns:
            where every head stood, [T, heads, N], and what every writer added, [T, writers, W].
        """


class MemoryConfig(Protocol):
    """Sizes of a memory: a frozen dataclass of primitives."""

    @property
    def kind(self) -> str:
        """The kind of machine that has such a memory, a name in ``hardmax.trainer.kinds.KINDS``."""

    def build(self, members: int) -> Memory[Any]:
        """Memories of these sizes for P members."""
