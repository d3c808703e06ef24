"""A trained NTM: its weights, what it was trained for, and how it came to be."""

from __future__ import annotations

from dataclasses import dataclass

from hardmax.trainer.nram.model import Provenance, weights_digest
from hardmax.trainer.sequence.machine import Ntm
from hardmax.trainer.sequence.tasks.registry import NtmTask


@dataclass(frozen=True, eq=False)
class NtmModel:
    """One soft NTM.

    Attributes:
        task: what it computes.
        preset: at the sizes of which preset.
        ntm: a population of one.
        provenance: how it was made.
    """

    task: NtmTask
    preset: str
    ntm: Ntm
    provenance: Provenance

    def digest(self) -> str:
        """SHA-256 (hex) of configuration and weights; the same weights give the same digest."""
        return weights_digest(f"{self.task.name} {self.preset} {self.ntm.config}", self.ntm)
