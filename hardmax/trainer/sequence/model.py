"""A trained sequence machine: its weights, what it was trained for, and how it came to be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from hardmax.runtime import notebook
from hardmax.runtime.float32 import Floats
from hardmax.runtime.sequence.trace import Trace
from hardmax.trainer.decisions import Decisions
from hardmax.trainer.provenance import Provenance, weights_digest
from hardmax.trainer.sequence.machine import SequenceMachine
from hardmax.trainer.sequence.tasks.task import SequenceTask


@dataclass(frozen=True, eq=False)
class SequenceModel:
    """One soft sequence machine.

    Attributes:
        task: what it computes.
        preset: at the sizes of which preset.
        machine: a population of one.
        provenance: how it was made.
    """

    task: SequenceTask
    preset: str
    machine: SequenceMachine
    provenance: Provenance

    @property
    def kind(self) -> str:
        """The kind of machine, a name in ``hardmax.trainer.kinds.KINDS``: its memory's."""
        return self.machine.config.memory.kind

    def digest(self) -> str:
        """SHA-256 (hex) of configuration and weights; the same weights give the same digest."""
        config = self.machine.config
        # In the words of version 0.1, as programs of older models carry their hashes.
        sizes = (
            f"NtmConfig(inputs={config.inputs}, outputs={config.outputs}, "
            f"controller={config.controller}, tape={config.memory})"
        )
        return weights_digest(f"{self.task.name} {self.preset} {sizes}", self.machine)

    @torch.no_grad()
    def outputs(self, inputs: Tensor, rows: int, decisions: Decisions) -> Tensor:
        """[K, T, V']: probabilities of every output.

        Args:
            inputs: float [K, T, V], K sequences.
            rows: N, of the memory.
            decisions: soft or hard.
        """
        outputs: Tensor = self.machine(inputs[None], rows, decisions)[0].sigmoid()
        return outputs

    @torch.no_grad()
    def trace(self, inputs: Floats, rows: int, decisions: Decisions) -> Trace:
        """Run on one sequence, every step kept.

        Args:
            inputs: (T, V).
            rows: N, of the memory.
            decisions: soft or hard.
        """
        machine = self.machine
        hidden = machine.config.controller.hidden
        steps = list(machine.steps(torch.from_numpy(inputs)[None, None], rows, decisions))
        visible = torch.stack([step.visible for step in steps], 2)
        told = machine.interface(visible[..., :hidden].flatten(1, 2))[0]
        weightings, added = machine.memory.observed(told, [step.choices for step in steps])
        outputs = machine.logits(visible).sigmoid()[0, 0]
        return Trace(inputs, outputs.numpy(), weightings.numpy(), added.numpy())

    def facts(self) -> Iterator[tuple[str, object]]:
        """Yield what is to be said of its size, name and value: lines of ``hardmax info``."""
        yield "preset", self.preset

    def _repr_html_(self) -> str:
        return notebook.table(repr(self), [*self.facts(), *self.provenance.items()])

    def __repr__(self) -> str:
        return f"<{self.kind} model of {self.task.name} ({self.preset}), {self.digest()[:12]}>"
