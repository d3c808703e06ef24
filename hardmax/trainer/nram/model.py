"""A trained machine: its controller, what it was trained for, and how it came to be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from hardmax.runtime import notebook
from hardmax.runtime.abi import Status
from hardmax.runtime.nram.interpreter import Result
from hardmax.trainer.nram.controller import Controller
from hardmax.trainer.nram.discrete import run_discrete
from hardmax.trainer.nram.machine import hard, soft, timesteps
from hardmax.trainer.nram.tasks import Task
from hardmax.trainer.provenance import FITTED, Provenance, weights_digest


def present_origin(provenance: Provenance) -> Provenance:
    """What a provenance, perhaps of version 0.1, says of the origin of a model, by today's words.

    Version 0.1 fitted all weights to the program that was found, whoever had found it.
    """
    found_by = provenance.get("found_by")
    if found_by is None or "weights" in provenance:
        return provenance
    method, _, teacher = str(found_by).partition(" from ")
    hybrid = teacher.startswith("the gradient's table")
    method = "hybrid" if hybrid else method.partition(",")[0]
    return {**provenance, "found_by": method, "weights": FITTED}


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

    @torch.no_grad()
    def soft_cells(self, memories: Tensor, steps: int) -> Tensor:
        """The most probable value of every cell in the expected final memory (section 3.3).

        That is the argmax over v of the sum over t of p_t M(t)[cell, v].

        Args:
            memories: int64 [N, M], values 0..M-1, M >= 2.
            steps: T, the timestep at which the output is forced.

        Returns:
            int64 [N, M].
        """
        tape = memories.unsqueeze(0)
        budget = torch.full(tape.shape[:2], steps)
        expected = torch.zeros(())
        for step in timesteps(self.controller, tape, budget, soft):
            expected = expected + step.finish[..., None, None] * step.memory
            left = step.alive - step.finish
            if bool((left < 0.5).all()):
                best, second = expected.topk(2).values.unbind(-1)
                if bool((best - second > left.unsqueeze(-1)).all()):
                    break  # what the rest of the run adds can change no maximum
        return expected.argmax(-1).squeeze(0)

    def discretized_cells(self, memories: Tensor, steps: int) -> Tensor:
        """As :meth:`soft_cells`, with every softmax replaced by a hardmax."""
        samples, size = memories.shape
        sizes, budgets = torch.full((samples,), size), torch.full((samples,), steps)
        return run_discrete(self.controller, memories, sizes, budgets).memory

    @torch.no_grad()
    def discretized(self, memory: Sequence[int], max_steps: int) -> Result:
        """Run with every softmax replaced by a hardmax.

        Args:
            memory: M cells, each 0..M-1.
            max_steps: at least 1.
        """
        tape = torch.tensor([[memory]])
        run = timesteps(self.controller, tape, torch.tensor([[max_steps]]), hard)
        for number, step in enumerate(run, start=1):
            if step.finish.item() == 1:
                cells = step.memory[0, 0].argmax(-1)
                status = Status.HALTED if step.halting.item() == 1 else Status.STEP_LIMIT
                return Result(tuple(cells.tolist()), number, status)
        raise AssertionError("a discretized run finishes in one timestep or another")

    def facts(self) -> Iterator[tuple[str, object]]:
        """Yield what is to be said of its size, name and value: lines of ``hardmax info``."""
        wiring, config = self.controller.wiring, self.controller.config
        yield "registers", wiring.registers
        yield "modules", len(wiring.modules)
        yield "controller", f"{config.kind}, {config.hidden} units a layer"

    def _repr_html_(self) -> str:
        return notebook.table(repr(self), [*self.facts(), *self.provenance.items()])

    def __repr__(self) -> str:
        return f"<{self.kind} model of {self.task.name}, {self.digest()[:12]}>"
