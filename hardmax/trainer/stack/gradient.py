"""Training stack machines by gradient: one population on one task."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from hardmax.trainer.decisions import HARD, SOFT, Decisions, Mixture
from hardmax.trainer.population.counterexamples import CounterexampleTrainer
from hardmax.trainer.population.network import network_with_room
from hardmax.trainer.population.population import DISCRETIZATIONS, Population, Ranges
from hardmax.trainer.population.updates import GradientConfig, PromotionThresholds
from hardmax.trainer.stack.machine import StackConfig, StackMachine
from hardmax.trainer.stack.tasks.task import SymbolBatch, SymbolTask

RANGES: Ranges = {
    "learning_rate": (10**-2.4, 10**-1.8),
    "entropy_bonus": (1e-6, 1e-4),
    "bonus_decay": (10**-3.5, 10**-2.3),
    "gradient_noise": (1e-5, 1e-3),
}

THRESHOLDS = PromotionThresholds(
    raise_below=0.03,
    small_error=0.05,
    small_gap=0.002,
    large_error=0.15,
    largest_penalty=0.0,
    reach=2,
    full_rate_error=0.03,
    candidate_error=0.0,
    mature_after=400,
    stale_after=1500,
)


HARDENED = 0.5
"""The least share of samples that are decided hard once the soft machine is nearly right."""


@dataclass(frozen=True)
class Problem:
    """What the members are trained on in an update.

    Attributes:
        batch: P * (B + C) samples, member by member: B that were drawn, C counterexamples.
        drawn: B; only these are measured.
    """

    batch: SymbolBatch
    drawn: int


@dataclass(frozen=True)
class Outcome:
    """What a batch of runs gave.

    Attributes:
        loss: [P, B], mean cross-entropy (nats) of the outputs that count.
        error: [P, B], the share of these that are wrong.
    """

    loss: Tensor
    error: Tensor


def run_batch(
    machine: StackMachine,
    batch: SymbolBatch,
    decisions: Decisions = SOFT,
    noise: Tensor | None = None,
) -> Outcome:
    """Run every member on its samples and compare with what is asked for.

    Args:
        batch: P * B samples, member by member.
        noise: as :meth:`StackMachine.forward` takes it.
    """
    inputs = batch.inputs.view(machine.members, -1, batch.inputs.shape[1])
    logits = machine(inputs, decisions, noise).flatten(0, 1)
    counted = batch.counted
    targets = batch.targets.clamp_min(0)
    surprise = functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="none")
    asked = counted.sum(1).clamp_min(1)
    loss = (surprise.view(counted.shape) * counted).sum(1) / asked
    error = batch.wrong(logits.detach().argmax(-1)).sum(1) / asked
    return Outcome(loss.view(inputs.shape[:2]), error.view(inputs.shape[:2]))


class StackTrainer(CounterexampleTrainer[StackMachine, Problem, SymbolBatch]):
    """Stack machines in training."""

    scanned = 64
    replayed = 0.25

    def __init__(
        self,
        task: SymbolTask,
        machine: StackConfig,
        config: GradientConfig,
        seed: int,
        device: torch.device,
    ) -> None:
        population = Population(
            network_with_room(lambda: StackMachine(machine, config.members), device),
            DISCRETIZATIONS[config.discretization],
            task.smallest_complexity,
            seed,
            RANGES,
            min(task.first_level, config.highest),
        )
        super().__init__(population, config, THRESHOLDS, seed + 1, SymbolBatch)
        self.task = task

    def sample(self, complexity: Tensor) -> SymbolBatch:
        """Of the task."""
        return self.task.sample(complexity, self.generator)

    def mistaken(self, batch: SymbolBatch) -> Tensor:
        """Wrong in any output that counts."""
        return run_batch(self.population.network, batch, HARD).error > 0

    def draw(self, complexity: Tensor) -> Problem:
        """Samples of those complexities, and some counterexamples."""
        return Problem(self.draw_batch(complexity), complexity.shape[1])

    def objective(self, problem: Problem) -> tuple[Tensor, Tensor]:
        """The loss, partly of hard decisions, with noise in the logits."""
        population = self.population
        network = population.network
        hard_share = self.hard_share()
        mixture = Mixture(hard_share, torch.zeros_like(hard_share), self.generator)
        outcome = run_batch(network, problem.batch, mixture, self.noise(problem.batch))
        return outcome.loss.mean(1), outcome.error[:, : problem.drawn]

    def hard_share(self) -> Tensor:
        """[P]: the share of the samples that are decided hard.

        A machine learns softly what to do; decided hard, it learns to do so and nothing between.
        """
        share = self.population.setting("straight_through")
        nearly_right = self.population.soft_error < self.thresholds.small_error
        return torch.where(nearly_right, share.clamp_min(HARDENED), share)

    def noise(self, batch: SymbolBatch) -> Tensor:
        """Noise for all logits of a batch: of a switch, the difference of two Gumbel draws.

        That is what a choice between on and off would see.
        """
        population = self.population
        network = population.network
        switches = network.sections.switches
        samples, length = batch.inputs.shape
        shape = (length, network.members, samples // network.members, sum(network.sections))
        draw = torch.rand(shape, generator=self.generator, device=batch.inputs.device)
        draw = draw.clamp(1e-7, 1 - 1e-6)
        noise = torch.cat((draw[..., :switches].logit(), -(-draw[..., switches:].log()).log()), -1)
        return noise * population.setting("gumbel").view(1, -1, 1, 1)

    def discretized_error(self, problem: Problem) -> Tensor:
        """The discretized error of the same samples."""
        error = run_batch(self.population.network, problem.batch, HARD).error
        return error[:, : problem.drawn]
