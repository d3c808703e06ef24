"""What training asks of the NTM."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hardmax.runtime.errors import HardmaxError
from hardmax.trainer.kinds import AnyModel, TrainerKind, with_options
from hardmax.trainer.ntm import checkpoint
from hardmax.trainer.ntm.default_configs import ntm_default_settings
from hardmax.trainer.ntm.session import NtmSession, NtmSettings
from hardmax.trainer.population.settings import TrainingSettings
from hardmax.trainer.sequence.model import SequenceModel
from hardmax.trainer.sequence.tasks.registry import SEQUENCE_TASKS, find_sequence_task
from hardmax.trainer.sequence.tasks.task import DEFAULT_PRESET, SequenceTask


@dataclass(frozen=True)
class NtmKind:
    """A :class:`~hardmax.trainer.kinds.TrainerKind`."""

    formats: tuple[str, ...] = (checkpoint.FORMAT,)

    @property
    def tasks(self) -> dict[str, dict[str, SequenceTask]]:
        """By name and preset."""
        return SEQUENCE_TASKS

    def task(self, name: str) -> SequenceTask:
        """The task of that name, at the default preset."""
        return find_sequence_task(name, DEFAULT_PRESET)

    def default_settings(self, task: str, options: Mapping[str, Any]) -> TrainingSettings:
        """The default config of a task, with what the options say in its place."""
        options = dict(options)
        preset = options.pop("preset", DEFAULT_PRESET)
        return with_options(ntm_default_settings(task, preset), options, task)

    def begin(
        self, settings: TrainingSettings, command: str, init_from: AnyModel | None = None
    ) -> NtmSession:
        """A training of settings, in which all members perhaps begin as a model."""
        assert isinstance(settings, NtmSettings)
        if init_from is None:
            return NtmSession(settings, command)
        if not isinstance(init_from, SequenceModel):
            raise HardmaxError(
                f"expected an NTM to begin from, found a model of kind {init_from.kind}"
            )
        return NtmSession.continuing(init_from, settings, command)

    def resume(self, path: Path) -> NtmSession:
        """The saved training in a file."""
        return NtmSession.resume(path)

    def save(self, model: Any, path: Path) -> None:
        """Write a model."""
        checkpoint.save_ntm(model, path)

    def load(self, path: Path) -> SequenceModel:
        """Read a model."""
        return checkpoint.load_ntm(path)


KIND: TrainerKind = NtmKind()
