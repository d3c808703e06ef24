"""Programs as text, of any kind: the ``format`` field says which."""

from __future__ import annotations

import json
from pathlib import Path

from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.nram import lstm
from hardmax.runtime.nram.lstm import RecurrentProgram
from hardmax.runtime.nram.program import Program
from hardmax.runtime.ntm import program as ntm
from hardmax.runtime.ntm.program import NtmProgram

RamProgram = Program | RecurrentProgram
"""What works on a memory of integers in place."""

AnyProgram = RamProgram | NtmProgram
"""What can be run, interpreted and compiled."""


def read_program(text: str) -> AnyProgram:
    """Read a program's text form.

    Raises:
        HardmaxError: the text is no hardmax program of a known version.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise HardmaxError(f"expected a hardmax program in JSON, found {error}") from None
    kind = data.get("format") if isinstance(data, dict) else None
    if kind == lstm.FORMAT:
        return RecurrentProgram.from_data(data)
    if kind == ntm.FORMAT:
        return NtmProgram.from_data(data)
    return Program.from_data(data)


def load_program(path: Path) -> AnyProgram:
    """Read a program's text form from a file.

    Raises:
        HardmaxError: the file cannot be read or holds no program.
    """
    try:
        text = path.read_text()
    except OSError as error:
        raise HardmaxError(f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise HardmaxError(f"{path}: expected a hardmax program in JSON, found binary") from None
    try:
        return read_program(text)
    except HardmaxError as error:
        raise HardmaxError(f"{path}: {error}") from None
