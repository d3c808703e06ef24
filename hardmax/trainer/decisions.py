"""How a machine decides: softly, hard, or in training by a mixture of the two.

A decision is a choice among K values (softmax or first maximum of K logits) or a switch (sigmoid
or sign of one logit). Soft and discretized machine are the same code with another one of these.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional


class Decisions(Protocol):
    """Turns logits of P members and B samples into distributions and probabilities."""

    def choose(self, logits: Tensor) -> Tensor:
        """Distributions [P, B, ..., K] of logits [P, B, ..., K]."""

    def switch(self, logit: Tensor) -> Tensor:
        """Probabilities [P, B, ...] of logits [P, B, ...]."""


class Soft:
    """Softmax and sigmoid."""

    def choose(self, logits: Tensor) -> Tensor:
        """Softmax over the last axis."""
        return logits.softmax(-1)

    def switch(self, logit: Tensor) -> Tensor:
        """Sigmoid."""
        return logit.sigmoid()


class Hard:
    """One-hot of the first maximum, and whether a logit is above 0."""

    def choose(self, logits: Tensor) -> Tensor:
        """One-hot over the last axis; ties go to the lowest index."""
        return functional.one_hot(logits.argmax(-1), logits.shape[-1]).to(logits.dtype)

    def switch(self, logit: Tensor) -> Tensor:
        """1 where the logit is above 0, else 0."""
        return (logit > 0).to(logit.dtype)


SOFT, HARD = Soft(), Hard()


class Mixture:
    """Training-time decisions: Gumbel noise on the logits, and a share of samples decided hard."""

    def __init__(
        self, straight_through: Tensor, gumbel: Tensor, generator: torch.Generator
    ) -> None:
        """Take the members' settings.

        Args:
            straight_through: [P] in 0..1, share of the samples whose forward pass is discretized
                while the gradient is the softmax's; which ones is drawn once.
            gumbel: [P] >= 0, scale of the noise on choices.
            generator: on the device of the logits.
        """
        self.straight_through = straight_through
        self.gumbel = gumbel
        self.generator = generator
        self._chosen: Tensor | None = None
        # Asked once, not in every timestep: a GPU would have to finish its work to answer.
        self._noisy = bool((gumbel > 0).any())
        self._partly_hard = bool((straight_through > 0).any())

    def choose(self, logits: Tensor) -> Tensor:
        """Softmax, or in the chosen samples one-hot with its gradient, of noisy logits."""
        self._choose_samples(logits)
        if self._noisy:
            logits = logits + _expand(self.gumbel, logits) * _gumbel(logits, self.generator)
        return self._mix(SOFT.choose(logits), logits, HARD.choose)

    def switch(self, logit: Tensor) -> Tensor:
        """Sigmoid, or in the chosen samples a threshold with its gradient."""
        self._choose_samples(logit)
        return self._mix(SOFT.switch(logit), logit, HARD.switch)

    def _choose_samples(self, logits: Tensor) -> None:
        if self._chosen is None:
            members, batch = logits.shape[:2]
            draw = torch.rand((members, batch), generator=self.generator, device=logits.device)
            self._chosen = draw < self.straight_through[:, None]

    def _mix(self, soft: Tensor, logits: Tensor, harden: Callable[[Tensor], Tensor]) -> Tensor:
        if not self._partly_hard:
            return soft
        assert self._chosen is not None
        hard = harden(logits) + (soft - soft.detach())
        return torch.where(_expand(self._chosen, logits), hard, soft)


class Noisy:
    """Other decisions, but with noise on choices, in proportion to how far their logits spread.

    A machine that is right all the same chooses with a margin, and one that a larger temperature
    cannot pretend.
    """

    def __init__(self, decisions: Decisions, scale: Tensor, generator: torch.Generator) -> None:
        """Take what decides, and the members' noise.

        Args:
            scale: [P] >= 0, of the Gumbel noise, in shares of the spread.
            generator: on the device of the logits.
        """
        self.decisions = decisions
        self.scale = scale
        self.generator = generator
        self._noisy = bool((scale > 0).any())

    def choose(self, logits: Tensor) -> Tensor:
        """The choice among noisy logits."""
        if not self._noisy:
            return self.decisions.choose(logits)
        spread = (logits.amax(-1, keepdim=True) - logits.amin(-1, keepdim=True)).detach()
        noise = _expand(self.scale, logits) * spread * _gumbel(logits, self.generator)
        return self.decisions.choose(logits + noise)

    def switch(self, logit: Tensor) -> Tensor:
        """No other than without noise."""
        return self.decisions.switch(logit)


def _gumbel(like: Tensor, generator: torch.Generator) -> Tensor:
    """Standard Gumbel noise of one shape with another tensor."""
    draw = torch.rand(like.shape, generator=generator, device=like.device)
    return -torch.log(-torch.log(draw.clamp(1e-9, 1 - 1e-7)))


def _expand(setting: Tensor, like: Tensor) -> Tensor:
    """[P] or [P, B] as something that broadcasts against ``like``, [P, B, ...]."""
    return setting.view(*setting.shape, *[1] * (like.dim() - setting.dim()))
