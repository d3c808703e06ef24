"""What section 4.1 of the paper does to values and gradients inside the unrolled machine."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

LOG_FLOOR = 1e-6
"""The epsilon of log(max(x, epsilon))."""

ACTIVATION_GRADIENT_LIMIT = 10.0
"""C_1: every coordinate of a gradient inside the backpropagation is cropped to [-C_1, C_1]."""


def bounded_log(x: Tensor) -> Tensor:
    """log(max(x, epsilon)), elementwise ("Limiting the values of logarithms")."""
    return x.clamp_min(LOG_FLOOR).log()


class _Constrain(torch.autograd.Function):
    """Forward: rescale to sum 1. Backward: the identity, cropped to [-C_1, C_1]."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x / x.sum(-1, keepdim=True)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        (gradient,) = gradients
        return gradient.clamp(-ACTIVATION_GRADIENT_LIMIT, ACTIVATION_GRADIENT_LIMIT)


def constrain(distribution: Tensor) -> Tensor:
    """Renormalise a distribution [..., M] forward; only clip its gradient backward.

    "Enforcing Distribution Constraints" (footnote 5) and "Gradient clipping" of section 4.1.
    """
    result: Tensor = _Constrain.apply(distribution)  # type: ignore[no-untyped-call]
    return result
