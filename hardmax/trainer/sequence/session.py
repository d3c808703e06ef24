"""The training of a sequence machine: its settings, what it begins with, what is accepted."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self, TypeVar

import torch

from hardmax.runtime.errors import HardmaxError
from hardmax.trainer.decisions import HARD, SOFT
from hardmax.trainer.layers import ControllerConfig
from hardmax.trainer.population.session import Tick, Training
from hardmax.trainer.population.settings import TrainingSettings
from hardmax.trainer.provenance import AS_TRAINED
from hardmax.trainer.sequence.acceptance import SAMPLES, is_exact, mean_error
from hardmax.trainer.sequence.gradient import THRESHOLDS, SequenceTrainer
from hardmax.trainer.sequence.machine import SequenceConfig
from hardmax.trainer.sequence.memory import MemoryConfig
from hardmax.trainer.sequence.model import SequenceModel
from hardmax.trainer.sequence.tasks.registry import find_sequence_task


@dataclass(frozen=True, kw_only=True)
class SequenceSettings(TrainingSettings):
    """Everything that decides what a training finds; primitives only.

    Attributes:
        task, preset: a name in ``hardmax.trainer.sequence.tasks.registry.SEQUENCE_TASKS``, and at
            which sizes.
        init_from: the SHA-256 of the model that all members begin as; empty for random weights.
    """

    preset: str
    init_from: str = ""
    patience: int = THRESHOLDS.stale_after

    def __post_init__(self) -> None:
        self.check(find_sequence_task(self.task, self.preset).smallest_complexity)

    @property
    @abstractmethod
    def memory(self) -> MemoryConfig:
        """The memory that the machine is handed."""

    @property
    def title(self) -> str:
        """The task and its sizes."""
        return f"{self.task} ({self.preset})"


AnySequenceSettings = TypeVar("AnySequenceSettings", bound=SequenceSettings)


class SequenceSession(Training[AnySequenceSettings, SequenceTrainer, SequenceModel]):
    """The training of a sequence machine, by gradient.

    Attributes:
        settings_type: of the kind of machine; its ``memory`` is what makes the kind.
    """

    settings_type: ClassVar[type[SequenceSettings]]
    retry_after = 400

    def __init__(self, settings: AnySequenceSettings, command: str) -> None:
        self.task = find_sequence_task(settings.task, settings.preset)
        machine = SequenceConfig(
            self.task.inputs,
            self.task.outputs,
            ControllerConfig(settings.controller, settings.hidden),
            settings.memory,
        )
        config = settings.gradient_config(restarts=not settings.init_from)
        device = torch.device(settings.device)
        trainer = SequenceTrainer(self.task, machine, config, settings.seed, device)
        super().__init__(settings, command, trainer)

    @classmethod
    def begin(cls, settings: dict[str, Any], command: str) -> Self:
        """A training of settings from a file."""
        return cls(cls.settings_type(**settings), command)  # type: ignore[arg-type]

    @classmethod
    def continuing(cls, model: SequenceModel, settings: AnySequenceSettings, command: str) -> Self:
        """Train a model further: all members begin as it, at the largest complexity.

        Raises:
            HardmaxError: the settings are of another task or of a machine of other sizes.
        """
        session = cls(replace(settings, init_from=model.digest()), command)
        for what, expected, found in (
            ("task", (settings.task, settings.preset), (model.task.name, model.preset)),
            ("sizes", session.trainer.population.network.config, model.machine.config),
        ):
            if expected != found:
                raise HardmaxError(
                    f"expected a model of the same {what} to begin from: {expected}, found {found}"
                )
        session.trainer.population.init_from(model.machine, settings.complexity)
        return session

    def take_turns(self, tick: Tick) -> SequenceModel:
        """Train until a discretized machine is exact; there is but one method."""
        while True:
            model = self.gradient_turn(tick)
            if model is not None:
                return model

    def examine(self, member: int) -> SequenceModel | None:
        """Put a candidate to the acceptance test: the moving averages of its weights."""
        population = self.trainer.population
        machine = population.network.select(member)
        machine.load_state_dict(population.optimizer.averages(member), strict=False)
        if not is_exact(machine, self.task, seed=self.trainer.updates):
            return None
        errors = {
            f"{name}_error": mean_error(
                machine, self.task, self.settings.complexity, SAMPLES, decisions
            )
            for name, decisions in (("soft", SOFT), ("discretized", HARD))
        }
        provenance = self.provenance("gradient", AS_TRAINED, **errors)
        return SequenceModel(self.task, self.settings.preset, machine, provenance)
