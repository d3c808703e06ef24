"""NRAMs as ``model.pt``."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.nram.program import budget_from_data, budget_to_data
from hardmax.runtime.task_description import TaskDescription
from hardmax.runtime.text import printable
from hardmax.trainer.archive import WEIGHTS, expect_field, load_archive, save_archive, shown
from hardmax.trainer.layers import ControllerConfig
from hardmax.trainer.nram.controller import Controller
from hardmax.trainer.nram.model import Model, present_origin
from hardmax.trainer.nram.own_tasks.described_task import DescribedTask
from hardmax.trainer.nram.tasks import Task, find_task
from hardmax.trainer.nram.wiring import Wiring
from hardmax.trainer.provenance import Provenance
from hardmax.trainer.weights import network_with_weights

FORMAT = "hardmax-model"
FORMAT_VERSION = 1


def save_model(model: Model, path: str | os.PathLike[str]) -> None:
    """Write a model.

    Raises:
        HardmaxError: the file cannot be written; whatever was at ``path`` is still there.
    """
    controller = model.controller
    save_archive(
        {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            **_task_to_data(model.task),
            "registers": controller.wiring.registers,
            "repetitions": controller.wiring.repetitions,
            "controller": controller.config.kind,
            "hidden": controller.config.hidden,
            "provenance": dict(model.provenance),
            WEIGHTS: controller.state_dict(),
        },
        Path(path),
    )


def load_model(path: str | os.PathLike[str]) -> Model:
    """Read a model, checking everything in the file before it is used.

    Raises:
        HardmaxError: there is no such file, or it is not a hardmax model of a known version.
    """
    data = load_archive(Path(path), FORMAT, FORMAT_VERSION)
    try:
        return _model_from_data(data)
    except HardmaxError as error:
        raise HardmaxError(f"{printable(os.fspath(path))}: {error}") from None


def provenance_from_data(data: dict[str, Any]) -> Provenance:
    """How a model in an archive says it was made.

    Raises:
        HardmaxError: it says so in more than primitives.
    """
    provenance: Provenance = expect_field(data, "provenance", dict)
    for key, value in provenance.items():
        if not isinstance(key, str) or not isinstance(value, str | int | float):
            raise HardmaxError(f"expected provenance of primitives, found {shown(key)}")
        if isinstance(value, float) and not math.isfinite(value):
            raise HardmaxError(f"expected a finite number in provenance, found {value}")
    return provenance


def _task_to_data(task: Task) -> dict[str, Any]:
    """The name of a task, and what is not known by it."""
    budget = {"budget": budget_to_data(task.budget)}
    if task.description is not None:
        return {"task": task.name, "description": task.description.to_data(), **budget}
    return {"task": task.name, **({} if task.guesses() == (task,) else budget)}


def _task_from_data(data: dict[str, Any]) -> Task:
    """The task of a model: of hardmax, found by its name, or as the file describes it.

    Raises:
        HardmaxError: there is none of that name, or what the file says of it is malformed.
    """
    name = expect_field(data, "task", str)
    try:
        budget = budget_from_data(data["budget"]) if "budget" in data else None
        if "description" in data:
            description = TaskDescription.from_data(data["description"])
            return DescribedTask(printable(name), description, budget_from_data(data["budget"]))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise HardmaxError(f"malformed task: {type(error).__name__}: {error}") from None
    task = find_task(name)
    return next((guess for guess in task.guesses() if guess.budget == budget), task)


def _model_from_data(data: dict[str, Any]) -> Model:
    task = _task_from_data(data)
    wiring = Wiring(expect_field(data, "registers", int), expect_field(data, "repetitions", int))
    config = ControllerConfig(
        expect_field(data, "controller", str), expect_field(data, "hidden", int)
    )
    controller = network_with_weights(
        # The wiring's tables are made on the device on which they are first used: one for each.
        lambda: Controller(Wiring(wiring.registers, wiring.repetitions), config, members=1),
        expect_field(data, WEIGHTS, dict),
    )
    return Model(task, controller, present_origin(provenance_from_data(data)))
