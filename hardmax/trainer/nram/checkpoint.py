"""NRAMs as ``model.pt``."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.text import printable
from hardmax.trainer.archive import WEIGHTS, expect_field, load_archive, save_archive, shown
from hardmax.trainer.layers import ControllerConfig
from hardmax.trainer.nram.controller import Controller
from hardmax.trainer.nram.model import Model, present_origin
from hardmax.trainer.nram.tasks import find_task
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
            "task": model.task.name,
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


def _model_from_data(data: dict[str, Any]) -> Model:
    task = find_task(expect_field(data, "task", str))
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
