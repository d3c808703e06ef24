"""A population of machines that train side by side, each with its own hyperparameters and level.

The paper's "11% of seeds converge" costs one run: members that do not move are replaced by fresh
ones, and by copies of the best (population-based training, Jaderberg et al. 2017).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic

import torch
from torch import Tensor

from hardmax.trainer.population.network import AnyNetwork, Network
from hardmax.trainer.population.optimizer import PopulationAdam


@dataclass(frozen=True)
class Hyperparameters:
    """One member's settings; ranges in :data:`RANGES`.

    Attributes:
        learning_rate: Adam's learning rate.
        entropy_bonus: entropy bonus at the member's first update (section 4.1, "Entropy").
        bonus_decay: share of the bonus lost in every update.
        gradient_noise: standard deviation of the gradient noise at the first update.
        straight_through: share of the samples run with hard decisions in the forward pass and
            soft ones in the backward pass.
        gumbel: scale of the Gumbel noise added to the decision logits.
    """

    learning_rate: float
    entropy_bonus: float
    bonus_decay: float
    gradient_noise: float
    straight_through: float
    gumbel: float


FORMER_NAMES = {
    "rate": "learning_rate",
    "bonus": "entropy_bonus",
    "decay": "bonus_decay",
    "noise": "gradient_noise",
    "hard_error": "discretized_error",
    "scheme": "discretization",
    "begin_from": "init_from",
}
"""What settings, hyperparameters and errors are called in files of version 0.1, and today."""


def present_names(data: Mapping[str, Any]) -> dict[str, Any]:
    """Data from a file, perhaps an old one, by today's names."""
    return {FORMER_NAMES.get(name, name): value for name, value in data.items()}


Ranges = Mapping[str, tuple[float, float]]
"""Log-uniform ranges of the hyperparameters that are drawn from a continuum."""


@dataclass(frozen=True)
class Discretization:
    """A method of making members discretize well: what each draws, and which penalties adapt.

    Attributes:
        straight_through, gumbel: the values that a member's setting of that name is drawn from.
        choice_penalty: penalise the entropy of the controller's distributions, as strongly as the
            gap between soft and discretized error asks for.
        value_penalty: penalise that of registers and memory likewise (the paper's footnote 7).
    """

    straight_through: tuple[float, ...] = (0.0,)
    gumbel: tuple[float, ...] = (0.0,)
    choice_penalty: bool = False
    value_penalty: bool = False


DISCRETIZATIONS: dict[str, Discretization] = {
    "none": Discretization(),
    "entropy": Discretization(choice_penalty=True),
    "gumbel": Discretization(gumbel=(0.3, 1.0)),
    "straight-through": Discretization(straight_through=(0.25, 0.5, 1.0)),
    "partly-hard": Discretization(straight_through=(0.15, 0.25, 0.4), choice_penalty=True),
    "half-hard": Discretization(straight_through=(0.5,), gumbel=(0.3, 1.0)),
    "tenth-hard": Discretization(straight_through=(0.1,), gumbel=(0.3, 1.0)),
    "values": Discretization(value_penalty=True),
    "mixed": Discretization(
        straight_through=(0.0, 0.25, 0.5, 1.0), gumbel=(0.0, 0.0, 0.3, 1.0), choice_penalty=True
    ),
}
"""Discretization methods, compared in ``benchmarks/discretizations.py``."""

DEFAULT_DISCRETIZATION = "mixed"

AS_GOOD = 0.002
"""An error that exceeds the best one by no more counts as good: both are means of few samples."""

SLOWER = 0.7
"""The factor of the learning rate of a member that was too fast and collapsed."""

PERTURBATIONS = (0.7, 1.0, 1.4)
"""Factors by which a copy's continuous hyperparameters differ from the original's."""


def draw_hyperparameters(
    discretization: Discretization, generator: torch.Generator, ranges: Ranges
) -> Hyperparameters:
    """Draw a member's settings from the stated ranges and the discretization method's values."""

    def log_uniform(low: float, high: float) -> float:
        share = torch.rand((), generator=generator).item()
        return math.exp(math.log(low) + share * math.log(high / low))

    return Hyperparameters(
        **{name: log_uniform(*bounds) for name, bounds in ranges.items()},
        straight_through=_choose(discretization.straight_through, generator),
        gumbel=_choose(discretization.gumbel, generator),
    )


def perturb(
    original: Hyperparameters, generator: torch.Generator, ranges: Ranges
) -> Hyperparameters:
    """A copy with each setting that has a range scaled by a factor drawn from PERTURBATIONS."""
    return dataclasses.replace(
        original,
        **{name: getattr(original, name) * _choose(PERTURBATIONS, generator) for name in ranges},
    )


def _choose(options: tuple[float, ...], generator: torch.Generator) -> float:
    return options[int(torch.randint(len(options), (), generator=generator))]


class Population(Generic[AnyNetwork]):
    """The state of P members in training; everything is in :meth:`state`.

    Attributes:
        network: the P networks.
        optimizer: their Adam.
        hyperparameters: one a member.
        level: int64 [P], curriculum level.
        age: int64 [P], updates since the member, or the one it is a copy of, was drawn.
        tenure: int64 [P], updates since the member was drawn or copied.
        since_raise: int64 [P], updates since the level last rose, its originals' counted.
        soft_error, discretized_error: [P], moving averages on samples at or below the level.
        penalty: [P], weight of the entropy penalties that harden a member (adapted, >= 0).
        best: what a member learned when its discretized error was the smallest, by name.
        best_error: [P], that error; infinite where nothing is kept.
    """

    def __init__(
        self,
        network: AnyNetwork,
        discretization: Discretization,
        lowest_level: int,
        seed: int,
        ranges: Ranges,
        first_level: int | None = None,
    ) -> None:
        """Draw P members.

        Args:
            network: on its device; its weights are drawn here.
            discretization, ranges: what hyperparameters are drawn from.
            lowest_level: the easiest that there is.
            seed: of all draws, now and later.
            first_level: where every member begins; None for the lowest level.
        """
        self.discretization = discretization
        self.ranges = ranges
        self.lowest_level = lowest_level
        self.first_level = lowest_level if first_level is None else first_level
        self.generator = torch.Generator().manual_seed(seed)
        self.network = network
        self.optimizer = PopulationAdam(network)
        members, device = network.members, self.optimizer.updates.device
        self.hyperparameters = [
            draw_hyperparameters(discretization, self.generator, ranges) for _ in range(members)
        ]
        self.level = torch.full((members,), self.first_level, device=device)
        self.age = torch.zeros_like(self.level)
        self.tenure = torch.zeros_like(self.level)
        self.since_raise = torch.zeros_like(self.level)
        self.soft_error = torch.ones(members, device=device)
        self.discretized_error = torch.ones(members, device=device)
        self.penalty = torch.zeros(members, device=device)
        for member in range(members):
            self.network.initialise(member, self.generator)
        self.best = {name: tensor.detach().clone() for name, tensor in self._learned().items()}
        self.best_error = torch.full_like(self.discretized_error, math.inf)

    @property
    def members(self) -> int:
        """P."""
        return len(self.hyperparameters)

    def setting(self, name: str) -> Tensor:
        """[P], one hyperparameter of every member."""
        values = [getattr(h, name) for h in self.hyperparameters]
        return torch.tensor(values, device=self.level.device)

    @torch.no_grad()
    def init_from(self, single: Network, level: int) -> None:
        """Make every member a copy of one network, at a level and free of error until measured.

        Args:
            single: a population of one of the same shapes.
        """
        given = dict(single.named_parameters())
        for name, parameter in self.network.named_parameters():
            parameter.copy_(given[name].expand_as(parameter))
        self.level.fill_(level)
        for error in (self.soft_error, self.discretized_error):
            error.zero_()

    def restart(self, member: int) -> None:
        """Replace a member by a fresh one: new weights, new hyperparameters, first level."""
        self.hyperparameters[member] = draw_hyperparameters(
            self.discretization, self.generator, self.ranges
        )
        self.network.initialise(member, self.generator)
        self.optimizer.reset(member)
        for counter in (self.age, self.tenure, self.since_raise, self.penalty):
            counter[member] = 0
        self.level[member] = self.first_level
        self._forget_errors(member)
        self.best_error[member] = math.inf

    @torch.no_grad()
    def copy(self, source: int, target: int) -> None:
        """Replace ``target`` by a copy of ``source`` with perturbed hyperparameters."""
        self.hyperparameters[target] = perturb(
            self.hyperparameters[source], self.generator, self.ranges
        )
        for parameter in self.network.parameters():
            parameter[target] = parameter[source]
        self.optimizer.copy(source, target)
        for counter in (self.age, self.since_raise, self.penalty, self.level):
            counter[target] = counter[source]
        self.tenure[target] = 0
        self._forget_errors(target)
        self.best_error[target] = math.inf

    @torch.no_grad()
    def keep_best(self, members: Tensor) -> None:
        """Keep what those of ``members``, bool [P], have learned that were never better."""
        better = members & (self.discretized_error <= self.best_error + AS_GOOD)
        self.best_error = torch.where(
            better, self.discretized_error.minimum(self.best_error), self.best_error
        )
        for name, tensor in self._learned().items():
            self.best[name][better] = tensor[better]

    @torch.no_grad()
    def return_to_best(self, members: Tensor) -> None:
        """Let ``members``, bool [P], go on from where they were best, more slowly."""
        for name, tensor in self._learned().items():
            tensor[members] = self.best[name][members]
        for member in members.nonzero().flatten().tolist():
            settings = self.hyperparameters[member]
            self.hyperparameters[member] = dataclasses.replace(
                settings, learning_rate=SLOWER * settings.learning_rate
            )

    def _learned(self) -> dict[str, Tensor]:
        """Everything about the members that training changes but counters; each [P, ...]."""
        parameters = dict(self.network.named_parameters())
        names = ("soft_error", "discretized_error", "penalty")
        return {
            **parameters,
            **{f"optimizer.{name}": tensor for name, tensor in self.optimizer.state().items()},
            **{name: getattr(self, name) for name in names},
        }

    def _forget_errors(self, member: int) -> None:
        self.soft_error[member] = 1
        self.discretized_error[member] = 1

    def ranking(self) -> list[int]:
        """Members from best to worst: highest level, then smallest discretized and soft error."""
        error = self.discretized_error.double() + 0.5 * self.soft_error.double()
        keys = list(zip((-self.level).tolist(), error.tolist(), strict=True))
        return sorted(range(self.members), key=keys.__getitem__)

    def _tensors(self) -> dict[str, Tensor]:
        counters = ("level", "age", "tenure", "since_raise")
        names = (*counters, "soft_error", "discretized_error", "penalty", "best_error")
        return {name: getattr(self, name) for name in names}

    def state(self) -> dict[str, Any]:
        """Primitives and tensors from which :meth:`restore` continues exactly."""
        return {
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state(),
            "hyperparameters": [dataclasses.asdict(h) for h in self.hyperparameters],
            "generator": self.generator.get_state(),
            "best": self.best,
            **self._tensors(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over what :meth:`state` returned."""
        self.network.load_state_dict(state["network"])
        self.optimizer.restore(state["optimizer"])
        state = present_names(state)
        self.hyperparameters = [
            Hyperparameters(**present_names(h)) for h in state["hyperparameters"]
        ]
        self.generator.set_state(state["generator"])
        for kept, found in (
            (self._tensors(), state),
            (self.best, present_names(state["best"])),
        ):
            for name, tensor in kept.items():
                tensor.copy_(found[name])
