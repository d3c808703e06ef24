"""What machines that answer symbols with symbols have in common: input, capacity, metadata."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hardmax.runtime.abi import MAX_SIZE
from hardmax.runtime.arrays import as_array, checked_integer, expect_integers
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.kinds import AnyProgram
from hardmax.runtime.text import listed, printable

Symbols = NDArray[np.int64]
"""Symbols by number, (T,)."""

MAX_SYMBOLS = 65535
"""Largest alphabet, and most values that a cell of a structure can hold."""

LONGEST_NAME = 40
"""Characters in a symbol's name."""

_SEPARATORS = frozenset(",;#")


@dataclass(frozen=True)
class SymbolMetadata:
    """What a machine is for and where it came from.

    Attributes:
        task: what it is for.
        trained_complexity: largest complexity seen in training, 0 where unknown.
        model_hash: hash of the model that it was extracted from, empty where unknown.
        versions: versions of what made the program.
    """

    task: str
    trained_complexity: int = 0
    model_hash: str = ""
    versions: Mapping[str, str] = field(default_factory=dict, hash=False)


class SymbolProgram(AnyProgram, Protocol):
    """What those who run a program need to know of it.

    Attributes:
        alphabet: the names of its K input symbols, 0..K-1.
        output_alphabet: the names of its output symbols.
        pushes_per_step: cells that a step adds at most to one of its structures.
    """

    @property
    def alphabet(self) -> tuple[str, ...]: ...
    @property
    def output_alphabet(self) -> tuple[str, ...]: ...
    @property
    def pushes_per_step(self) -> int: ...
    @property
    def metadata(self) -> SymbolMetadata: ...


def expect_alphabet(names: tuple[str, ...], what: str) -> None:
    """Refuse names of symbols that could not be typed, or could be taken for one another.

    A name that is a number has to be the symbol's own: ``3`` is typed for symbol 3 by name and by
    number alike.

    Args:
        what: what the alphabet is called, for the error.

    Raises:
        HardmaxError: there are none or too many, one is empty, too long, given twice, another
            symbol's number, begins with ``-``, or holds what separates symbols.
    """
    if not 1 <= len(names) <= MAX_SYMBOLS:
        raise HardmaxError(f"expected 1..{MAX_SYMBOLS} names in the {what}, found {len(names)}")
    for number, name in enumerate(names):
        if (
            not 1 <= len(name) <= LONGEST_NAME
            or not name.isprintable()
            or name.startswith("-")
            or any(character.isspace() or character in _SEPARATORS for character in name)
        ):
            raise HardmaxError(
                f"expected names of 1..{LONGEST_NAME} characters in the {what}, none of them a "
                f"blank, comma, semicolon or #, and no - in front, found '{printable(name, 60)}'"
            )
        if name.isdecimal() and name != str(number):
            raise HardmaxError(
                f"expected no name in the {what} that is another symbol's number, found "
                f"'{name}' for symbol {number}"
            )
    if len(set(names)) != len(names):
        raise HardmaxError(f"expected every name in the {what} once")


def checked_symbols(given: ArrayLike | Sequence[int | str], alphabet: tuple[str, ...]) -> Symbols:
    """A sequence as a machine takes it.

    Args:
        given: (T,), T >= 0: symbols by number, 0..K-1, or names and numbers mixed.
        alphabet: the names of the K symbols.

    Returns:
        int64 of shape (T,).

    Raises:
        HardmaxError: it is none; names the first that is no symbol.
    """
    expected = "a sequence of symbols"
    array = as_array(given, expected)
    if array.ndim != 1:
        raise HardmaxError(f"expected {expected}, found an array of shape {array.shape}")
    if array.size == 0:
        return np.zeros(0, dtype=np.int64)
    if array.dtype.kind in "OU":
        numbers = {name: number for number, name in enumerate(alphabet)}
        array = np.array(
            [_number(symbol, numbers) if isinstance(symbol, str) else symbol for symbol in array],
            dtype=object,
        )
    expect_integers(array, ("index",), expected)
    outside = (array < 0) | (array >= len(alphabet))
    if outside.any():
        step = int(outside.argmax())
        raise _no_symbol(array[step], alphabet, f" in step {step + 1}")
    return array.astype(np.int64)


def symbol_number(word: str, alphabet: tuple[str, ...]) -> int | None:
    """The symbol that a word stands for, by name or by number; None where it is none."""
    if word in alphabet:
        return alphabet.index(word)
    if word.isdecimal() and int(word) < len(alphabet):
        return int(word)
    return None


def _number(word: str, numbers: Mapping[str, int]) -> int:
    if word in numbers:
        return numbers[word]
    if word.isascii() and word.isdecimal() and len(word) < len(str(MAX_SIZE)):
        return int(word)
    raise _no_symbol(word, tuple(numbers), "")


def _no_symbol(found: object, alphabet: tuple[str, ...], where: str) -> HardmaxError:
    return HardmaxError(
        f"expected symbols 0..{len(alphabet) - 1} or their names, {listed(alphabet)}, "
        f"found '{printable(found, 40)}'{where}"
    )


def checked_capacity(capacity: int) -> int:
    """Cells that a structure may have.

    Raises:
        HardmaxError: it is no integer in 1..MAX_SIZE.
    """
    return checked_integer(capacity, "the capacity", 1, MAX_SIZE)


def enough_cells(program: SymbolProgram, steps: int) -> int:
    """The capacity with which no run of so many steps overflows, 1..MAX_SIZE."""
    return min(max(1, steps * program.pushes_per_step), MAX_SIZE)
