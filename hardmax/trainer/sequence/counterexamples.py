"""Samples that discretized machines got wrong, or nearly, to be trained on again.

A machine that errs once in ten thousand samples hardly ever meets a sample that would teach it
something. So such samples are looked for and kept: counterexample-guided inductive synthesis
(Solar-Lezama et al. 2006) with a gradient in place of a solver.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, ClassVar, Generic, Protocol, Self, TypeVar

import torch
from torch import Tensor

MOST_KEPT = 512
"""Counterexamples that are kept, the newest."""


class Samples(Protocol):
    """Samples of a task: a dataclass of tensors [K, ...]."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def steps(self) -> Tensor:
        """int64 [K]."""

    def select(self, samples: Tensor) -> Self:
        """The samples of those numbers."""

    def join(self, other: Self) -> Self:
        """These samples and others."""


Batch = TypeVar("Batch", bound=Samples)


class Counterexamples(Generic[Batch]):
    """The newest counterexamples, of all members together.

    Attributes:
        kept: at most MOST_KEPT samples, or None where nothing was found yet.
    """

    def __init__(self, batch_type: type[Batch]) -> None:
        self.batch_type = batch_type
        self.kept: Batch | None = None

    def add(self, batch: Batch, chosen: Tensor) -> None:
        """Keep the samples of a batch that are ``chosen``, bool [K]."""
        if not bool(chosen.any()):
            return
        found = batch.select(chosen.nonzero().flatten())
        joined = found if self.kept is None else self.kept.join(found)
        self.kept = joined.select(
            torch.arange(len(joined.steps), device=chosen.device)[-MOST_KEPT:]
        )

    def draw(self, count: int, generator: torch.Generator) -> Batch | None:
        """So many of what is kept, perhaps some of them twice; None where there is nothing."""
        if self.kept is None:
            return None
        among, device = len(self.kept.steps), self.kept.steps.device
        return self.kept.select(torch.randint(among, (count,), generator=generator, device=device))

    def state(self) -> dict[str, Tensor]:
        """What :meth:`restore` needs."""
        if self.kept is None:
            return {}
        return {field.name: getattr(self.kept, field.name) for field in fields(self.kept)}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Take over what :meth:`state` returned."""
        self.kept = self.batch_type(**state) if state else None
