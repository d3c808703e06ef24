"""The kinds of machines that can be trained: one line each, imported when first needed.

A kind is a folder; its module ``kind.py`` defines ``KIND``, which does what :class:`TrainerKind`
asks. Nothing outside the folder asks which kind a model is of, but through what is here.
"""

from __future__ import annotations

import dataclasses
import importlib
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Protocol

from hardmax.runtime.errors import HardmaxError
from hardmax.trainer.population.session import Judge
from hardmax.trainer.population.settings import TrainingSettings
from hardmax.trainer.progress import Progress
from hardmax.trainer.provenance import Provenance

KINDS: dict[str, str] = {
    "nram": "hardmax.trainer.nram.kind",
    "ntm": "hardmax.trainer.ntm.kind",
    "stack": "hardmax.trainer.stack.kind",
    "queue": "hardmax.trainer.stack.kind:QUEUE",
    "deque": "hardmax.trainer.stack.kind:DEQUE",
    "stackrnn": "hardmax.trainer.stack.kind:STACK_RNN",
}
"""By name, the module of each kind; where a folder has several, what there is called not KIND."""


class AnyTask(Protocol):
    """What can be learned."""

    @property
    def name(self) -> str:
        """On the command line and in files."""

    @property
    def title(self) -> str:
        """For people."""

    @property
    def summary(self) -> str:
        """One line for people."""

    @property
    def machine(self) -> str:
        """The kind of machine that it proposes, a name in KINDS."""


class AnyModel(Protocol):
    """A trained machine; its class is a dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def kind(self) -> str:
        """A name in KINDS."""

    @property
    def task(self) -> AnyTask:
        """What it computes."""

    @property
    def provenance(self) -> Provenance:
        """How it was made."""

    def digest(self) -> str:
        """SHA-256 (hex) of configuration and weights."""

    def facts(self) -> Iterator[tuple[str, object]]:
        """Yield what is to be said of its size, name and value: lines of ``hardmax info``."""


class AnySession(Protocol):
    """A training that can be stopped at any moment and resumed."""

    judge: Judge

    @property
    def settings(self) -> TrainingSettings:
        """What decides what it finds."""

    @property
    def seconds(self) -> float:
        """Spent so far, interruptions not counted."""

    def train(
        self, limit: float, state_path: Path | None, report: Callable[[Progress], None]
    ) -> AnyModel | None:
        """As :meth:`hardmax.trainer.population.session.Training.train`."""

    def save(self, path: Path) -> None:
        """Write everything that :meth:`TrainerKind.resume` needs."""

    def shortfall(self) -> Iterator[str]:
        """Yield what is to be said where nothing was found: how far it got, and what may help."""


class TrainerKind(Protocol):
    """What training asks of a kind of machine."""

    @property
    def tasks(self) -> dict[str, Any]:
        """What it can learn, by name: tasks, or a mapping of sizes to tasks."""

    @property
    def formats(self) -> tuple[str, ...]:
        """The ``format`` fields of its model files."""

    def task(self, name: str) -> AnyTask:
        """The task of that name, at the size that is trained by default."""

    def default_settings(self, task: str, options: Mapping[str, Any]) -> TrainingSettings:
        """The default config of a task, with what the options say in its place.

        Raises:
            HardmaxError: there is no such task, or no such option of this kind.
        """

    def begin(
        self, settings: TrainingSettings, command: str, init_from: AnyModel | None = None
    ) -> AnySession:
        """A training of settings, in which all members perhaps begin as a model.

        Args:
            command: for the provenance of what is found.

        Raises:
            HardmaxError: the model is of another kind, task or size, or this kind cannot begin so.
        """

    def resume(self, path: Path) -> AnySession:
        """The saved training in a file.

        Raises:
            HardmaxError: the file is no saved training of this kind.
        """

    def save(self, model: Any, path: Path) -> None:
        """Write a model of this kind; whole or not at all.

        Raises:
            HardmaxError: the file cannot be written.
        """

    def load(self, path: Path) -> AnyModel:
        """Read a model of this kind.

        Raises:
            HardmaxError: the file is none.
        """


def find_kind(name: str) -> TrainerKind:
    """The kind of that name.

    Raises:
        HardmaxError: there is none.
    """
    if name not in KINDS:
        raise HardmaxError(f"unknown machine {name!r}, expected one of {', '.join(KINDS)}")
    module, _, variant = KINDS[name].partition(":")
    kind: TrainerKind = getattr(importlib.import_module(module), variant or "KIND")
    return kind


def find_learner(task: str, machine: str | None = None) -> TrainerKind:
    """The kind of machine that learns a task; capitals are accepted.

    Args:
        machine: the name of the kind; None for the one that the task proposes.

    Raises:
        HardmaxError: no machine learns it, or not that one.
    """
    kinds = [find_kind(known) for known in KINDS]
    # A task in a file goes by its path, where capitals count.
    name = task if any(task in kind.tasks for kind in kinds) else task.lower()
    if machine is not None:
        chosen = find_kind(machine)
        if name not in chosen.tasks:
            raise HardmaxError(
                f"expected a task that a machine of kind {machine} can learn "
                f"({', '.join(chosen.tasks)}), found {task!r}"
            )
        return chosen
    for kind in kinds:
        if name in kind.tasks:
            return find_kind(kind.task(name).machine)
    tasks = dict.fromkeys(known for kind in kinds for known in kind.tasks)
    raise HardmaxError(f"unknown task {task!r}, expected one of {', '.join(tasks)}")


def begin(
    settings: TrainingSettings, command: str, init_from: AnyModel | None = None
) -> AnySession:
    """As :meth:`TrainerKind.begin`, of the kind that the settings are for."""
    return find_kind(settings.machine).begin(settings, command, init_from)


def save_model(model: AnyModel, path: str | os.PathLike[str]) -> None:
    """Write a model of any kind; whole or not at all.

    Raises:
        HardmaxError: the file cannot be written; whatever was at ``path`` is still there.
    """
    find_kind(model.kind).save(model, Path(path))


def load_model(path: str | os.PathLike[str]) -> AnyModel:
    """Read a model of any kind.

    Raises:
        HardmaxError: there is no such file, or it is no model of a known kind and version.
    """
    from hardmax.trainer.archive import archive_format

    found = archive_format(Path(path))
    kinds = [find_kind(name) for name in KINDS]
    # A file of no known format is shown to the first kind, which says what it expected.
    kind = next((kind for kind in kinds if found in kind.formats), kinds[0])
    return kind.load(Path(path))


def with_options(
    default: TrainingSettings, options: Mapping[str, Any], task: str
) -> TrainingSettings:
    """Default settings with options in their place.

    Raises:
        HardmaxError: there is no such option of this kind, or a value is out of its range.
    """
    known = {field.name for field in dataclasses.fields(default)}
    for name in options:
        if name not in known or name in ("task", "init_from"):
            raise HardmaxError(f"--{name.replace('_', '-')} is no option of a training of {task}")
    return dataclasses.replace(default, **options)
