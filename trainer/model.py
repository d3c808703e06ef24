"""A trained machine: its controller, what it was trained for, and how it came to be."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from trainer.controller import Controller
from trainer.tasks import Task

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
        sha = hashlib.sha256(
            f"{self.task.name} {wiring.registers} {wiring.repetitions} "
            f"{config.kind} {config.hidden}".encode()
        )
        for name, tensor in sorted(self.controller.state_dict().items()):
            sha.update(name.encode())
            sha.update(tensor.cpu().contiguous().numpy().tobytes())
        return sha.hexdigest()
