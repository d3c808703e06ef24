"""The fuzzy meaning of every gate: eq. (2) in closed form, O(M) or O(M^2).

Operands are distributions over 0..M-1 on the last axis; leading axes are batch axes.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from hardmax.runtime.nram.gates import Gate

FuzzyMeaning = Callable[[Tensor, Tensor], Tensor]


def constant(value: int, like: Tensor) -> Tensor:
    """The distribution [..., M] of ``value`` mod M, shaped like ``like``."""
    distribution = torch.zeros_like(like)
    distribution[..., value % like.shape[-1]] = 1
    return distribution


def _at_least(a: Tensor) -> Tensor:
    """[..., M]: P(A >= c) for every c."""
    return a.flip(-1).cumsum(-1).flip(-1)


def _boolean(true: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """[..., M]: mass ``true`` on 1 mod M and the rest of the joint mass on 0."""
    size = a.shape[-1]
    total = a.sum(-1) * b.sum(-1)
    if size == 1:
        return total.unsqueeze(-1)
    return functional.pad(torch.stack((total - true, true), -1), (0, size - 2))


def _sub(a: Tensor, b: Tensor) -> Tensor:
    size = a.shape[-1]
    windows = torch.cat((a, a[..., : size - 1]), -1).unfold(-1, size, 1)
    return (windows @ b.unsqueeze(-1)).squeeze(-1)


def _add(a: Tensor, b: Tensor) -> Tensor:
    return _sub(a, b.flip(-1).roll(1, -1))


def _less_than(a: Tensor, b: Tensor) -> Tensor:
    return _boolean((a * (_at_least(b) - b)).sum(-1), a, b)


def _less_or_equal_than(a: Tensor, b: Tensor) -> Tensor:
    return _boolean((a * _at_least(b)).sum(-1), a, b)


def _equality_test(a: Tensor, b: Tensor) -> Tensor:
    return _boolean((a * b).sum(-1), a, b)


def _min(a: Tensor, b: Tensor) -> Tensor:
    return a * _at_least(b) + b * (_at_least(a) - a)


def _max(a: Tensor, b: Tensor) -> Tensor:
    return a * b.cumsum(-1) + b * (a.cumsum(-1) - a)


FUZZY_MEANING: dict[Gate, FuzzyMeaning] = {
    Gate.ZERO: lambda a, b: constant(0, a),
    Gate.ONE: lambda a, b: constant(1, a),
    Gate.TWO: lambda a, b: constant(2, a),
    Gate.INC: lambda a, b: a.roll(1, -1),
    Gate.ADD: _add,
    Gate.SUB: _sub,
    Gate.DEC: lambda a, b: a.roll(-1, -1),
    Gate.LESS_THAN: _less_than,
    Gate.LESS_OR_EQUAL_THAN: _less_or_equal_than,
    Gate.EQUALITY_TEST: _equality_test,
    Gate.MIN: _min,
    Gate.MAX: _max,
}
"""Every gate that does not touch memory."""


def read(memory: Tensor, pointer: Tensor) -> Tensor:
    """READ: M^T p, for memory [..., M, M] (cell, value) and pointer [..., M]."""
    return (pointer.unsqueeze(-2) @ memory).squeeze(-2)


def write(memory: Tensor, pointer: Tensor, value: Tensor) -> Tensor:
    """WRITE: (J - p) J^T . M + p a^T (the paper's footnote 2), for memory [..., M, M]."""
    return torch.lerp(memory, value.unsqueeze(-2), pointer.unsqueeze(-1))
