"""What can be trained as a population: P networks side by side in one module."""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Callable
from typing import TypeVar

import torch
from torch import nn

from hardmax.runtime.errors import HardmaxError


class Network(nn.Module):
    """P networks; every parameter carries a leading axis P.

    Attributes:
        members: P.
    """

    members: int

    @abstractmethod
    def initialise(self, member: int, generator: torch.Generator) -> None:
        """Draw fresh weights for one member."""


COPIES = 10
"""Of the weights: themselves, gradients, two moments, averages, and all but gradients at best."""

AnyNetwork = TypeVar("AnyNetwork", bound=Network)


def network_with_room(build: Callable[[], AnyNetwork], device: torch.device) -> AnyNetwork:
    """What ``build`` makes, on a device, if this machine has the memory to train it.

    Args:
        build: makes a network, of anything that keeps tensors a new one each time.

    Raises:
        HardmaxError: its weights alone take more memory than there is.
    """
    with torch.device("meta"):  # shapes only
        shapes = build()
    size = COPIES * sum(p.numel() * p.element_size() for p in shapes.parameters())
    if device.type == "cpu" and size > _physical_memory():
        raise HardmaxError(
            f"expected memory for {shapes.members} members, found too little: training them takes "
            f"{size / 2**30:,.0f} GiB, this machine has {_physical_memory() / 2**30:,.0f}; "
            "try fewer --members"
        )
    return build().to(device)


def _physical_memory() -> int:
    """Bytes."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
