"""``model.pt``: primitives and tensors only, read as untrusted input, written whole."""

from __future__ import annotations

import os
import pickle
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from runtime.errors import HardmaxError
from trainer.controller import Controller, ControllerConfig
from trainer.model import Model
from trainer.tasks import find_task
from trainer.wiring import Wiring

FORMAT = "hardmax-model"
FORMAT_VERSION = 1
MAX_UNPACKED_BYTES = 1 << 28
"""A larger archive is refused before anything in it is read."""


def save_model(model: Model, path: Path) -> None:
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
        path,
    )


def load_model(path: Path) -> Model:
    """Read a model, checking everything in the file before it is used.

    Raises:
        HardmaxError: there is no such file, or it is not a hardmax model of a known version.
    """
    data = load_archive(path, FORMAT, FORMAT_VERSION)
    try:
        return _model_from_data(data)
    except HardmaxError as error:
        raise HardmaxError(f"{path}: {error}") from None


def save_archive(data: dict[str, Any], path: Path) -> None:
    """Write primitives and tensors beside ``path``, then rename."""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise HardmaxError(f"cannot write {path}: {error.strerror}") from None
    try:
        with os.fdopen(handle, "wb") as file:
            torch.save(data, file)
        os.chmod(name, 0o644)
        os.replace(name, path)
    except OSError as error:
        raise HardmaxError(f"cannot write {path}: {error.strerror}") from None
    finally:
        Path(name).unlink(missing_ok=True)


def load_archive(path: Path, expected_format: str, expected_version: int) -> dict[str, Any]:
    """Read what :func:`save_archive` wrote; nothing in the file can run code.

    Raises:
        HardmaxError: the file cannot be read, or is not of the expected format and version.
    """
    expected = f"expected a {expected_format} file"
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
        data = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise HardmaxError(f"cannot read {path}: {error.strerror or error}") from None
    except pickle.UnpicklingError:
        raise HardmaxError(
            f"{path}: {expected}, found a pickle with more than primitives and tensors; not loaded"
        ) from None
    except (RuntimeError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        reason = str(error).split("\n")[0][:200]
        raise HardmaxError(f"{path}: {expected}, found a damaged archive: {reason}") from None
    if not isinstance(data, dict) or data.get("format") != expected_format:
        raise HardmaxError(f"{path}: {expected}, found another kind of PyTorch file")
    if data.get("format_version") != expected_version:
        raise HardmaxError(
            f"{path}: {expected} of version {expected_version}, "
            f"found version {data.get('format_version')!r}"
        )
    return data


def _field(data: dict[str, Any], name: str, kind: type) -> Any:
    value = data.get(name)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise HardmaxError(f"expected {name} of type {kind.__name__}, found {value!r:.40}")
    return value


def _model_from_data(data: dict[str, Any]) -> Model:
    provenance = _field(data, "provenance", dict)
    for key, value in provenance.items():
        if not isinstance(key, str) or not isinstance(value, str | int | float):
            raise HardmaxError(f"expected provenance of primitives, found {key!r:.40}")
    controller = Controller(
        Wiring(_field(data, "registers", int), _field(data, "repetitions", int)),
        ControllerConfig(_field(data, "controller", str), _field(data, "hidden", int)),
        members=1,
    )
    state_dict = _field(data, "state_dict", dict)
    _check_state_dict(state_dict, controller.state_dict())
    controller.load_state_dict(state_dict)
    return Model(find_task(_field(data, "task", str)), controller, provenance)


def _check_state_dict(found: dict[str, Any], expected: dict[str, Tensor]) -> None:
    """Names, types, shapes and values of all tensors; every problem is in the one message."""
    problems = [f"{name} is missing" for name in expected if name not in found]
    problems += [f"{name!r:.40} is unknown" for name in found if name not in expected]
    for name, like in expected.items():
        tensor = found.get(name, like)
        if not isinstance(tensor, Tensor):
            problems.append(f"{name} is no tensor")
        elif tensor.layout != like.layout or tensor.dtype != like.dtype:
            problems.append(f"{name} is {tensor.layout} {tensor.dtype}, expected {like.dtype}")
        elif tensor.shape != like.shape:
            problems.append(f"{name} has shape {list(tensor.shape)}, expected {list(like.shape)}")
        elif not bool(tensor.isfinite().all()):
            problems.append(f"{name} holds values that are not finite")
    if problems:
        raise HardmaxError("weights do not fit: " + "; ".join(problems))
