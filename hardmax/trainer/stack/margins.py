"""By how much the discretized machine decides what it does, in the rows that its runs meet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from hardmax.trainer.stack.discrete import DiscreteController, Rows, run
from hardmax.trainer.stack.machine import StackMachine
from hardmax.trainer.stack.tasks.task import SymbolBatch


@dataclass(frozen=True, eq=False)
class Met:
    """The different rows that runs met, and whether an output counted in any of them.

    Attributes:
        rows: N of them, sorted.
        counted: bool (N,).
    """

    rows: Rows
    counted: NDArray[np.bool_]


def met_rows(controller: DiscreteController, batches: Iterable[SymbolBatch]) -> Met:
    """The rows that the discretized machine meets in batches, while a sample lasts."""
    entries = []
    for batch in batches:
        visited = run(controller, batch.inputs.numpy(), keep_rows=True).visited
        within = (torch.arange(batch.inputs.shape[1]) < batch.steps[:, None]).numpy()
        counted = batch.counted.numpy()
        for step, rows in enumerate(visited):
            found = np.column_stack((rows.states, rows.inputs, rows.reads, counted[:, step]))
            entries.append(np.unique(found[within[:, step]], axis=0))
    all_entries = np.concatenate(entries)
    different, number = np.unique(all_entries[:, :-1], axis=0, return_inverse=True)
    ever = np.zeros(len(different), dtype=np.bool_)
    np.logical_or.at(ever, number.reshape(-1), all_entries[:, -1] > 0)
    return Met(Rows(different[:, 0], different[:, 1], different[:, 2:]), ever)


class Decisions:
    """What the discretized machine decides in the rows met, and by which margin.

    A strength or a state bit has its |logit| for a margin, a choice the difference of its two
    largest logits. What is pushed matters where something is, what is put out where it counts.
    """

    def __init__(self, machine: StackMachine, met: Met) -> None:
        """Take the decisions of a population of one as they are now."""
        self.machine = machine
        config, rows = machine.config, met.rows
        controller = DiscreteController(machine)
        logits = controller.logits(rows)
        self.on = torch.from_numpy(logits.switches > 0)
        self.chosen = {
            name: torch.from_numpy(array.argmax(-1))
            for name, array in (
                ("action", logits.actions),
                ("value", logits.values),
                ("output", logits.outputs[:, None]),
            )
        }
        self.matters = {
            "action": torch.ones_like(self.chosen["action"], dtype=torch.bool),
            "value": torch.from_numpy(_pushed(controller, rows)),
            "output": torch.from_numpy(met.counted[:, None]),
        }
        dtype = machine.output.weight.dtype
        self.inputs = torch.from_numpy(rows.inputs)[None]
        reads = torch.from_numpy(rows.reads)
        self.reading = functional.one_hot(reads, config.symbols + 1).flatten(1)[None].to(dtype)
        bits = rows.states[:, None] >> np.arange(config.state_bits) & 1
        self.state = torch.from_numpy(bits)[None].to(dtype)

    def margins(self) -> dict[str, Tensor]:
        """[N, J] of each sort of decision, infinite where it does not matter; negative where the
        machine decides otherwise by now."""
        config = self.machine.config
        interface, outputs = self.machine.controls(self.inputs, self.reading, self.state)
        switches, actions, values = self.machine.by_section(interface[0])
        signed = torch.where(self.on, switches, -switches)
        logits = {
            "action": actions,
            "value": values,
            "output": outputs[0][:, None],
        }
        first = switches.shape[1] - config.state_bits
        margins = {"strength": signed[:, :first], "state": signed[:, first:]}
        for name, found in logits.items():
            margin = _margin(found, self.chosen[name])
            margins[name] = margin.masked_fill(~self.matters[name], torch.inf)
        return margins


def _pushed(controller: DiscreteController, rows: Rows) -> NDArray[np.bool_]:
    """(N, values): whether each of the values is pushed."""
    columns = []
    for part, moves in zip(controller.config.parts, controller.decide(rows).moves, strict=True):
        pushes = moves.pushes >= 0
        columns.append(pushes if part.values == 2 else pushes.any(1, keepdims=True))
    return np.concatenate(columns, 1)


def _margin(logits: Tensor, chosen: Tensor) -> Tensor:
    """[N, J]: by how much the logits [N, J, C] of what was chosen exceed all others."""
    own = logits.gather(-1, chosen[..., None])
    others = logits.scatter(-1, chosen[..., None], -torch.inf).amax(-1)
    return own[..., 0] - others
