"""What every text form is made of: parsed JSON, checked field by field."""

from __future__ import annotations

import json
from typing import Any

from hardmax.runtime.errors import HardmaxError


def parsed(text: str, expected: str) -> Any:
    """The value that a JSON text stands for.

    Args:
        expected: what the text should be, for the error.

    Raises:
        HardmaxError: it is no JSON, a name stands twice in an object, or lists and objects are
            nested too deeply to be read.
    """
    try:
        return json.loads(text, object_pairs_hook=distinct)
    except RecursionError:
        found = "too many nested lists or objects"
    except ValueError as error:
        found = str(error)
    raise HardmaxError(f"expected {expected} in JSON, found {found}")


def distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; ValueError where a name stands twice, of which other readers take another one."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"the name {name!r:.40} twice in an object")
        found[name] = value
    return found


def integer(value: object) -> int:
    """A number from a text form; TypeError where it is no integer."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"expected an integer, found {value!r:.40}")
    return value


def string(value: object) -> str:
    """Text from a text form; TypeError where it is something else."""
    if not isinstance(value, str):
        raise TypeError(f"expected a string, found {value!r:.40}")
    return value


def array(value: object) -> list[Any]:
    """A list from a text form; TypeError where it is something else that could be gone through."""
    if not isinstance(value, list):
        raise TypeError(f"expected a list, found {value!r:.40}")
    return value
