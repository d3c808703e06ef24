"""NTMs as ``model.pt``, as ``hardmax.trainer.nram.checkpoint`` keeps NRAMs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.text import printable
from hardmax.trainer.archive import (
    WEIGHTS,
    expect_field,
    load_archive,
    save_archive,
)
from hardmax.trainer.layers import ControllerConfig
from hardmax.trainer.nram.checkpoint import provenance_from_data
from hardmax.trainer.ntm.tape import TapeConfig
from hardmax.trainer.sequence.machine import SequenceConfig, SequenceMachine
from hardmax.trainer.sequence.model import SequenceModel
from hardmax.trainer.sequence.tasks.registry import find_sequence_task
from hardmax.trainer.weights import network_with_weights

FORMAT = "hardmax-ntm-model"
FORMAT_VERSION = 1


def save_ntm(model: SequenceModel, path: str | os.PathLike[str]) -> None:
    """Write a model.

    Raises:
        HardmaxError: the file cannot be written; whatever was at ``path`` is still there.
    """
    config, tape = model.machine.config, model.machine.config.memory
    assert isinstance(tape, TapeConfig)
    save_archive(
        {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "task": model.task.name,
            "preset": model.preset,
            "controller": config.controller.kind,
            "hidden": config.controller.hidden,
            "width": tape.width,
            "write_heads": tape.write_heads,
            "read_heads": tape.read_heads,
            "learned_start": int(tape.learned_start),
            "provenance": dict(model.provenance),
            WEIGHTS: model.machine.state_dict(),
        },
        Path(path),
    )


def load_ntm(path: str | os.PathLike[str]) -> SequenceModel:
    """Read a model, checking everything in the file before it is used.

    Raises:
        HardmaxError: there is no such file, or it is no NTM of a known version.
    """
    data = load_archive(Path(path), FORMAT, FORMAT_VERSION)
    try:
        return _model_from_data(data)
    except HardmaxError as error:
        raise HardmaxError(f"{printable(os.fspath(path))}: {error}") from None


def _model_from_data(data: dict[str, Any]) -> SequenceModel:
    preset = expect_field(data, "preset", str)
    task = find_sequence_task(expect_field(data, "task", str), preset)
    config = SequenceConfig(
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
    machine = network_with_weights(
        lambda: SequenceMachine(config, members=1), expect_field(data, WEIGHTS, dict)
    )
    return SequenceModel(task, preset, machine, provenance_from_data(data))
