"""How what is bad is refused: with one line, which names the file if there is one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.programs import read_program


def refusal(load: Callable[[Path], object], path: Path) -> str:
    """The line with which a file is not loaded."""
    with pytest.raises(HardmaxError) as error:
        load(path)
    message = str(error.value)
    assert "\n" not in message
    assert str(path) in message
    assert len(message) < 600
    return message


def expect_program_or_refusal(text: str) -> None:
    """A text is refused with one line, or is a program that comes back as it was."""
    message = ""
    try:
        program = read_program(text)
    except HardmaxError as error:
        message = str(error)
    else:
        assert read_program(program.to_json()) == program
    assert "\n" not in message
