"""Training a population by gradient, update by update, whatever its machines are.

Soft and discretized error are kept side by side: a member's curriculum level rises only when the
*discretized* machine is right at it, and a member whose soft machine is right while its discretized
one is not is hardened by a growing entropy penalty.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor

from hardmax.trainer.population.curriculum import sample_complexity
from hardmax.trainer.population.network import AnyNetwork
from hardmax.trainer.population.population import DEFAULT_DISCRETIZATION, Population

MEASURE_EVERY = 4
"""Updates between two measurements of the discretized error."""

AVERAGE = 0.2
"""Weight of the newest measurement in a member's moving averages."""

RAISE_AFTER = 24
"""Updates that must have passed since a member's level last rose before it rises again."""

EXPLOIT_EVERY = 100
"""Updates between two rounds of copying the best members and restarting the worst."""

SMALLEST_RATE = 0.1
"""By what a member's learning rate shrinks at most."""

PENALTY_FLOOR, PENALTY_GROWTH = 1e-3, 1.3
"""The smallest penalty but 0, and by what it grows or shrinks in a measurement."""


@dataclass(frozen=True)
class GradientConfig:
    """What a gradient run trains.

    Attributes:
        members: P, machines side by side.
        batch: B, samples a member and update.
        highest: largest complexity trained on.
        slack: extra timesteps and memory cells, each drawn uniformly from 0..slack for a batch
            (cells) or a sample (timesteps), so that a program depends on no particular T or M.
        discretization: a name in DISCRETIZATIONS.
        restarts: whether fresh members take the place of the worst; else only copies of the best.
        patience: updates without rising a level after which a lineage is replaced; None for what
            suits the kind of machine.
    """

    members: int
    batch: int
    highest: int
    slack: int
    discretization: str = DEFAULT_DISCRETIZATION
    restarts: bool = True
    patience: int | None = None


@dataclass(frozen=True)
class PromotionThresholds:
    """What members are measured by. Errors are shares of wrong outputs, 0..1.

    Attributes:
        raise_below: a member's level rises when its discretized error is below this.
        small_error, small_gap: its penalty grows where the soft error is below the one and the
            discretized error exceeds it by the other;
        large_error: it shrinks where the soft error exceeds this.
        largest_penalty: it grows no further than this.
        reach: complexities drawn exceed the population's highest level by at most this; None for
            no limit. Where a batch takes as long as its longest sample it saves time.
        mature_after: updates since it was drawn or copied before which a member is not judged.
        full_rate_error: the discretized error below which a member learns ever more slowly, so
            that it settles; 0 where it never does.
        candidate_error: the largest discretized error at the highest level of a candidate.
        stale_after: the patience with a lineage, where a run's config does not say.
        stale_at_top: whether that holds at the highest level, too: who stays there, and passes no
            acceptance test, has learned what is right for the sizes trained on only.
        collapsed: by how much the discretized error of a member at the highest level exceeds its
            smallest one when it returns to where it was best; None for never.
    """

    raise_below: float
    small_error: float
    small_gap: float
    large_error: float
    largest_penalty: float
    reach: int | None
    full_rate_error: float
    candidate_error: float
    mature_after: int
    stale_after: int
    stale_at_top: bool = False
    collapsed: float | None = None


Problem = TypeVar("Problem")
"""What members are trained on in an update."""


class PopulationTrainer(ABC, Generic[AnyNetwork, Problem]):
    """A population in training; :meth:`update` is one step of all its members."""

    def __init__(
        self,
        population: Population[AnyNetwork],
        config: GradientConfig,
        thresholds: PromotionThresholds,
        seed: int,
    ) -> None:
        self.population = population
        self.config = config
        self.thresholds = thresholds
        self.generator = torch.Generator(population.level.device).manual_seed(seed)
        self.updates = 0
        self.loss: Tensor | None = None
        """[P]: what the members minimised in the last update, where that is known."""

    @abstractmethod
    def draw(self, complexity: Tensor) -> Problem:
        """Samples of complexity [P, B]."""

    @abstractmethod
    def objective(self, problem: Problem) -> tuple[Tensor, Tensor]:
        """What each member is to minimise, [P], and its soft error, [P, B]."""

    @abstractmethod
    def discretized_error(self, problem: Problem) -> Tensor:
        """The discretized error of each member, [P, B]."""

    def update(self) -> list[int]:
        """Train every member on one batch of its own.

        Returns:
            The members whose discretized machine made no mistake on a batch at the highest level:
            candidates for an exact program.
        """
        population, config, generator = self.population, self.config, self.generator
        highest = config.highest
        if self.thresholds.reach is not None:
            highest = min(highest, int(population.level.max()) + self.thresholds.reach)
        complexity = sample_complexity(
            population.level, config.batch, population.lowest_level, highest, generator
        )
        problem = self.draw(complexity)
        soft_error = self.learn(problem)
        population.age += 1
        population.tenure += 1
        population.since_raise += 1
        self.updates += 1

        candidates: list[int] = []
        if self.updates % MEASURE_EVERY == 0:
            with torch.no_grad():
                discretized_error = self.discretized_error(problem)
            candidates = self._measure(complexity, soft_error, discretized_error)
        if self.updates % EXPLOIT_EVERY == 0:
            self._exploit()
        return candidates

    def learn(self, problem: Problem) -> Tensor:
        """Move every member by one step of its optimizer. Returns the soft errors, [P, B]."""
        population = self.population
        objective, soft_error = self.objective(problem)
        self.loss = objective.detach()
        objective.sum().backward()  # type: ignore[no-untyped-call]
        noise = population.setting("gradient_noise")
        population.optimizer.step(self.learning_rates(), noise, self.generator)
        return soft_error

    def learning_rates(self) -> Tensor:
        """[P]: the learning rates."""
        rates = self.population.setting("learning_rate")
        full = self.thresholds.full_rate_error
        if full == 0:
            return rates
        return rates * (self.population.discretized_error / full).clamp(SMALLEST_RATE, 1)

    def hardness(self) -> Tensor:
        """[P]: the weight of the entropy of decisions in the objective; negative for a bonus."""
        population = self.population
        bonus = (
            population.setting("entropy_bonus")
            * (1 - population.setting("bonus_decay")) ** population.age
        )
        return population.penalty * population.discretization.choice_penalty - bonus

    def slack(self, shape: tuple[int, ...] | torch.Size) -> Tensor:
        """Numbers from 0..slack."""
        device = self.population.level.device
        return torch.randint(self.config.slack + 1, shape, generator=self.generator, device=device)

    def _measure(
        self, complexity: Tensor, soft_error: Tensor, discretized_error: Tensor
    ) -> list[int]:
        """Update the averages, levels and penalties; harder samples than the level do not count."""
        population, thresholds = self.population, self.thresholds
        counted = complexity <= population.level[:, None]
        count = counted.sum(1)
        seen = count > 0

        def average(old: Tensor, errors: Tensor) -> Tensor:
            new = (errors * counted).sum(1) / count.clamp_min(1)
            return torch.where(seen, old + AVERAGE * (new - old), old)

        population.soft_error = average(population.soft_error, soft_error)
        population.discretized_error = average(population.discretized_error, discretized_error)
        gap = population.discretized_error - population.soft_error
        grow = (population.soft_error < thresholds.small_error) & (gap > thresholds.small_gap)
        shrink = population.soft_error > thresholds.large_error
        grown = (population.penalty * PENALTY_GROWTH).clamp(
            PENALTY_FLOOR, thresholds.largest_penalty
        )
        population.penalty = torch.where(
            grow,
            grown,
            torch.where(shrink, population.penalty / PENALTY_GROWTH, population.penalty),
        )

        at_top = population.level >= self.config.highest
        candidates = at_top & (discretized_error.mean(1) <= thresholds.candidate_error)
        rising = ~at_top & (population.discretized_error < thresholds.raise_below)
        rising &= population.since_raise >= RAISE_AFTER
        population.level += rising
        population.since_raise *= ~rising
        population.discretized_error = torch.where(
            rising, 2 * thresholds.raise_below, population.discretized_error
        )
        return candidates.nonzero().flatten().tolist()

    def _exploit(self) -> None:
        """Replace the worst quarter, half by copies of the best, and restart what does not move.

        What has collapsed returns to where it was best.
        """
        population, thresholds = self.population, self.thresholds
        if thresholds.collapsed is not None:
            at_top = population.level >= self.config.highest
            population.keep_best(at_top)
            lost = population.discretized_error > population.best_error + thresholds.collapsed
            population.return_to_best(at_top & lost)
        ranking = population.ranking()
        quarter = max(1, population.members // 4)
        tenure = population.tenure.tolist()
        worst = [
            member for member in ranking[-quarter:] if tenure[member] >= thresholds.mature_after
        ]
        # Where the worst quarter is one member, what was last in a round is first in the next; but
        # while none has risen to the top, fresh members are worth more than copies.
        risen = bool(population.level[ranking[0]] >= self.config.highest)
        first = self.updates // EXPLOIT_EVERY if risen else 0
        for rank, member in enumerate(worst):
            if self.config.restarts and (first + rank) % 2 == 0:
                population.restart(member)
            else:
                population.copy(ranking[rank // 2], member)
        patience = self.config.patience
        if patience is None:
            patience = thresholds.stale_after
        stale = population.since_raise >= patience
        if not thresholds.stale_at_top:
            stale &= population.level < self.config.highest
        for member in stale.nonzero().flatten().tolist():
            population.restart(member)

    def state(self) -> dict[str, Any]:
        """Primitives and tensors from which :meth:`restore` continues exactly."""
        return {
            "population": self.population.state(),
            "generator": self.generator.get_state(),
            "updates": self.updates,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over what :meth:`state` returned."""
        self.population.restore(state["population"])
        self.generator.set_state(state["generator"])
        self.updates = state["updates"]
