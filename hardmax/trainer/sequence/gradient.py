"""Training sequence machines by gradient: one population on one task."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from hardmax.trainer.decisions import HARD, SOFT, Decisions, Mixture, Noisy
from hardmax.trainer.gradient_clipping import bounded_log
from hardmax.trainer.population.counterexamples import CounterexampleTrainer
from hardmax.trainer.population.network import network_with_room
from hardmax.trainer.population.population import DISCRETIZATIONS, Population, Ranges
from hardmax.trainer.population.updates import GradientConfig, PromotionThresholds
from hardmax.trainer.sequence.machine import SequenceConfig, SequenceMachine
from hardmax.trainer.sequence.memory import Choices
from hardmax.trainer.sequence.tasks.task import SequenceBatch, SequenceTask

RANGES: Ranges = {
    "learning_rate": (10**-2.7, 10**-2.2),
    "entropy_bonus": (1e-6, 1e-4),
    "bonus_decay": (10**-3.5, 10**-2.3),
    "gradient_noise": (1e-5, 1e-3),
}
"""What suits an NTM: smaller rates than an NRAM's, hardly any bonus, little noise."""

THRESHOLDS = PromotionThresholds(
    raise_below=0.03,
    small_error=0.05,
    small_gap=0.002,
    large_error=0.15,
    largest_penalty=0.03,
    reach=1,
    full_rate_error=0.05,
    candidate_error=0.0,
    mature_after=1000,
    stale_after=3000,
    collapsed=0.05,
)


MOST_HARD = 0.5
"""The largest share of a member's samples that are decided hard because of its penalty."""

DOUBTFUL = 0.1
"""The cross-entropy (nats) of a single output from which on a sample is a counterexample: nearly
wrong is less rare than wrong."""

NOISE = 0.03
"""Scale of the noise in the choices of settled members, in shares of the spread of the logits."""


@dataclass(frozen=True)
class Problem:
    """What the members are trained on in an update.

    Attributes:
        batch: P * (B + C) samples, member by member: B that were drawn, C counterexamples.
        rows: N.
        drawn: B; only these are measured.
    """

    batch: SequenceBatch
    rows: int
    drawn: int


@dataclass(frozen=True)
class Outcome:
    """What a batch of runs gave.

    Attributes:
        loss: [P, B], mean cross-entropy (nats) of the outputs, weighed as the task weighs them.
        entropy: [P, B], mean entropy (nats) of gates, shifts and weightings while running.
        error: [P, B], as the task measures it.
        doubt: [P, B], the largest cross-entropy (nats) of an output that counts.
    """

    loss: Tensor
    entropy: Tensor
    error: Tensor
    doubt: Tensor


def run_batch(
    ntm: SequenceMachine,
    task: SequenceTask,
    batch: SequenceBatch,
    rows: int,
    decisions: Decisions = SOFT,
) -> Outcome:
    """Run every member on its samples and compare with what is asked for.

    Args:
        batch: P * B samples, member by member.
        rows: N.
    """
    inputs = batch.inputs.view(ntm.members, -1, *batch.inputs.shape[1:])
    steps = list(ntm.steps(inputs, rows, decisions))
    logits = ntm.logits(torch.stack([step.visible for step in steps], 2)).flatten(0, 1)
    surprise = functional.binary_cross_entropy_with_logits(logits, batch.targets, reduction="none")
    weights = task.weights(batch)
    loss = (surprise * weights).sum((-1, -2)) / weights.sum((-1, -2))
    running = torch.arange(len(steps), device=inputs.device) < batch.steps[:, None]
    entropy = _entropies([step.choices for step in steps]).flatten(0, 1)
    entropy = (entropy * running).sum(-1) / batch.steps
    error = task.error(logits.detach().sigmoid(), batch)
    doubt = (surprise.detach() * batch.mask).amax((-1, -2))
    shape = inputs.shape[:2]
    return Outcome(*(value.view(shape) for value in (loss, entropy, error, doubt)))


def _entropies(choices: list[Choices]) -> Tensor:
    """[P, B, T]: the entropies of what was decided, in nats.

    The means over choices of one sort, as of a shift by every head, summed over the sorts.
    """
    total = torch.zeros(())
    for sort in zip(*(step.distributions() for step in choices), strict=True):
        chosen = torch.stack(sort, 2)
        total = total - (chosen * bounded_log(chosen)).sum(-1).mean(-1)
    return total


def _thresholds(tolerance: float) -> PromotionThresholds:
    """The usual thresholds, for errors above what the best machine cannot avoid."""
    return dataclasses.replace(
        THRESHOLDS,
        raise_below=THRESHOLDS.raise_below + 2 * tolerance,
        small_error=THRESHOLDS.small_error + 2 * tolerance,
        large_error=THRESHOLDS.large_error + 4 * tolerance,
        full_rate_error=THRESHOLDS.full_rate_error + 2 * tolerance,
        candidate_error=tolerance,
    )


class SequenceTrainer(CounterexampleTrainer[SequenceMachine, Problem, SequenceBatch]):
    """Sequence machines in training."""

    scanned = 250
    replayed = 0.6

    def __init__(
        self,
        task: SequenceTask,
        ntm: SequenceConfig,
        config: GradientConfig,
        seed: int,
        device: torch.device,
    ) -> None:
        population = Population(
            network_with_room(lambda: SequenceMachine(ntm, config.members), device),
            DISCRETIZATIONS[config.discretization],
            task.smallest_complexity,
            seed,
            RANGES,
            task.first_level,
        )
        thresholds = _thresholds(task.tolerance)
        super().__init__(population, config, thresholds, seed + 1, SequenceBatch)
        self.task = task

    def settled(self) -> Tensor:
        """As for any machines; none where mistakes are tolerated.

        Who is settled has noise in its choices.
        """
        if self.task.tolerance > 0:
            return torch.zeros_like(self.population.level, dtype=torch.bool)
        return super().settled()

    def noise(self) -> Tensor:
        """[P]: the scale of the noise in choices."""
        return NOISE * self.settled()

    def sample(self, complexity: Tensor) -> SequenceBatch:
        """As in training."""
        return self.task.training_sample(complexity, self.generator)

    def mistaken(self, batch: SequenceBatch) -> Tensor:
        """Wrongly or doubtfully answered, with noise in the choices."""
        noisy = Noisy(HARD, self.noise(), self.generator)
        outcome = run_batch(self.population.network, self.task, batch, self.rows(batch), noisy)
        return outcome.doubt > DOUBTFUL

    def rows(self, batch: SequenceBatch) -> int:
        """N: more than is needed by some slack."""
        return self.task.training_memory.rows(batch.inputs.shape[1]) + int(self.slack(()))

    def draw(self, complexity: Tensor) -> Problem:
        """Samples of those complexities, and some counterexamples."""
        batch = self.draw_batch(complexity)
        return Problem(batch, self.rows(batch), complexity.shape[1])

    def objective(self, problem: Problem) -> tuple[Tensor, Tensor]:
        """The loss and the entropy penalty."""
        population = self.population
        mixture = Mixture(self.hard_share(), population.setting("gumbel"), self.generator)
        decisions = Noisy(mixture, self.noise(), self.generator)
        outcome = run_batch(population.network, self.task, problem.batch, problem.rows, decisions)
        objective = outcome.loss.mean(1) + self.hardness() * outcome.entropy.mean(1)
        return objective, outcome.error[:, : problem.drawn]

    def hard_share(self) -> Tensor:
        """[P]: the share of samples decided hard; MOST_HARD where the penalty is largest.

        A member whose soft machine is right while its discretized one is not is trained ever more
        on what the discretized one does; but with nothing else recall unlearned what it knew.
        """
        population = self.population
        share = population.setting("straight_through")
        hardened = population.penalty / self.thresholds.largest_penalty
        return torch.where(
            share > 0, torch.lerp(share, share.clamp_min(MOST_HARD), hardened), share
        )

    def discretized_error(self, problem: Problem) -> Tensor:
        """The discretized error of the same samples."""
        ntm = self.population.network
        error = run_batch(ntm, self.task, problem.batch, problem.rows, HARD).error
        return error[:, : problem.drawn]
