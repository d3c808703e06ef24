"""Differentiable data structures: neural stack, queue and deque, and the stack of a stack RNN.

A structure holds values, distributions over W symbols. Stack, queue and deque of Grefenstette et
al. 2015 give every value a strength: how much of it is there. They are kept as running sums of
strengths, with which the papers' recursions become elementwise. The stack RNN of Joulin and
Mikolov 2015 mixes, in every step, the stacks that a push, a pop and no operation would give.

A strength that is 0 or 1 makes them the data structures of their names: see
:class:`hardmax.runtime.stack.program.Structure`.

Shapes: P members, B samples a member, t values that were ever pushed, D cells that a reading shows
from an end. A reading is a distribution over W + 1 for each cell: that nothing is there, then the
symbols.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional

from hardmax.runtime.stack.program import Structure


@dataclass(frozen=True)
class Cells:
    """What a structure holds.

    Attributes:
        values: [P, B, t, W].
        sums: [P, B, t], running sums of strengths; empty where a structure has none.
    """

    values: Tensor
    sums: Tensor


@dataclass(frozen=True)
class Command:
    """What the controller decided for one structure.

    Attributes:
        switches: [P, B, S], strengths 0..1 in the order of ``SoftStructure.switches``.
        action: [P, B, A], a distribution over ``SoftStructure.actions``.
        values: [P, B, V, W], what is pushed at each end.
    """

    switches: Tensor
    action: Tensor
    values: Tensor


class SoftStructure(ABC):
    """One kind of structure; it has no weights of its own.

    Attributes:
        switches, actions: the names of what a controller decides in a step.
        values: how many values it gives.
        structure: what it is where every strength is 0 or 1.
    """

    switches: ClassVar[tuple[str, ...]] = ()
    actions: ClassVar[tuple[str, ...]] = ()
    values: ClassVar[int] = 1
    structure: ClassVar[Structure]

    def start(self, members: int, batch: int, symbols: int, like: Tensor) -> Cells:
        """Nothing: one value of strength 0, so that there is a first sum."""
        shape = (members, batch, 1)
        return Cells(like.new_zeros(*shape, symbols), like.new_zeros(shape))

    @abstractmethod
    def step(self, cells: Cells, command: Command) -> Cells:
        """Pop, then push."""

    @abstractmethod
    def read(self, cells: Cells, depth: int) -> Tensor:
        """[P, B, ends, D, W + 1]."""


class NeuralStack(SoftStructure):
    """Equations 1 to 3 of Grefenstette et al.; ``sums`` are from the top down, a value included.

    With I_i = sum of the strengths from i to the top, popping u leaves max(0, I_i - u), and what is
    read of a value is the share of its strength within 1 from the top.
    """

    switches = ("pop", "push")
    structure = Structure.STACK

    def step(self, cells: Cells, command: Command) -> Cells:
        """The top is the last value."""
        pop, push = command.switches.unbind(-1)
        sums = (cells.sums - pop[..., None]).relu() + push[..., None]
        return Cells(
            torch.cat((cells.values, command.values), 2), torch.cat((sums, push[..., None]), 2)
        )

    def read(self, cells: Cells, depth: int) -> Tensor:
        """From the top."""
        within = _within(cells.sums, depth)
        return _reading(within - functional.pad(within[..., 1:], (0, 1)), cells.values)[:, :, None]


class NeuralQueue(SoftStructure):
    """Section 3.2 of Grefenstette et al.; ``sums`` are from the front, a value included."""

    switches = ("pop", "push")
    structure = Structure.QUEUE

    def step(self, cells: Cells, command: Command) -> Cells:
        """The front is the first value."""
        pop, push = command.switches.unbind(-1)
        sums = (cells.sums - pop[..., None]).relu()
        back = sums[..., -1:] + push[..., None]
        return Cells(torch.cat((cells.values, command.values), 2), torch.cat((sums, back), 2))

    def read(self, cells: Cells, depth: int) -> Tensor:
        """From the front."""
        within = _within(cells.sums, depth)
        return _reading(within - functional.pad(within[..., :-1], (1, 0)), cells.values)[:, :, None]


class NeuralDeque(SoftStructure):
    """Section 3.3 of Grefenstette et al.; ``sums`` are from the bottom, a value included."""

    switches = ("pop_top", "pop_bottom", "push_top", "push_bottom")
    values = 2
    structure = Structure.DEQUE

    def step(self, cells: Cells, command: Command) -> Cells:
        """The bottom is the first value, the top the last."""
        pop_top, pop_bottom, push_top, push_bottom = command.switches[..., None].unbind(-2)
        sums = torch.minimum(cells.sums, (cells.sums[..., -1:] - pop_top).relu())
        sums = (sums - pop_bottom).relu() + push_bottom
        top, bottom = command.values.unbind(2)
        return Cells(
            torch.cat((bottom[:, :, None], cells.values, top[:, :, None]), 2),
            torch.cat((push_bottom, sums, sums[..., -1:] + push_top), 2),
        )

    def read(self, cells: Cells, depth: int) -> Tensor:
        """From the top, then from the bottom."""
        below = functional.pad(cells.sums[..., :-1], (1, 0))
        total = cells.sums[..., -1:]
        top = _within(total - below, depth) - _within(total - cells.sums, depth)
        bottom = _within(cells.sums, depth) - _within(below, depth)
        ends = (_reading(weights, cells.values) for weights in (top, bottom))
        return torch.stack(tuple(ends), 2)


class ActionStack(SoftStructure):
    """Equations 3 and 4 of Joulin and Mikolov: s <- push [v; s] + pop s[1:] + noop s.

    ``values`` are from the top down and sum to how much is there; there are no other sums.
    """

    actions = ("push", "pop", "noop")
    structure = Structure.STACK

    def start(self, members: int, batch: int, symbols: int, like: Tensor) -> Cells:
        """Nothing."""
        return Cells(like.new_zeros(members, batch, 1, symbols), like.new_zeros(()))

    def step(self, cells: Cells, command: Command) -> Cells:
        """A weighted sum of three stacks."""
        push, pop, noop = command.action[..., None, None].unbind(-3)
        old = cells.values
        pushed = torch.cat((command.values, old), 2)
        popped = functional.pad(old[:, :, 1:], (0, 0, 0, 2))
        kept = functional.pad(old, (0, 0, 0, 1))
        return Cells(push * pushed + pop * popped + noop * kept, cells.sums)

    def read(self, cells: Cells, depth: int) -> Tensor:
        """From the top."""
        shown = cells.values[:, :, :depth]
        shown = functional.pad(shown, (0, 0, 0, depth - shown.shape[2]))
        return torch.cat((1 - shown.sum(-1, keepdim=True), shown), -1)[:, :, None]


def _within(sums: Tensor, depth: int) -> Tensor:
    """[P, B, D, t]: how much of sums [P, B, t] lies in cell k, between k and k + 1 from the end."""
    if depth == 1:
        return sums.clamp(0, 1)[:, :, None]
    cell = torch.arange(depth, dtype=sums.dtype, device=sums.device)
    return (sums[:, :, None] - cell[:, None]).clamp(0, 1)


def _reading(weights: Tensor, values: Tensor) -> Tensor:
    """[P, B, D, W + 1] of weights [P, B, D, t] and values [P, B, t, W]."""
    nothing = 1 - weights.sum(-1, keepdim=True)
    return torch.cat((nothing, weights @ values), -1)


STRUCTURES: dict[str, SoftStructure] = {
    "stack": NeuralStack(),
    "queue": NeuralQueue(),
    "deque": NeuralDeque(),
    "stackrnn": ActionStack(),
}
"""By their names in settings and files."""
