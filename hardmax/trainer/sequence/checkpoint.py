"""NTMs as ``model.pt``, as ``hardmax.trainer.archive`` keeps NRAMs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch

from hardmax.runtime.errors import HardmaxError
from hardmax.trainer import archive as checkpoint
from hardmax.trainer.archive import (
    check_state_dict,
    expect_field,
    load_archive,
    provenance_from_data,
    save_archive,
)
from hardmax.trainer.nram.controller import ControllerConfig
from hardmax.trainer.nram.model import Model
from hardmax.trainer.ntm.tape import TapeConfig
from hardmax.trainer.sequence.machine import Ntm, NtmConfig
from hardmax.trainer.sequence.model import NtmModel
from hardmax.trainer.sequence.tasks.registry import find_ntm_task

FORMAT = "hardmax-ntm-model"
FORMAT_VERSION = 1


def save_ntm(model: NtmModel, path: str | os.PathLike[str]) -> None:
    """Write a model.

    Raises:
        HardmaxError: the file cannot be written; whatever was at ``path`` is still there.
    """
    config = model.ntm.config
    save_archive(
        {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "task": model.task.name,
            "preset": model.preset,
            "controller": config.controller.kind,
            "hidden": config.controller.hidden,
            "width": config.tape.width,
            "write_heads": config.tape.write_heads,
            "read_heads": config.tape.read_heads,
            "learned_start": int(config.tape.learned_start),
            "provenance": dict(model.provenance),
            "state_dict": {k: v.cpu().clone() for k, v in model.ntm.state_dict().items()},
        },
        Path(path),
    )


def load_ntm(path: str | os.PathLike[str]) -> NtmModel:
    """Read a model, checking everything in the file before it is used.

    Raises:
        HardmaxError: there is no such file, or it is no NTM of a known version.
    """
    data = load_archive(Path(path), FORMAT, FORMAT_VERSION)
    try:
        return _model_from_data(data)
    except HardmaxError as error:
        raise HardmaxError(f"{path}: {error}") from None


def load_any_model(path: str | os.PathLike[str]) -> Model | NtmModel:
    """Read a model of either kind.

    Raises:
        HardmaxError: there is no such file, or it is no model of a known version.
    """
    if checkpoint.archive_format(Path(path)) == FORMAT:
        return load_ntm(path)
    return checkpoint.load_model(path)


def _model_from_data(data: dict[str, Any]) -> NtmModel:
    preset = expect_field(data, "preset", str)
    task = find_ntm_task(expect_field(data, "task", str), preset)
    config = NtmConfig(
        task.inputs,
        task.outputs,
        ControllerConfig(expect_field(data, "controller", str), expect_field(data, "hidden", int)),
        TapeConfig(
            expect_field(data, "width", int),
            expect_field(data, "write_heads", int),
            expect_field(data, "read_heads", int),
            bool(expect_field(data, "learned_start", int)),
        ),
    )
    state_dict = expect_field(data, "state_dict", dict)
    with torch.device("meta"):  # shapes only: a file that does not fit allocates nothing
        fitting = Ntm(config, members=1).state_dict()
    check_state_dict(state_dict, fitting)
    ntm = Ntm(config, members=1)
    ntm.load_state_dict(state_dict)
    return NtmModel(task, preset, ntm, provenance_from_data(data))
