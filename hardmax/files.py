"""From a file of any stage of the line (``.pt``, ``.json``, ``.so``) to what is in it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from hardmax.runtime.errors import HardmaxError
from hardmax.shipped import locate

if TYPE_CHECKING:
    from hardmax.extractor.kinds import AnyExtraction
    from hardmax.runtime.kinds import AnyProgram
    from hardmax.runtime.nram.programs import RamProgram
    from hardmax.trainer.kinds import AnyModel

MODEL = ".pt"
MODEL_NAMES = (MODEL, ".pth", ".ckpt", ".safetensors")
"""Extensions that models have elsewhere, too, in small or capital letters; the content decides."""

PROGRAM_TEXT = ".json"
SHARED_LIBRARY = ".so"
EXTENSIONS = (MODEL, PROGRAM_TEXT, SHARED_LIBRARY)
"""The extensions by which a file says what it is."""


def load_program(path: str | os.PathLike[str]) -> AnyProgram:
    """The program in a file: extracted from a model, read, or carried in a shared library.

    A name without an extension is that of a model that comes with hardmax.

    Raises:
        HardmaxError: another extension, or the file is not what its extension says.

    Examples:
        >>> import hardmax
        >>> program = hardmax.load_program("libcopy.so")
        >>> program == hardmax.load_program("models/copy.pt")
        True
    """
    path = locate(path)
    if is_model_name(path):
        return program_of(path, load_model(path))
    if path.suffix == PROGRAM_TEXT:
        from hardmax.runtime.programs import load_program as load_program_text

        return load_program_text(path)
    if path.suffix == SHARED_LIBRARY:
        from hardmax.runtime.shared_library import inspect_library

        return inspect_library(path).program
    raise unknown_extension(path)


def load_memory_program(path: Path) -> RamProgram:
    """As :func:`load_program`, where a program that works on a memory of integers is needed.

    Raises:
        HardmaxError: as there, or it is a sequence machine.
    """
    from hardmax.runtime.kinds import find_kind
    from hardmax.runtime.nram.programs import RamProgram

    program = load_program(path)
    if not isinstance(program, RamProgram):
        title = find_kind(program.kind).title
        raise HardmaxError(f"{path}: expected a program that works on integers, found a {title}")
    return program


def is_model_name(path: Path) -> bool:
    """Whether a file is a trained model, by its extension."""
    return path.suffix.lower() in MODEL_NAMES


def load_model(path: str | os.PathLike[str]) -> AnyModel:
    """The trained model in a file, of any kind; a bare name is one that comes with hardmax.

    Raises:
        HardmaxError: the file is no model.

    Examples:
        >>> import hardmax
        >>> model = hardmax.load_model("models/copy.pt")
        >>> model.kind, model.task.name
        ('nram', 'copy')
    """
    from hardmax.trainer.kinds import load_model as load_model_file

    path = locate(path)
    if not is_model_name(path):
        raise HardmaxError(f"{path}: expected a trained model ({MODEL})")
    return load_model_file(path)


def program_of(path: Path, model: AnyModel) -> AnyProgram:
    """The program of a model that was read from ``path``, without margins.

    Raises:
        HardmaxError: there is nothing to be extracted.
    """
    from hardmax.extractor.kinds import find_kind

    try:
        return find_kind(model.kind).program(model)
    except HardmaxError as error:
        raise HardmaxError(f"{path}: {error}") from None


def extract_from(path: Path, model: AnyModel) -> AnyExtraction:
    """What is extracted from a model that was read from ``path``.

    Raises:
        HardmaxError: there is nothing to be extracted.
    """
    from hardmax.extractor.kinds import find_kind

    try:
        return find_kind(model.kind).extract(model)
    except HardmaxError as error:
        raise HardmaxError(f"{path}: {error}") from None


def unknown_extension(path: Path) -> HardmaxError:
    """What to say of a file with another extension."""
    if not path.exists():
        return HardmaxError(f"cannot read {path}: No such file or directory")
    return HardmaxError(f"{path}: expected one of the extensions {' '.join(EXTENSIONS)}")
