"""How a bad file is refused: with one line that names it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from runtime.errors import HardmaxError


def refusal(load: Callable[[Path], object], path: Path) -> str:
    """The line with which a file is not loaded."""
    with pytest.raises(HardmaxError) as error:
        load(path)
    message = str(error.value)
    assert "\n" not in message
    assert str(path) in message
    assert len(message) < 600
    return message
