"""Layers of a population: P independent networks cost one batched matrix product a layer.

Every weight carries a leading axis P. A saved model is a population of one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from hardmax.runtime import float32
from hardmax.runtime.errors import HardmaxError

CONTROLLERS = ("mlp", "lstm")
MAX_HIDDEN = 4096

State = tuple[Tensor, Tensor] | None
"""Hidden and cell vectors of an LSTM, each [P, B, H]; None for a feedforward controller."""


@dataclass(frozen=True)
class ControllerConfig:
    """Kind and width of a controller; ``kind`` is one of CONTROLLERS."""

    kind: str = "mlp"
    hidden: int = 32

    def __post_init__(self) -> None:
        if self.kind not in CONTROLLERS:
            raise HardmaxError(
                f"expected controller {' or '.join(CONTROLLERS)}, found {self.kind!r:.40}"
            )
        if not 1 <= self.hidden <= MAX_HIDDEN:
            raise HardmaxError(f"expected 1..{MAX_HIDDEN} hidden units, found {self.hidden}")

    @property
    def recurrent(self) -> bool:
        """Whether it is an LSTM."""
        return self.kind == "lstm"


class Layer(nn.Module):
    """P affine maps side by side: [P, B, inputs] -> [P, B, outputs]."""

    def __init__(self, members: int, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(members, inputs, outputs))
        self.bias = nn.Parameter(torch.zeros(members, 1, outputs))

    def forward(self, x: Tensor) -> Tensor:
        return torch.baddbmm(self.bias, x, self.weight)

    @torch.no_grad()
    def initialise(self, member: int, generator: torch.Generator, gain: float) -> None:
        """Draw fresh weights for one member: normal, variance gain / fan-in, biases 0."""
        weight = self.weight[member]
        draw = torch.randn(weight.shape, generator=generator)
        weight.copy_(draw * math.sqrt(gain / weight.shape[0]))
        self.bias[member].zero_()

    def to_float32(self) -> float32.Layer:
        """The layer of a population of one, for programs.

        Raises:
            HardmaxError: its weights are not finite.
        """
        weight, bias = self.weight.detach()[0], self.bias.detach()[0, 0]
        return float32.Layer(weight.cpu().numpy(), bias.cpu().numpy())


def lstm_cell(gates: Tensor, cell: Tensor) -> tuple[Tensor, Tensor]:
    """One step of an LSTM: c = f * c + i * tanh(g), h = o * tanh(c).

    Args:
        gates: [P, B, 4 H]: what forget, input and output gate are the sigmoids of, and g.
        cell: [P, B, H], c before the step.

    Returns:
        h and c after it, each [P, B, H].
    """
    forget_gate, input_gate, output_gate, candidate = gates.chunk(4, -1)
    cell = forget_gate.sigmoid() * cell + input_gate.sigmoid() * candidate.tanh()
    return output_gate.sigmoid() * cell.tanh(), cell
