"""Samples that discretized machines got wrong, or nearly, to be trained on again.

A machine that errs once in ten thousand samples hardly ever meets a sample that would teach it
something. So such samples are looked for and kept: counterexample-guided inductive synthesis
(Solar-Lezama et al. 2006) with a gradient in place of a solver.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, ClassVar, Generic, Protocol, Self, TypeVar

import torch
from torch import Tensor

from hardmax.trainer.population.network import AnyNetwork
from hardmax.trainer.population.population import Population
from hardmax.trainer.population.updates import (
    MEASURE_EVERY,
    GradientConfig,
    PopulationTrainer,
    Problem,
    PromotionThresholds,
)

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


class CounterexampleTrainer(
    PopulationTrainer[AnyNetwork, Problem], Generic[AnyNetwork, Problem, Batch]
):
    """A population that is trained on counterexamples besides what is drawn.

    Attributes:
        scanned: samples that each member tries, after every measurement, in search of them.
        replayed: counterexamples that are trained on besides a batch, as a share of it.
    """

    scanned: ClassVar[int]
    replayed: ClassVar[float]

    def __init__(
        self,
        population: Population[AnyNetwork],
        config: GradientConfig,
        thresholds: PromotionThresholds,
        seed: int,
        batch_type: type[Batch],
    ) -> None:
        super().__init__(population, config, thresholds, seed)
        self.counterexamples = Counterexamples(batch_type)

    @abstractmethod
    def sample(self, complexity: Tensor) -> Batch:
        """One sample for each complexity [K]."""

    @abstractmethod
    def mistaken(self, batch: Batch) -> Tensor:
        """bool [P, S]: the samples of a batch, S a member, that its discretized machine gets wrong,
        or nearly."""

    def update(self) -> list[int]:
        """As for any machines; after a measurement, look for counterexamples."""
        candidates = super().update()
        if self.updates % MEASURE_EVERY == 0:
            self.scan()
        return candidates

    def settled(self) -> Tensor:
        """bool [P]: the members at the highest level that make few mistakes."""
        population = self.population
        at_top = population.level >= self.config.highest
        return at_top & (population.discretized_error < self.thresholds.raise_below)

    @torch.no_grad()
    def scan(self) -> None:
        """Keep, of fresh samples of any complexity, those in which settled members are mistaken."""
        settled = self.settled()
        if not bool(settled.any()):
            return
        population = self.population
        complexity = torch.randint(
            population.lowest_level,
            self.config.highest + 1,
            (population.members * self.scanned,),
            generator=self.generator,
            device=population.level.device,
        )
        batch = self.sample(complexity)
        self.counterexamples.add(batch, (settled[:, None] & self.mistaken(batch)).flatten())

    def draw_batch(self, complexity: Tensor) -> Batch:
        """Samples of complexity [P, B], then counterexamples, the same for all: P * (B + C)."""
        members, drawn = complexity.shape
        batch = self.sample(complexity.flatten())
        again = self.counterexamples.draw(math.ceil(self.replayed * drawn), self.generator)
        if again is None:
            return batch
        fresh = torch.arange(members * drawn, device=complexity.device).view(complexity.shape)
        replayed = members * drawn + torch.arange(len(again.steps), device=complexity.device)
        order = torch.cat((fresh, replayed.expand(members, -1)), 1)
        return batch.join(again).select(order.flatten())

    def state(self) -> dict[str, Any]:
        """As for any machines, and the counterexamples."""
        return {**super().state(), "counterexamples": self.counterexamples.state()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over what :meth:`state` returned."""
        super().restore(state)
        self.counterexamples.restore(state["counterexamples"])
