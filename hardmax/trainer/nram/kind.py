"""What training asks of the NRAM."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hardmax.runtime.errors import HardmaxError
from hardmax.trainer.kinds import AnyModel, TrainerKind, with_options
from hardmax.trainer.nram import checkpoint
from hardmax.trainer.nram.default_configs import default_settings
from hardmax.trainer.nram.model import Model
from hardmax.trainer.nram.session import Session, Settings
from hardmax.trainer.nram.tasks import LOADED, Task, find_task
from hardmax.trainer.population.settings import TrainingSettings


@dataclass(frozen=True)
class NramKind:
    """A :class:`~hardmax.trainer.kinds.TrainerKind`."""

    formats: tuple[str, ...] = (checkpoint.FORMAT,)

    @property
    def tasks(self) -> dict[str, Task]:
        """By name."""
        return LOADED

    def task(self, name: str) -> Task:
        """The task of that name."""
        return find_task(name)

    def default_settings(self, task: str, options: Mapping[str, Any]) -> TrainingSettings:
        """The default config of a task, with what the options say in its place."""
        return with_options(default_settings(task, options.get("method")), options, task)

    def begin(
        self, settings: TrainingSettings, command: str, init_from: AnyModel | None = None
    ) -> Session:
        """A training of settings."""
        assert isinstance(settings, Settings)
        if init_from is not None:
            raise HardmaxError(f"--init-from is no option of a training of {settings.task}")
        return Session(settings, command)

    def resume(self, path: Path) -> Session:
        """The saved training in a file."""
        return Session.resume(path)

    def save(self, model: Any, path: Path) -> None:
        """Write a model."""
        checkpoint.save_model(model, path)

    def load(self, path: Path) -> Model:
        """Read a model."""
        return checkpoint.load_model(path)


KIND: TrainerKind = NramKind()
