"""A trained machine: its controller, what it was trained for, and how it came to be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from hardmax.trainer.nram.controller import Controller
from hardmax.trainer.nram.machine import Decide, hard, soft, timesteps
from hardmax.trainer.nram.tasks import Task
from hardmax.trainer.provenance import Provenance, weights_digest


@dataclass(frozen=True, eq=False)
class Model:
    """One soft NRAM.

    Attributes:
        task: what it computes.
        controller: a population of one.
        provenance: how it was made.
    """

    kind: ClassVar[str] = "nram"
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

    def soft_cells(self, memories: Tensor, steps: int) -> Tensor:
        """The most probable value of every cell in the expected final memory (section 3.3).

        That is the argmax over v of the sum over t of p_t M(t)[cell, v].

        Args:
            memories: int64 [N, M], values 0..M-1, M >= 2.
            steps: T, the timestep at which the output is forced.

        Returns:
            int64 [N, M].
        """
        return self._read_out(memories, steps, soft)

    def discretized_cells(self, memories: Tensor, steps: int) -> Tensor:
        """As :meth:`soft_cells`, with every softmax replaced by a hardmax."""
        return self._read_out(memories, steps, hard)

    @torch.no_grad()
    def _read_out(self, memories: Tensor, steps: int, decide: Decide) -> Tensor:
        tape = memories.unsqueeze(0)
        budget = torch.full(tape.shape[:2], steps)
        expected = torch.zeros(())
        for step in timesteps(self.controller, tape, budget, decide):
            expected = expected + step.finish[..., None, None] * step.memory
            left = step.alive - step.finish
            if bool((left < 0.5).all()):
                best, second = expected.topk(2).values.unbind(-1)
                if bool((best - second > left.unsqueeze(-1)).all()):
                    break  # what the rest of the run adds can change no maximum
        return expected.argmax(-1).squeeze(0)

    def __repr__(self) -> str:
        return f"<{self.kind} model of {self.task.name}, {self.digest()[:12]}>"
