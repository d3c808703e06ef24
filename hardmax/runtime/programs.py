"""Programs as text, of any kind: the ``format`` field says which."""

from __future__ import annotations

import os

from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.input_file import read_input
from hardmax.runtime.json_form import parsed
from hardmax.runtime.kinds import KINDS, AnyProgram, find_format, find_kind
from hardmax.runtime.text import printable

LONGEST_TEXT = 2**26
"""Bytes of a program's text form that are read at most: 64 MiB, some ten million weights."""


def read_program(text: str) -> AnyProgram:
    """Read a program's text form.

    Raises:
        HardmaxError: the text is no hardmax program of a known version.
    """
    data = parsed(text, "a hardmax program")
    kind = find_format(data.get("format")) if isinstance(data, dict) else None
    if kind is None:
        known = ", ".join(f'"{name}"' for known in map(find_kind, KINDS) for name in known.formats)
        raise HardmaxError(f'expected a JSON object whose "format" is one of {known}')
    return kind.program_from_data(data)


def load_program(path: str | os.PathLike[str]) -> AnyProgram:
    """Read a program's text form from a file.

    Raises:
        HardmaxError: the file cannot be read or holds no program.
    """
    shown = printable(os.fspath(path))
    content = read_input(path, LONGEST_TEXT)
    try:
        return read_program(content.decode())
    except UnicodeDecodeError:
        raise HardmaxError(f"{shown}: expected a hardmax program in JSON, found binary") from None
    except HardmaxError as error:
        raise HardmaxError(f"{shown}: {error}") from None
