"""What callers give as arrays and numbers: NumPy's, other libraries' tensors, plain sequences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.text import printable


def as_array(given: object, expected: str) -> NDArray[Any]:
    """An array of what was given; numbers in sequences stay the objects that they are.

    Args:
        given: an array, something that NumPy takes for one such as a tensor, or sequences of
            numbers, of sequences of numbers, and so on.
        expected: what it should be, for the error.

    Raises:
        HardmaxError: it is none of these, or has a mask, which would be lost.
    """
    if isinstance(given, np.ma.MaskedArray):
        raise HardmaxError(f"expected {expected}, found an array with a mask")
    try:
        if _is_sequence(type(given)):
            return np.array(_plain(given, expected), dtype=object)
        if _is_array(type(given)):
            return np.asarray(given)
    except HardmaxError:
        raise
    # NumPy runs the methods of what it is given, and each library has errors of its own.
    except Exception as error:
        raise HardmaxError(f"expected {expected}, found {printable(error)}") from None
    raise HardmaxError(f"expected {expected}, found {type(given).__name__}")


def _plain(given: Any, expected: str) -> Sequence[Any]:
    """A sequence with numbers in place of the arrays in it, and lists of numbers."""
    kinds = set(map(type, given))
    arrays = {kind for kind in kinds if _is_array(kind)}
    sequences = {kind for kind in kinds if _is_sequence(kind)}
    if not arrays | sequences:
        return list(given)
    return [
        as_array(part, expected).tolist()
        if type(part) in arrays
        else _plain(part, expected)
        if type(part) in sequences
        else part
        for part in given
    ]


def _is_sequence(kind: type) -> bool:
    return issubclass(kind, Sequence) and not issubclass(kind, str | bytes | bytearray)


def _is_array(kind: type) -> bool:
    return any(hasattr(kind, name) for name in ("__array__", "__array_interface__", "__buffer__"))


def expect_integers(array: NDArray[Any], names: Sequence[str], expected: str) -> None:
    """Refuse an array in which something is no integer.

    Args:
        array: of as many dimensions as there are names.
        names: what a place along each dimension is called.
        expected: what the array should be.

    Raises:
        HardmaxError: as said; names the first wrong place where not the whole array is wrong.
    """
    if array.dtype != object:
        if array.dtype.kind not in "iu":
            raise HardmaxError(f"expected {expected}, found {array.dtype}")
        return
    if all(_is_integer(kind) for kind in set(map(type, array.flat))):
        return
    for place, value in np.ndenumerate(array):
        if not _is_integer(type(value)):
            raise HardmaxError(
                f"{named(place, names)} holds a {type(value).__name__}, expected an integer"
            )


def named(place: Sequence[int], names: Sequence[str]) -> str:
    """A place in an array in words: ``memory 3, cell 0``."""
    return ", ".join(f"{name} {i}" for name, i in zip(names, place, strict=True))


def checked_integer(given: object, name: str, least: int, most: int | None = None) -> int:
    """An argument that has to be an integer.

    Raises:
        HardmaxError: it is none, a bool, below ``least`` or above ``most``.
    """
    if not isinstance(given, int | np.integer) or isinstance(given, bool):
        raise HardmaxError(f"expected {name} to be an integer, found {type(given).__name__}")
    if given < least or (most is not None and given > most):
        bounds = f"at least {least}" if most is None else f"in {least}..{most}"
        raise HardmaxError(f"expected {name} {bounds}, found {given}")
    return int(given)


def _is_integer(kind: type) -> bool:
    return issubclass(kind, int | np.integer) and kind is not bool
