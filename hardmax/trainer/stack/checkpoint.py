"""Stack machines as ``model.pt``, as ``hardmax.trainer.nram.checkpoint`` keeps NRAMs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.text import printable
from hardmax.trainer.archive import WEIGHTS, expect_field, load_archive, save_archive
from hardmax.trainer.layers import ControllerConfig
from hardmax.trainer.nram.checkpoint import provenance_from_data
from hardmax.trainer.stack.machine import StackConfig, StackMachine
from hardmax.trainer.stack.model import StackModel
from hardmax.trainer.stack.session import SEPARATOR
from hardmax.trainer.stack.tasks.registry import find_symbol_task
from hardmax.trainer.weights import network_with_weights

FORMAT = "hardmax-stack-model"
FORMAT_VERSION = 1


def save_stack(model: StackModel, path: str | os.PathLike[str]) -> None:
    """Write a model.

    Raises:
        HardmaxError: the file cannot be written; whatever was at ``path`` is still there.
    """
    config = model.machine.config
    save_archive(
        {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "task": model.task.name,
            "structures": SEPARATOR.join(config.structures),
            "depth": config.depth,
            "symbols": config.symbols,
            "state_bits": config.state_bits,
            "controller": config.controller.kind,
            "hidden": config.controller.hidden,
            "provenance": dict(model.provenance),
            WEIGHTS: model.machine.state_dict(),
        },
        Path(path),
    )


def load_stack(path: str | os.PathLike[str]) -> StackModel:
    """Read a model, checking everything in the file before it is used.

    Raises:
        HardmaxError: there is no such file, or it is no stack machine of a known version.
    """
    data = load_archive(Path(path), FORMAT, FORMAT_VERSION)
    try:
        return _model_from_data(data)
    except HardmaxError as error:
        raise HardmaxError(f"{printable(os.fspath(path))}: {error}") from None


def _model_from_data(data: dict[str, Any]) -> StackModel:
    task = find_symbol_task(expect_field(data, "task", str))
    config = StackConfig(
        len(task.alphabet),
        len(task.output_alphabet),
        tuple(expect_field(data, "structures", str).split(SEPARATOR)),
        expect_field(data, "depth", int),
        expect_field(data, "symbols", int),
        expect_field(data, "state_bits", int),
        ControllerConfig(expect_field(data, "controller", str), expect_field(data, "hidden", int)),
    )
    machine = network_with_weights(
        lambda: StackMachine(config, members=1), expect_field(data, WEIGHTS, dict)
    )
    return StackModel(task, machine, provenance_from_data(data))
