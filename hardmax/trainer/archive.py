"""``model.pt``: primitives and tensors only, read as untrusted input, written whole."""

from __future__ import annotations

import dataclasses
import io
import os
import pickle
import warnings
import zipfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from hardmax.runtime.atomic_write import write_output
from hardmax.runtime.errors import HardmaxError
from hardmax.trainer.nram.controller import Controller, ControllerConfig
from hardmax.trainer.nram.model import Model, Provenance
from hardmax.trainer.nram.tasks import find_task
from hardmax.trainer.nram.wiring import Wiring

FORMAT = "hardmax-model"
FORMAT_VERSION = 1
MAX_UNPACKED_BYTES = 1 << 28
"""A larger archive is refused before anything in it is read."""


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
            "state_dict": {k: v.cpu().clone() for k, v in controller.state_dict().items()},
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
        raise HardmaxError(f"{path}: {error}") from None


def save_archive(data: dict[str, Any], path: Path) -> None:
    """Write primitives and tensors as a file that is whole or absent.

    Raises:
        HardmaxError: the file cannot be written; whatever was at ``path`` is still there.
    """
    archive = io.BytesIO()
    torch.save(data, archive)
    write_output(path, archive.getvalue())


def load_archive(path: Path, expected_format: str, expected_version: int) -> dict[str, Any]:
    """Read what :func:`save_archive` wrote; nothing in the file can run code.

    Raises:
        HardmaxError: the file cannot be read, or is not of the expected format and version.
    """
    expected = f"expected a {expected_format} file"
    data = _load_dict(path, expected)
    if not _equal(data.get("format"), expected_format):
        raise HardmaxError(f"{path}: {expected}, found another kind of PyTorch file")
    version = data.get("format_version")
    if not _equal(version, expected_version):
        raise HardmaxError(
            f"{path}: {expected} of version {expected_version}, found version {_shown(version)}"
        )
    return data


def archive_format(path: Path) -> str | None:
    """What format an archive says it is of, if any.

    Raises:
        HardmaxError: the file cannot be read, or is no archive.
    """
    found = _load_dict(path, "expected a trained model").get("format")
    return found if isinstance(found, str) else None


def _load_dict(path: Path, expected: str) -> dict[str, Any]:
    """The dictionary in an archive; ``expected`` begins the error message."""
    try:
        if path.is_dir():
            raise HardmaxError(f"{path}: {expected}, found a directory")
        if not zipfile.is_zipfile(path):
            path.open("rb").close()
            raise HardmaxError(f"{path}: {expected}, found no complete zip archive")
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
        if size > MAX_UNPACKED_BYTES:
            raise HardmaxError(
                f"{path}: {expected} of at most {MAX_UNPACKED_BYTES} bytes, found {size}"
            )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            data = torch.load(path, map_location="cpu", weights_only=True)
    except HardmaxError:
        raise
    except OSError as error:
        raise HardmaxError(f"cannot read {path}: {error.strerror or error}") from None
    except pickle.UnpicklingError:
        raise HardmaxError(
            f"{path}: {expected}, found a pickle with more than primitives and tensors; not loaded"
        ) from None
    except Exception as error:  # damaged bytes make the readers fail in any way there is
        reason = str(error).split("\n")[0][:200]
        raise HardmaxError(f"{path}: {expected}, found a damaged archive: {reason}") from None
    if not isinstance(data, dict):
        raise HardmaxError(f"{path}: {expected}, found another kind of PyTorch file")
    return data


def _equal(found: object, expected: str | int) -> bool:
    """Whether a value from a file, of any type, is just the expected one."""
    return type(found) is type(expected) and found == expected


def _shown(found: object) -> str:
    """A value from a file, short and on one line, whatever it is."""
    return f"{found!r:.40}" if isinstance(found, str | int | float) else type(found).__name__


def expect_field(data: dict[str, Any], name: str, kind: type) -> Any:
    """A field of an archive.

    Raises:
        HardmaxError: it is missing or of another type.
    """
    value = data.get(name)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise HardmaxError(f"expected {name} of type {kind.__name__}, found {_shown(value)}")
    return value


def provenance_from_data(data: dict[str, Any]) -> Provenance:
    """How a model in an archive says it was made.

    Raises:
        HardmaxError: it says so in more than primitives.
    """
    provenance: Provenance = expect_field(data, "provenance", dict)
    for key, value in provenance.items():
        if not isinstance(key, str) or not isinstance(value, str | int | float):
            raise HardmaxError(f"expected provenance of primitives, found {_shown(key)}")
    return provenance


def _model_from_data(data: dict[str, Any]) -> Model:
    task = find_task(expect_field(data, "task", str))
    wiring = Wiring(expect_field(data, "registers", int), expect_field(data, "repetitions", int))
    config = ControllerConfig(
        expect_field(data, "controller", str), expect_field(data, "hidden", int)
    )
    state_dict = expect_field(data, "state_dict", dict)
    with torch.device("meta"):  # shapes only: a file that does not fit allocates nothing
        fitting = Controller(dataclasses.replace(wiring), config, members=1).state_dict()
    check_state_dict(state_dict, fitting)
    controller = Controller(wiring, config, members=1)
    controller.load_state_dict(state_dict)
    return Model(task, controller, provenance_from_data(data))


def check_state_dict(found: dict[str, Any], expected: dict[str, Tensor]) -> None:
    """Names, types, shapes and values of all tensors; every problem is in the one message."""
    problems = [f"{name} is missing" for name in expected if name not in found]
    problems += [f"{_shown(name)} is unknown" for name in found if name not in expected]
    for name, like in expected.items():
        if name in found:
            problems += _tensor_problems(name, found[name], like)
    if problems:
        raise HardmaxError("weights do not fit: " + "; ".join(problems))


def _tensor_problems(name: str, found: object, like: Tensor) -> list[str]:
    """What keeps a value from a file from being a tensor of the type and shape of ``like``."""
    if not isinstance(found, Tensor):
        return [f"{name} is no tensor"]
    if found.dtype != like.dtype:
        return [f"{name} is {found.dtype}, expected {like.dtype}"]
    if found.is_nested or found.layout != torch.strided or found.device.type != "cpu":
        return [f"{name} is not stored as a dense tensor"]
    if found.shape != like.shape:
        return [f"{name} has shape {list(found.shape)}, expected {list(like.shape)}"]
    if not found.is_contiguous():
        return [f"{name} is not stored whole"]
    if not bool(found.isfinite().all()):
        return [f"{name} holds values that are not finite"]
    return []
