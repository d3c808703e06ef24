"""Drawings of programs of any kind, as files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from hardmax.extractor.kinds import find_kind
from hardmax.extractor.rendering import drawing_title
from hardmax.runtime.atomic_write import write_output
from hardmax.runtime.errors import HardmaxError

if TYPE_CHECKING:
    from hardmax.runtime.kinds import AnyProgram


def render(program: AnyProgram, image_format: str, known: str = "") -> bytes:
    """A drawing in one of ``hardmax.extractor.rendering.FORMATS``, with its title.

    Args:
        known: what the title says besides task, machine and hash.

    Raises:
        HardmaxError: another format, Graphviz is absent or fails, or the program cannot be drawn.
    """
    title = ", ".join(filter(None, (drawing_title(program), known)))
    return find_kind(program.kind).draw(program, image_format, title=title)


def draw(program: AnyProgram, path: str | os.PathLike[str], known: str = "") -> None:
    """Write a drawing; the extension chooses the format, and ``known`` is as in :func:`render`.

    Raises:
        HardmaxError: as :func:`render`, or the file cannot be written.
    """
    path = Path(path)
    try:
        drawing = render(program, path.suffix.removeprefix(".").lower(), known)
    except HardmaxError as error:
        raise HardmaxError(f"cannot draw {path}: {error}") from None
    write_output(path, drawing)
