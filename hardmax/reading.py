"""From a file of any stage of the line (``.pt``, ``.json``, ``.so``) to what is in it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from runtime.errors import HardmaxError

if TYPE_CHECKING:
    from extractor.extract import Extraction
    from runtime.program import Program
    from runtime.text import AnyProgram, RamProgram
    from trainer.model import Model

MODEL = ".pt"
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
    if path.suffix == MODEL:
        _, extraction = load_extraction(path)
        return extraction.program
    if path.suffix == PROGRAM_TEXT:
        from runtime.text import load_program as load_program_text

        return load_program_text(path)
    if path.suffix == SHARED_LIBRARY:
        from runtime.loader import load
        from runtime.text import read_program

        return read_program(load(path).metadata["program"])
    raise unknown_kind(path)


def load_ram_program(path: Path) -> RamProgram:
    """As :func:`load_program`, where a program that works on integers is needed.

    Raises:
        HardmaxError: as there, or it is a Neural Turing Machine.
    """
    from runtime.ntm import NtmProgram

    program = load_program(path)
    if isinstance(program, NtmProgram):
        raise HardmaxError(
            f"{path}: expected a program that works on integers, found a Neural Turing Machine"
        )
    return program


def load_table_program(path: Path) -> Program:
    """As :func:`load_program`, where a lookup table is needed.

    Raises:
        HardmaxError: as there, or a neural network decides what the program does.
    """
    from runtime.ntm import NtmProgram
    from runtime.program import Program

    program = load_program(path)
    if not isinstance(program, Program):
        found = "a Neural Turing Machine" if isinstance(program, NtmProgram) else "an LSTM"
        raise HardmaxError(f"{path}: expected a lookup table, found {found} that has none")
    return program


def load_extraction(path: Path) -> tuple[Model, Extraction]:
    """A model and what is extracted from it.

    Raises:
        HardmaxError: the file is no model, or one of which there is no lookup table.
    """
    from extractor.extract import extract
    from trainer.checkpoint import load_model

    if path.suffix != MODEL:
        raise HardmaxError(f"{path}: expected a trained model ({MODEL})")
    model = load_model(path)
    try:
        return model, extract(model)
    except HardmaxError as error:
        raise HardmaxError(f"{path}: {error}") from None


def unknown_kind(path: Path) -> HardmaxError:
    """What to say of a file with another extension."""
    if not path.exists():
        return HardmaxError(f"cannot read {path}: No such file or directory")
    return HardmaxError(f"{path}: expected one of the extensions {' '.join(KINDS)}")
