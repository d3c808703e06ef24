"""Training by gradient: one population on one task, update by update.

Soft and discretized error are kept side by side: a member's curriculum level rises only when the
*discretized* machine is right at it, and a member whose soft machine is right while its discretized
one is not is hardened by a growing entropy penalty.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from trainer.controller import ControllerConfig
from trainer.curriculum import sample_complexity
from trainer.machine import Decide, Execute, execute_circuit, hard
from trainer.objective import run_batch
from trainer.population import DEFAULT_SCHEME, SCHEMES, Population
from trainer.tasks import Task
from trainer.wiring import Wiring

MEASURE_EVERY = 4
"""Updates between two measurements of the discretized error."""

AVERAGE = 0.2
"""Weight of the newest measurement in a member's moving averages."""

RAISE_BELOW = 0.1
"""A member's level rises when its discretized error is below this ..."""

RAISE_AFTER = 24
"""... and at least this many updates have passed since it last rose."""

EXPLOIT_EVERY = 100
"""Updates between two rounds of copying the best members and restarting the worst."""

MATURE_AFTER = 200
"""A member that trained for fewer updates than this since it was drawn or copied is not judged."""

STALE_AFTER = 400
"""A member whose lineage has not risen a level in this many updates is replaced by a fresh one."""

OVERRUN_WEIGHT = 0.3
"""Weight in the objective of the probability that a run does not halt by itself in its budget.

The expected loss alone never asks a machine to stop: the output is forced at timestep T.
"""

PENALTY_FLOOR, PENALTY_LIMIT, PENALTY_GROWTH = 1e-3, 1.0, 1.3
SMALL_ERROR, SMALL_GAP, LARGE_ERROR = 0.1, 0.02, 0.3
"""The penalty grows where soft error < SMALL_ERROR and gap > SMALL_GAP; shrinks at LARGE_ERROR."""


@dataclass(frozen=True)
class GradientConfig:
    """What a gradient run trains.

    Attributes:
        members: P, machines side by side.
        batch: B, samples a member and update.
        highest: largest complexity trained on.
        slack: extra timesteps and memory cells, each drawn uniformly from 0..slack for a batch
            (cells) or a sample (timesteps), so that a program depends on no particular T or M.
        scheme: a name in SCHEMES.
    """

    members: int
    batch: int
    highest: int
    slack: int
    scheme: str = DEFAULT_SCHEME


def mixture(straight_through: Tensor, gumbel: Tensor, generator: torch.Generator) -> Decide:
    """Training-time decisions: Gumbel noise on the logits, and a share of samples decided hard.

    Args:
        straight_through: [P] in 0..1, share of the samples whose forward pass is discretized while
            the gradient is the softmax's.
        gumbel: [P] >= 0, scale of the noise.
        generator: on the device of the logits.
    """
    chosen: Tensor | None = None
    # Asked once, not in every timestep: a GPU would have to finish its work to answer.
    noisy = bool((gumbel > 0).any())
    partly_hard = bool((straight_through > 0).any())

    def decide(logits: Tensor, halting: Tensor) -> tuple[Tensor, Tensor]:
        nonlocal chosen
        if chosen is None:
            draw = torch.rand(halting.shape, generator=generator, device=halting.device)
            chosen = draw < straight_through[:, None]
        if noisy:
            draw = torch.rand(logits.shape, generator=generator, device=logits.device)
            noise = -torch.log(-torch.log(draw.clamp(1e-9, 1 - 1e-7)))
            logits = logits + gumbel[:, None, None, None] * noise
        choices, finish = logits.softmax(-1), halting.sigmoid()
        if not partly_hard:
            return choices, finish
        best = functional.one_hot(logits.argmax(-1), logits.shape[-1]).to(logits.dtype)
        stop = (halting > 0).to(halting.dtype)
        return (
            torch.where(chosen[..., None, None], best + (choices - choices.detach()), choices),
            torch.where(chosen, stop + (finish - finish.detach()), finish),
        )

    return decide


class GradientRun:
    """A population in training; :meth:`update` is one step of all its members.

    ``execute`` is what runs a circuit, to be replaced by the same compiled for the device.
    """

    def __init__(
        self,
        task: Task,
        wiring: Wiring,
        controller: ControllerConfig,
        config: GradientConfig,
        seed: int,
        device: torch.device,
    ) -> None:
        self.task = task
        self.config = config
        self.population = Population(
            wiring,
            controller,
            config.members,
            SCHEMES[config.scheme],
            task.smallest_complexity,
            seed,
            device,
        )
        self.generator = torch.Generator(device).manual_seed(seed + 1)
        self.updates = 0
        self.execute: Execute = execute_circuit

    def update(self) -> list[int]:
        """Train every member on one batch of its own.

        Returns:
            The members whose discretized machine made no mistake on a batch at the highest level:
            candidates for an exact program.
        """
        population, config, generator = self.population, self.config, self.generator
        complexity = sample_complexity(
            population.level, config.batch, self.task.smallest_complexity, config.highest, generator
        )
        batch = self.task.sample(complexity.flatten(), self._size(complexity), generator)
        budget = batch.timesteps.view(complexity.shape) + self._slack(complexity.shape)

        decide = mixture(
            population.setting("straight_through"), population.setting("gumbel"), generator
        )
        scheme = population.scheme
        outcome = run_batch(
            population.controller,
            batch,
            budget,
            decide,
            value_entropy=scheme.value_penalty,
            execute=self.execute,
        )
        bonus = population.setting("bonus") * (1 - population.setting("decay")) ** population.age
        hardness = population.penalty * scheme.choice_penalty - bonus
        objective = outcome.loss.mean(1) + hardness * outcome.entropy.mean(1)
        if scheme.value_penalty:
            objective = objective + population.penalty * outcome.value_entropy.mean(1)
        objective = objective + OVERRUN_WEIGHT * outcome.overrun.mean(1)
        objective.sum().backward()  # type: ignore[no-untyped-call]
        population.optimizer.step(
            population.setting("rate"), population.setting("noise"), generator
        )
        population.age += 1
        population.tenure += 1
        population.since_raise += 1
        self.updates += 1

        candidates: list[int] = []
        if self.updates % MEASURE_EVERY == 0:
            with torch.no_grad():
                error = run_batch(
                    population.controller, batch, budget, hard, execute=self.execute
                ).error
            candidates = self._measure(complexity, outcome.error, error)
        if self.updates % EXPLOIT_EVERY == 0:
            self._exploit()
        return candidates

    def _size(self, complexity: Tensor) -> int:
        least = self.task.minimum_size(int(complexity.max()))
        return least + int(self._slack(()))

    def _slack(self, shape: tuple[int, ...] | torch.Size) -> Tensor:
        device = self.population.level.device
        return torch.randint(self.config.slack + 1, shape, generator=self.generator, device=device)

    def _measure(self, complexity: Tensor, soft_error: Tensor, hard_error: Tensor) -> list[int]:
        """Update the averages, levels and penalties; harder samples than the level do not count."""
        population = self.population
        counted = complexity <= population.level[:, None]
        count = counted.sum(1)
        seen = count > 0

        def average(old: Tensor, errors: Tensor) -> Tensor:
            new = (errors * counted).sum(1) / count.clamp_min(1)
            return torch.where(seen, old + AVERAGE * (new - old), old)

        population.soft_error = average(population.soft_error, soft_error)
        population.hard_error = average(population.hard_error, hard_error)
        gap = population.hard_error - population.soft_error
        grow = (population.soft_error < SMALL_ERROR) & (gap > SMALL_GAP)
        shrink = population.soft_error > LARGE_ERROR
        grown = (population.penalty * PENALTY_GROWTH).clamp(PENALTY_FLOOR, PENALTY_LIMIT)
        population.penalty = torch.where(
            grow,
            grown,
            torch.where(shrink, population.penalty / PENALTY_GROWTH, population.penalty),
        )

        at_top = population.level >= self.config.highest
        candidates = at_top & (hard_error.sum(1) == 0)
        rising = ~at_top & (population.hard_error < RAISE_BELOW)
        rising &= population.since_raise >= RAISE_AFTER
        population.level += rising
        population.since_raise *= ~rising
        population.hard_error = torch.where(rising, 2 * RAISE_BELOW, population.hard_error)
        return candidates.nonzero().flatten().tolist()

    def _exploit(self) -> None:
        """Replace the worst quarter, half by copies of the best, and restart what does not move."""
        population = self.population
        ranking = population.ranking()
        quarter = max(1, population.members // 4)
        tenure = population.tenure.tolist()
        worst = [member for member in ranking[-quarter:] if tenure[member] >= MATURE_AFTER]
        for rank, member in enumerate(worst):
            if rank % 2 == 0:
                population.restart(member)
            else:
                population.copy(ranking[rank // 2], member)
        rising = population.level < self.config.highest
        stale = rising & (population.since_raise >= STALE_AFTER)
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
