"""What training asks of stack machines; four names on the command line, one kind.

They differ in the structures that a machine has by default: a stack, a queue or a deque of
Grefenstette et al. 2015, or the stack of Joulin and Mikolov 2015.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hardmax.runtime.errors import HardmaxError
from hardmax.trainer.kinds import AnyModel, TrainerKind, with_options
from hardmax.trainer.population.settings import TrainingSettings
from hardmax.trainer.stack import checkpoint
from hardmax.trainer.stack.default_configs import stack_default_settings
from hardmax.trainer.stack.model import StackModel
from hardmax.trainer.stack.session import StackSession, StackSettings
from hardmax.trainer.stack.tasks.registry import SYMBOL_TASKS, find_symbol_task
from hardmax.trainer.stack.tasks.task import SymbolTask


@dataclass(frozen=True)
class StackKind:
    """A :class:`~hardmax.trainer.kinds.TrainerKind`, with structures of one sort by default."""

    variant: str
    formats: tuple[str, ...] = (checkpoint.FORMAT,)

    @property
    def tasks(self) -> dict[str, SymbolTask]:
        """By name."""
        return SYMBOL_TASKS

    def task(self, name: str) -> SymbolTask:
        """The task of that name."""
        return find_symbol_task(name)

    def default_settings(self, task: str, options: Mapping[str, Any]) -> TrainingSettings:
        """The default config of a task, with what the options say in its place."""
        return with_options(stack_default_settings(task, self.variant), options, task)

    def begin(
        self, settings: TrainingSettings, command: str, init_from: AnyModel | None = None
    ) -> StackSession:
        """A training of settings; none begins as a model."""
        assert isinstance(settings, StackSettings)
        if init_from is not None:
            raise HardmaxError(f"--init-from is no option of a training of {settings.task}")
        return StackSession(settings, command)

    def resume(self, path: Path) -> StackSession:
        """The saved training in a file."""
        return StackSession.resume(path)

    def save(self, model: Any, path: Path) -> None:
        """Write a model."""
        checkpoint.save_stack(model, path)

    def load(self, path: Path) -> StackModel:
        """Read a model."""
        return checkpoint.load_stack(path)


KIND: TrainerKind = StackKind("stack")
QUEUE: TrainerKind = StackKind("queue")
DEQUE: TrainerKind = StackKind("deque")
STACK_RNN: TrainerKind = StackKind("stackrnn")
