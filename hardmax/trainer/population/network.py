"""What can be trained as a population: P networks side by side in one module."""

from __future__ import annotations

from abc import abstractmethod

import torch
from torch import nn


class Network(nn.Module):
    """P networks; every parameter carries a leading axis P.

    Attributes:
        members: P.
    """

    members: int

    @abstractmethod
    def initialise(self, member: int, generator: torch.Generator) -> None:
        """Draw fresh weights for one member."""
