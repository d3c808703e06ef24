"""A trained stack machine: its weights, what it was trained for, and how it came to be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from hardmax.runtime import notebook
from hardmax.trainer.decisions import HARD, Decisions
from hardmax.trainer.provenance import Provenance, weights_digest
from hardmax.trainer.stack.discrete import DiscreteController, run
from hardmax.trainer.stack.machine import StackMachine
from hardmax.trainer.stack.tasks.task import SymbolTask


@dataclass(frozen=True, eq=False)
class StackModel:
    """One soft machine.

    Attributes:
        kind: a name in ``hardmax.trainer.kinds.KINDS``.
        task: what it computes.
        machine: a population of one.
        provenance: how it was made.
    """

    kind: ClassVar[str] = "stack"
    task: SymbolTask
    machine: StackMachine
    provenance: Provenance

    def digest(self) -> str:
        """SHA-256 (hex) of configuration and weights; the same weights give the same digest."""
        return weights_digest(f"{self.task.name} {self.machine.config}", self.machine)

    @torch.no_grad()
    def answers(self, inputs: Tensor, decisions: Decisions) -> Tensor:
        """int64 [K, T]: the symbols that the machine puts out; of a soft one, the likeliest.

        Args:
            inputs: int64 [K, T], symbols.
            decisions: SOFT, or HARD for the discretized machine, which then has real structures.

        Raises:
            HardmaxError: the discretized machine is asked for, and the controller is an LSTM.
        """
        if decisions is HARD:
            outputs = run(DiscreteController(self.machine), inputs.numpy()).outputs
            return torch.from_numpy(outputs)
        answers: Tensor = self.machine(inputs[None], decisions)[0].argmax(-1)
        return answers

    def facts(self) -> Iterator[tuple[str, object]]:
        """Yield what is to be said of its size, name and value: lines of ``hardmax info``."""
        config = self.machine.config
        yield "structures", ", ".join(config.structures)
        yield "cells read", config.depth
        yield "symbols", config.symbols
        yield "states", 1 << config.state_bits

    def _repr_html_(self) -> str:
        return notebook.table(repr(self), [*self.facts(), *self.provenance.items()])

    def __repr__(self) -> str:
        structures = " + ".join(self.machine.config.structures)
        return f"<{structures} model of {self.task.name}, {self.digest()[:12]}>"
