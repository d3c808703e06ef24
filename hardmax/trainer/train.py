"""What a training needs from its beginning to its end, from Python and the command line."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import torch

from hardmax.runtime.atomic_write import exclusive, expect_writable
from hardmax.runtime.errors import HardmaxError
from hardmax.trainer.kinds import (
    KINDS,
    AnyModel,
    AnySession,
    AnyTask,
    find_kind,
    find_learner,
    save_model,
)
from hardmax.trainer.metrics import metrics_path, recording
from hardmax.trainer.population.settings import TrainingSettings
from hardmax.trainer.progress import Progress

if TYPE_CHECKING:
    from hardmax.trainer.nram.own_tasks.written_task import Written

MODEL_SUFFIX, STATE_SUFFIX = ".pt", ".training"
DEVICES = ("auto", "cpu", "cuda")


class TimeUpError(HardmaxError):
    """No machine was found in the time that was given."""


def training_settings(
    task: str | os.PathLike[str] | AnyTask | type[Written] | Written,
    *,
    machine: str | None = None,
    device: str = "auto",
    **options: str | int | bool,
) -> TrainingSettings:
    """The default config of a task, with options in its place; arguments are those of `train`.

    Raises:
        HardmaxError: as there.
    """
    name = known_name(task)
    kind = find_learner(name, machine)
    return kind.default_settings(name, {**options, "device": usable_device(device)})


def known_name(task: str | os.PathLike[str] | AnyTask | type[Written] | Written) -> str:
    """The name by which a task is known to its kind of machine, from now on where it is new.

    Of a task in a file that is the file's path, so that no two are taken for each other.

    Raises:
        HardmaxError: the file or the package that the task is in does not give one, or another
            task has its name.
    """
    from hardmax.trainer.nram.own_tasks.sources import installed_task, load_source, source_of
    from hardmax.trainer.nram.own_tasks.written_task import WrittenTask, is_written
    from hardmax.trainer.nram.suite.registry import suite_task

    if isinstance(task, os.PathLike):
        task = os.fspath(task)
    if not isinstance(task, str):
        return _known(cast(Any, WrittenTask(cast(Any, task)) if is_written(task) else task))
    source = source_of(task)
    if source is not None:
        loaded = load_source(source)
        find_kind(loaded.machine).tasks[source] = loaded
        return source
    if not any(task.lower() in find_kind(kind).tasks for kind in KINDS):
        offered = suite_task(task) or installed_task(task)
        if offered is not None:
            find_kind(offered.machine).tasks[task] = offered
    return task


def with_task(model: AnyModel, task: str) -> AnyModel:
    """A model together with what it was trained from, where its file only describes that.

    Args:
        task: as :func:`known_name` takes it.

    Raises:
        HardmaxError: as there, or the model was trained from a task of another name.
    """
    known: Any = find_kind(model.kind).task(known_name(task))
    if known.name != model.task.name:
        raise HardmaxError(
            f"expected the task of the model, {model.task.name}, found {known.name} in {task}"
        )
    chosen = known
    if hasattr(model.task, "budget"):
        guesses = known.guesses()
        chosen = next((guess for guess in guesses if guess.budget == model.task.budget), known)
    return cast(AnyModel, dataclasses.replace(cast(Any, model), task=chosen))


def _known(task: AnyTask) -> str:
    """The name of a task, by which its kind knows it from now on.

    Raises:
        HardmaxError: another task has this name, and is none of the user's own.
    """
    tasks = find_kind(task.machine).tasks
    known = tasks.get(task.name, task)
    if known is not task and getattr(known, "description", None) is None:
        raise HardmaxError(f"there is another task of the name {task.name!r}")
    tasks[task.name] = task
    return str(task.name)


def complete(
    session: AnySession,
    output: Path | None,
    limit: float,
    report: Callable[[Progress], None],
) -> AnyModel | None:
    """Train until a machine is exact, and write the model; None where time is up.

    The saved state goes when the model is written, not before.

    Args:
        output: of the model, in :func:`output_for_one`; None for nowhere. The training's state is
            saved at :func:`state_path`, its metrics at
            :func:`hardmax.trainer.metrics.metrics_path`.
        limit: seconds, counted over all resumptions.
        report: called about twice a second.

    Raises:
        HardmaxError: the output cannot be written, or there is too little memory.
    """
    if output is None:
        with memory_refusals():
            return session.train(limit, None, report)
    state = state_path(output)
    report = recording(metrics_path(output), session.seconds > 0, report)
    with memory_refusals():
        model = session.train(limit, state, report)
    if model is None:
        return None
    try:
        save_model(model, output)
    except BaseException:
        session.save(state)
        raise
    state.unlink(missing_ok=True)
    return model


def state_path(output: Path) -> Path:
    """Where the training of an output keeps what it needs to resume."""
    return output.with_suffix(output.suffix + STATE_SUFFIX)


@contextlib.contextmanager
def output_for_one(output: Path) -> Iterator[None]:
    """See to it that a model can be written when it is found, and that nobody else will.

    Raises:
        HardmaxError: the output cannot be written, or another training has it.
    """
    if output.suffix != MODEL_SUFFIX:
        raise HardmaxError(f"{output}: expected an output with the extension {MODEL_SUFFIX}")
    expect_writable(output)
    with exclusive(output, "another training writes it"):
        yield


def usable_device(name: str) -> str:
    """``cpu`` or ``cuda``; ``auto`` is the better one that is here.

    Raises:
        HardmaxError: there is no such device.
    """
    if name not in DEVICES:
        raise HardmaxError(f"expected device {', '.join(DEVICES)}, found {name!r}")
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda" and not torch.cuda.is_available():
        raise HardmaxError("expected a CUDA device, found none that torch can use")
    return name


@contextlib.contextmanager
def memory_refusals() -> Iterator[None]:
    """Turn what an allocator refuses into one line."""
    try:
        yield
    except (MemoryError, torch.OutOfMemoryError):
        reason = "it is all taken"
    except RuntimeError as error:
        if "allocate" not in str(error) and "overflow" not in str(error).lower():
            raise
        reason = str(error).split("\n")[0].split("] . ")[-1][:120]
    else:
        return
    raise HardmaxError(
        f"expected memory for this training, found too little: {reason}; "
        "try fewer --members, a smaller --batch or --complexity"
    )
