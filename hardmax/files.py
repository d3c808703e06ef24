"""From a file of any stage of the line (``.pt``, ``.json``, ``.so``) to what is in it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, overload

from hardmax.runtime.errors import HardmaxError

if TYPE_CHECKING:
    from hardmax.extractor.nram.extract import Extraction
    from hardmax.extractor.ntm.extract import NtmExtraction
    from hardmax.runtime.kinds import AnyProgram
    from hardmax.runtime.nram.programs import RamProgram
    from hardmax.trainer.nram.model import Model
    from hardmax.trainer.sequence.model import NtmModel

MODEL = ".pt"
MODEL_NAMES = (MODEL, ".pth", ".ckpt", ".safetensors")
"""Extensions that models have elsewhere, too, in small or capital letters; the content decides."""

PROGRAM_TEXT = ".json"
SHARED_LIBRARY = ".so"
KINDS = (MODEL, PROGRAM_TEXT, SHARED_LIBRARY)
"""The extensions by which a file says what it is."""


def load_program(path: str | os.PathLike[str]) -> AnyProgram:
    """The program in a file: extracted from a model, read, or carried in a shared library.

    Raises:
        HardmaxError: another extension, or the file is not what its extension says.
    """
    path = Path(path)
    if is_model_name(path):
        return _extracted_program(path, load_any_model(path))
    if path.suffix == PROGRAM_TEXT:
        from hardmax.runtime.programs import load_program as load_program_text

        return load_program_text(path)
    if path.suffix == SHARED_LIBRARY:
        from hardmax.runtime.shared_library import inspect_library

        return inspect_library(path).program
    raise unknown_kind(path)


def load_ram_program(path: Path) -> RamProgram:
    """As :func:`load_program`, where a program that works on integers is needed.

    Raises:
        HardmaxError: as there, or it is a Neural Turing Machine.
    """
    from hardmax.runtime.kinds import find_kind
    from hardmax.runtime.nram.programs import RamProgram

    program = load_program(path)
    if not isinstance(program, RamProgram):
        title = find_kind(program.kind).title
        raise HardmaxError(f"{path}: expected a program that works on integers, found a {title}")
    return program


def load_extraction(path: Path) -> tuple[Model, Extraction]:
    """A model and what is extracted from it.

    Raises:
        HardmaxError: the file is no model, or one of which there is no lookup table.
    """
    from hardmax.trainer.nram.checkpoint import load_model

    _expect_model(path)
    model = load_model(path)
    return model, extract_any(path, model)


def load_any_model(path: Path) -> Model | NtmModel:
    """The trained model in a file, of either kind.

    Raises:
        HardmaxError: the file is no model.
    """
    from hardmax.trainer.sequence.checkpoint import load_any_model as load_model_file

    _expect_model(path)
    return load_model_file(path)


@overload
def extract_any(path: Path, model: Model) -> Extraction: ...
@overload
def extract_any(path: Path, model: NtmModel) -> NtmExtraction: ...
def extract_any(path: Path, model: Model | NtmModel) -> Extraction | NtmExtraction:
    """What is extracted from a model, of either kind.

    Args:
        path: where it was read from.

    Raises:
        HardmaxError: there is nothing to be extracted.
    """
    from hardmax.extractor.nram.extract import extract
    from hardmax.extractor.ntm.extract import extract_ntm
    from hardmax.trainer.sequence.model import NtmModel

    try:
        return extract_ntm(model) if isinstance(model, NtmModel) else extract(model)
    except HardmaxError as error:
        raise HardmaxError(f"{path}: {error}") from None


def _extracted_program(path: Path, model: Model | NtmModel) -> AnyProgram:
    """The program alone, without looking for margins where that takes runs."""
    from hardmax.trainer.sequence.model import NtmModel

    if not isinstance(model, NtmModel):
        return extract_any(path, model).program
    from hardmax.extractor.ntm.extract import ntm_program

    try:
        return ntm_program(model)
    except HardmaxError as error:
        raise HardmaxError(f"{path}: {error}") from None


def is_model_name(path: Path) -> bool:
    """Whether a file is a trained model, by its extension."""
    return path.suffix.lower() in MODEL_NAMES


def _expect_model(path: Path) -> None:
    if not is_model_name(path):
        raise HardmaxError(f"{path}: expected a trained model ({MODEL})")


def unknown_kind(path: Path) -> HardmaxError:
    """What to say of a file with another extension."""
    if not path.exists():
        return HardmaxError(f"cannot read {path}: No such file or directory")
    return HardmaxError(f"{path}: expected one of the extensions {' '.join(KINDS)}")
