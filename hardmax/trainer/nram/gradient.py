"""Training NRAMs by gradient: one population on one task."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from hardmax.trainer.decisions import Mixture
from hardmax.trainer.layers import ControllerConfig
from hardmax.trainer.nram.controller import Controller
from hardmax.trainer.nram.machine import Decide, Execute, execute_circuit, hard
from hardmax.trainer.nram.objective import run_batch
from hardmax.trainer.nram.tasks import Batch, Task
from hardmax.trainer.nram.wiring import Wiring
from hardmax.trainer.population.network import network_with_room
from hardmax.trainer.population.population import DISCRETIZATIONS, Population, Ranges
from hardmax.trainer.population.updates import (
    GradientConfig,
    PopulationTrainer,
    PromotionThresholds,
)

RANGES: Ranges = {
    "learning_rate": (10**-2.7, 10**-1.8),
    "entropy_bonus": (10**-2.5, 10**-0.5),
    "bonus_decay": (10**-3.5, 10**-2.3),
    "gradient_noise": (10**-4.0, 10**-1.5),
}
"""What suits an NRAM."""
if TYPE_CHECKING:
    from hardmax.trainer.nram.native.kernel import Kernel

KEYS = 1 << 62
"""Keys of the native kernel's random numbers are below this."""

THRESHOLDS = PromotionThresholds(
    raise_below=0.1,
    small_error=0.1,
    small_gap=0.02,
    large_error=0.3,
    largest_penalty=1.0,
    reach=None,
    full_rate_error=0.0,
    candidate_error=0.0,
    mature_after=200,
    stale_after=400,
    stale_at_top=True,
)

OVERRUN_WEIGHT = 0.3
"""Weight in the objective of the probability that a run does not halt by itself in its budget.

The expected loss alone never asks a machine to stop: the output is forced at timestep T.
"""


def mixture(straight_through: Tensor, gumbel: Tensor, generator: torch.Generator) -> Decide:
    """Training-time decisions; the arguments are those of :class:`Mixture`."""
    decisions = Mixture(straight_through, gumbel, generator)

    def decide(logits: Tensor, halting: Tensor) -> tuple[Tensor, Tensor]:
        return decisions.choose(logits), decisions.switch(halting)

    return decide


@dataclass(frozen=True)
class Problem:
    """What the members are trained on in an update.

    Attributes:
        batch: P * B samples, member by member.
        budget: int64 [P, B], T of each.
    """

    batch: Batch
    budget: Tensor


class NramTrainer(PopulationTrainer[Controller, Problem]):
    """NRAMs in training.

    Attributes:
        native: whether the native kernel trains them, on the CPU; else PyTorch's operations do.
        execute: what then runs a circuit, to be replaced by the same compiled for the device.
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
        population = Population(
            network_with_room(
                lambda: Controller(
                    Wiring(wiring.registers, wiring.repetitions), controller, config.members
                ),
                device,
            ),
            DISCRETIZATIONS[config.discretization],
            task.smallest_complexity,
            seed,
            RANGES,
            max(task.smallest_complexity, min(task.first_level, config.highest)),
        )
        super().__init__(population, config, THRESHOLDS, seed + 1)
        self.task = task
        self.native = device.type == "cpu" and find_spec("llvmlite") is not None
        self.execute: Execute = execute_circuit

    @cached_property
    def _kernel(self) -> Kernel:
        """Compiled when it is needed first: search never needs it."""
        from hardmax.trainer.nram.native.kernel import compiled_kernel

        network = self.population.network
        return compiled_kernel(network.wiring, network.config)

    def draw(self, complexity: Tensor) -> Problem:
        """Samples in a memory, and with a budget, that is larger than needed by some slack."""
        least = self.task.minimum_size(int(complexity.max()))
        size = least + int(self.slack(()))
        batch = self.task.sample(complexity.flatten(), size, self.generator)
        return Problem(batch, batch.timesteps.view(complexity.shape) + self.slack(complexity.shape))

    def learn(self, problem: Problem) -> Tensor:
        """Move every member by one step of its optimizer. Returns the soft errors, [P, B]."""
        if not self.native:
            return super().learn(problem)
        from hardmax.trainer.nram.native.kernel import Objective

        population, generator = self.population, self.generator
        draw = torch.rand(problem.budget.shape, generator=generator)
        objective = Objective(
            entropy=self.hardness(),
            value_entropy=population.penalty * population.discretization.value_penalty,
            overrun=OVERRUN_WEIGHT,
            gumbel=population.setting("gumbel"),
            hard=draw < population.setting("straight_through")[:, None],
            keys=torch.randint(KEYS, (population.members,), generator=generator),
        )
        return self._kernel.update(
            population.network,
            population.optimizer,
            problem.batch,
            problem.budget,
            objective,
            self.learning_rates(),
            population.setting("gradient_noise"),
        )

    def objective(self, problem: Problem) -> tuple[Tensor, Tensor]:
        """The expected loss, entropy penalties, and the probability of not halting."""
        population, discretization = self.population, self.population.discretization
        decide = mixture(
            population.setting("straight_through"), population.setting("gumbel"), self.generator
        )
        outcome = run_batch(
            population.network,
            problem.batch,
            problem.budget,
            decide,
            value_entropy=discretization.value_penalty,
            execute=self.execute,
        )
        objective = outcome.loss.mean(1) + self.hardness() * outcome.entropy.mean(1)
        if discretization.value_penalty:
            objective = objective + population.penalty * outcome.value_entropy.mean(1)
        return objective + OVERRUN_WEIGHT * outcome.overrun.mean(1), outcome.error

    def discretized_error(self, problem: Problem) -> Tensor:
        """The discretized error of the same samples."""
        network = self.population.network
        if self.native:
            return self._kernel.discretized_error(network, problem.batch, problem.budget)
        return run_batch(network, problem.batch, problem.budget, hard, execute=self.execute).error
