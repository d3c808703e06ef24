"""The training of a stack machine: its settings, and what is accepted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from hardmax.runtime.errors import HardmaxError
from hardmax.trainer.decisions import SOFT
from hardmax.trainer.layers import ControllerConfig
from hardmax.trainer.population.session import Tick, Training
from hardmax.trainer.population.settings import TrainingSettings
from hardmax.trainer.provenance import AS_TRAINED
from hardmax.trainer.stack.acceptance import passed_batches, trained_samples
from hardmax.trainer.stack.discrete import DiscreteController
from hardmax.trainer.stack.gradient import THRESHOLDS, StackTrainer, run_batch
from hardmax.trainer.stack.machine import StackConfig
from hardmax.trainer.stack.margins import met_rows
from hardmax.trainer.stack.model import StackModel
from hardmax.trainer.stack.sharpening import leave_needless, sharpen
from hardmax.trainer.stack.tasks.registry import find_symbol_task

SEPARATOR = "+"
"""Between the names of structures that stand side by side."""

FEW_SAMPLES = 30
"""Of every complexity trained on: they tell what is needless, and that the soft one is right."""


@dataclass(frozen=True, kw_only=True)
class StackSettings(TrainingSettings):
    """Everything that decides what the training of a stack machine finds; primitives only.

    Attributes:
        structures: names in ``hardmax.trainer.stack.structures.STRUCTURES``, joined by SEPARATOR.
        depth: the cells that are read at every end.
        symbols: how many a cell may hold.
        state_bits: of the controller's own state.
    """

    machine = "stack"
    structures: str
    depth: int = 1
    symbols: int
    state_bits: int = 0
    patience: int = THRESHOLDS.stale_after

    def __post_init__(self) -> None:
        self.check(find_symbol_task(self.task).smallest_complexity)
        if self.slack != 0:
            raise HardmaxError(f"--slack is no option of a training of {self.task}")
        self.config()

    def config(self) -> StackConfig:
        """The sizes of the machine.

        Raises:
            HardmaxError: one is out of its range, or there is no such structure.
        """
        task = find_symbol_task(self.task)
        return StackConfig(
            len(task.alphabet),
            len(task.output_alphabet),
            tuple(self.structures.split(SEPARATOR)),
            self.depth,
            self.symbols,
            self.state_bits,
            ControllerConfig(self.controller, self.hidden),
        )

    @property
    def title(self) -> str:
        """The structures and the task."""
        return f"{self.task} with {self.structures}"


class StackSession(Training[StackSettings, StackTrainer, StackModel]):
    """The training of a stack machine, by gradient."""

    format = "hardmax-stack-training"
    format_version = 1

    def __init__(self, settings: StackSettings, command: str) -> None:
        self.task = find_symbol_task(settings.task)
        device = torch.device(settings.device)
        config = settings.gradient_config()
        trainer = StackTrainer(self.task, settings.config(), config, settings.seed, device)
        super().__init__(settings, command, trainer)

    @classmethod
    def begin(cls, settings: dict[str, Any], command: str) -> StackSession:
        """A training of settings from a file."""
        return cls(StackSettings(**settings), command)

    def take_turns(self, tick: Tick) -> StackModel:
        """Train until a discretized machine is exact; there is but one method.

        Raises:
            HardmaxError: the controller is an LSTM, of which no model is made.
        """
        if self.trainer.population.network.recurrent:
            raise HardmaxError(
                "expected a feedforward controller, found an LSTM: no finite table can be made of "
                "it; give the other one --state-bits where it needs a memory"
            )
        while True:
            model = self.gradient_turn(tick)
            if model is not None:
                return model

    def examine(self, member: int) -> StackModel | None:
        """Put a candidate to the acceptance test; train it on until it is certain if it passes."""
        machine = self.trainer.population.network.select(member)
        controller, seed = DiscreteController(machine), self.trainer.updates
        if not passed_batches(controller, self.task, seed):
            return None
        samples = trained_samples(self.task, FEW_SAMPLES, torch.Generator().manual_seed(seed))
        leave_needless(controller, samples)
        batches = passed_batches(controller, self.task, seed)
        if not batches or not sharpen(machine, controller, met_rows(controller, batches)):
            return None
        # What no run met may have changed, so all is tried again, on other samples.
        if not passed_batches(DiscreteController(machine), self.task, seed + 1):
            return None
        with torch.no_grad():
            soft_error = float(run_batch(machine, samples, SOFT).error.mean())
        if soft_error > 0:
            return None
        return StackModel(self.task, machine, self.provenance("gradient", AS_TRAINED))
