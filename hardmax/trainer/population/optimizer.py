"""Adam for a population: every member has its own learning rate, moments, step count,
norm and noise.

It keeps a moving average of the weights, too, which is often the better machine (Polyak and
Juditsky 1992).
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from hardmax.trainer.population.network import Network

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8
GRADIENT_NORM_LIMIT = 1.0
"""C_2: a member's whole gradient is rescaled so that its L2 norm is at most this."""

NOISE_DECAY = 0.55
"""Exponent of the noise variance eta / (1 + t)^gamma (Neelakantan et al. 2015)."""


WEIGHT_DECAY = 0.995
"""Of the moving average of the weights, an update."""


class PopulationAdam:
    """Adam (Kingma & Ba 2014) on parameters [P, ...] with clipped, noisy gradients."""

    def __init__(self, network: Network) -> None:
        self.parameters = dict(network.named_parameters())
        self.first = {name: torch.zeros_like(p) for name, p in self.parameters.items()}
        self.second = {name: torch.zeros_like(p) for name, p in self.parameters.items()}
        self.average = {name: torch.zeros_like(p) for name, p in self.parameters.items()}
        device = next(network.parameters()).device
        self.updates = torch.zeros(network.members, device=device)

    def reset(self, member: int) -> None:
        """Forget a member's history, for one that starts afresh."""
        self.updates[member] = 0
        for moments in self.moments().values():
            for moment in moments.values():
                moment[member] = 0

    def copy(self, source: int, target: int) -> None:
        """Give ``target`` the history of ``source``."""
        self.updates[target] = self.updates[source]
        for moments in self.moments().values():
            for moment in moments.values():
                moment[target] = moment[source]

    def moments(self) -> dict[str, dict[str, Tensor]]:
        """The moving averages by their names: of gradients, of their squares, and of weights."""
        return {"first": self.first, "second": self.second, "average": self.average}

    def schedule(self, gradient_noise: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """What depends on how many updates there were, for the next one; each [P].

        Args:
            gradient_noise: as for :meth:`step`.

        Returns:
            The standard deviation of the gradient noise, and the factors by which the moving
            averages of gradients and of their squares are to be multiplied: they began at 0.
        """
        deviation = gradient_noise * (1 + self.updates) ** (-NOISE_DECAY / 2)
        count = 1 + self.updates
        return deviation, 1 / (1 - BETA1**count), 1 / (1 - BETA2**count)

    @torch.no_grad()
    def step(
        self, learning_rate: Tensor, gradient_noise: Tensor, generator: torch.Generator
    ) -> None:
        """Clip each member's gradient by its own norm, add decaying noise, and move.

        A member whose gradient is not finite stays as it is, moments and step count included.

        Args:
            learning_rate: [P].
            gradient_noise: [P], its standard deviation eta^(1/2) at a member's first update.
            generator: of the noise, on the parameters' device.
        """
        gradients = {
            name: p.grad if p.grad is not None else torch.zeros_like(p)
            for name, p in self.parameters.items()
        }
        norm = torch.stack([g.flatten(1).square().sum(1) for g in gradients.values()]).sum(0).sqrt()
        finite = norm.isfinite()
        moved = finite.to(norm.dtype)
        scale = torch.where(finite, (GRADIENT_NORM_LIMIT / norm).clamp_max(1), 0)
        deviation, first_share, second_share = self.schedule(gradient_noise)
        self.updates += finite
        for name, p in self.parameters.items():

            def per_member(x: Tensor, like: Tensor = p) -> Tensor:
                return x.view(-1, *[1] * (like.dim() - 1))

            gradient = gradients[name].nan_to_num(0, 0, 0) * per_member(scale)
            draw = torch.randn(p.shape, generator=generator, device=p.device)
            gradient = gradient + draw * per_member(deviation)
            first = self.first[name].lerp_(gradient, per_member(moved * (1 - BETA1)))
            second = self.second[name].lerp_(gradient.square(), per_member(moved * (1 - BETA2)))
            move = first * per_member(first_share)
            move = move / ((second * per_member(second_share)).sqrt() + EPSILON)
            p.sub_(torch.where(per_member(finite), per_member(learning_rate) * move, 0))
            p.grad = None
            self.average[name].lerp_(p, per_member(moved * (1 - WEIGHT_DECAY)))

    def averages(self, member: int) -> dict[str, Tensor]:
        """The moving averages of one member's weights by name, each [1, ...].

        Like the other moments they begin at 0 and are corrected for it: after at least one update.
        """
        share = 1 - WEIGHT_DECAY ** self.updates[member]
        return {name: moment[member : member + 1] / share for name, moment in self.average.items()}

    def state(self) -> dict[str, Tensor]:
        """Everything :meth:`restore` needs, as plain tensors."""
        state = {"updates": self.updates}
        for prefix, moments in self.moments().items():
            state |= {f"{prefix}.{name}": moment for name, moment in moments.items()}
        return state

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Take over what :meth:`state` returned."""
        for name, tensor in self.state().items():
            tensor.copy_(state[name])
