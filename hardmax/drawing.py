"""Drawings of programs of any kind, as files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from hardmax.extractor.kinds import find_kind
from hardmax.runtime.atomic_write import write_output
from hardmax.runtime.errors import HardmaxError

if TYPE_CHECKING:
    from hardmax.runtime.kinds import AnyProgram


def render(program: AnyProgram, image_format: str) -> bytes:
    """A drawing in one of ``hardmax.extractor.rendering.FORMATS``.

    Raises:
        HardmaxError: another format, Graphviz is absent or fails, or the program cannot be drawn.
    """
    return find_kind(program.kind).draw(program, image_format)


def draw(program: AnyProgram, path: str | os.PathLike[str]) -> None:
    """Write a drawing; the extension chooses the format.

    Raises:
        HardmaxError: as :func:`render`, or the file cannot be written.
    """
    path = Path(path)
    try:
        drawing = render(program, path.suffix.removeprefix(".").lower())
    except HardmaxError as error:
        raise HardmaxError(f"cannot draw {path}: {error}") from None
    write_output(path, drawing)
