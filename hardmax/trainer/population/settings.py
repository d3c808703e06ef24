"""What every training of a population is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hardmax.runtime.errors import HardmaxError
from hardmax.trainer.population.population import DEFAULT_DISCRETIZATION, DISCRETIZATIONS
from hardmax.trainer.population.updates import GradientConfig

LARGEST = {
    "seed": 1 << 62,
    "members": 1 << 16,
    "batch": 1 << 16,
    "complexity": 1 << 20,
    "slack": 1 << 20,
}
"""More than any machine has room or time for; seeds derived from a seed fit into 64 bits."""


@dataclass(frozen=True, kw_only=True)
class TrainingSettings:
    """Everything that decides what a training finds; primitives only.

    Attributes:
        machine: the kind of machine that is trained, a name in ``hardmax.trainer.kinds.KINDS``.
        task: the name of what is learned.
        seed: of every random draw, 0 or more.
        controller, hidden: kind (``mlp`` or ``lstm``) and width.
        members, batch: P machines side by side, B samples each.
        complexity: the largest that is trained on.
        slack: largest number of extra timesteps and cells or rows of memory.
        discretization: how members are made to discretize well, a name in DISCRETIZATIONS.
        device: ``cpu`` or ``cuda``.
        patience: updates in which a member may stay at its level before it is replaced.
    """

    machine: ClassVar[str]
    task: str
    seed: int = 0
    controller: str = "mlp"
    hidden: int = 32
    members: int = 16
    batch: int = 16
    complexity: int
    slack: int = 4
    discretization: str = DEFAULT_DISCRETIZATION
    device: str = "cpu"
    patience: int = 400

    def check(self, smallest_complexity: int) -> None:
        """Refuse what no training can be told.

        Raises:
            HardmaxError: a number is out of its range, or there is no such discretization method.
        """
        least = {"members": 1, "batch": 1, "complexity": smallest_complexity}
        for name, most in LARGEST.items():
            found, lowest = getattr(self, name), least.get(name, 0)
            if not lowest <= found <= most:
                raise HardmaxError(
                    f"task {self.task}: expected {name} {lowest}..{most}, found {found}"
                )
        if self.patience < 1:
            raise HardmaxError(f"task {self.task}: expected patience >= 1, found {self.patience}")
        if self.discretization not in DISCRETIZATIONS:
            raise HardmaxError(
                f"unknown discretization method {self.discretization!r}, "
                f"expected one of {', '.join(DISCRETIZATIONS)}"
            )

    def gradient_config(self, restarts: bool = True) -> GradientConfig:
        """What its gradient training is told."""
        return GradientConfig(
            members=self.members,
            batch=self.batch,
            highest=self.complexity,
            slack=self.slack,
            discretization=self.discretization,
            restarts=restarts,
            patience=self.patience,
        )

    @property
    def title(self) -> str:
        """For people: what is trained how."""
        return self.task
