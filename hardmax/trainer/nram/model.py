"""A trained machine: its controller, what it was trained for, and how it came to be."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from torch import nn

from hardmax.trainer.nram.controller import Controller
from hardmax.trainer.nram.tasks import Task

Provenance = Mapping[str, str | int | float]
"""Command, seed, seconds, commit, versions and errors reached; primitives only."""


@dataclass(frozen=True, eq=False)
class Model:
    """One soft NRAM.

    Attributes:
        task: what it computes.
        controller: a population of one.
        provenance: how it was made.
    """

    task: Task
    controller: Controller
    provenance: Provenance

    def digest(self) -> str:
        """SHA-256 (hex) of configuration and weights; the same weights give the same digest."""
        wiring, config = self.controller.wiring, self.controller.config
        return weights_digest(
            f"{self.task.name} {wiring.registers} {wiring.repetitions} "
            f"{config.kind} {config.hidden}",
            self.controller,
        )


def weights_digest(configuration: str, network: nn.Module) -> str:
    """SHA-256 (hex) of a configuration, in words, and of a network's weights."""
    sha = hashlib.sha256(configuration.encode())
    for name, tensor in sorted(network.state_dict().items()):
        sha.update(name.encode())
        sha.update(tensor.cpu().contiguous().numpy().tobytes())
    return sha.hexdigest()
