"""What a user gives a program to work on: memories, sequences and symbols.

They come from words, text or NumPy files.

Text is numbers with blanks, commas or semicolons between them. From ``#`` on a line is a comment,
empty lines are nothing, a byte order mark is skipped. A file that ends in ``.npy`` is an array.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.input_file import read_input
from hardmax.runtime.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

STANDARD_INPUT = "-"
ARRAY = ".npy"

MAX_BYTES = 1 << 30
"""A larger file is refused before it is read."""

Number = TypeVar("Number", int, float)

_SEPARATORS = re.compile(r"[\s,;]+")


def memory_from_words(words: Sequence[str]) -> Sequence[int] | NDArray[np.generic]:
    """A memory: one number a word, or one word that names a file or, ``-``, standard input.

    Raises:
        HardmaxError: a word or a line is no integer, or the file cannot be read.
    """
    if not words:
        raise HardmaxError("expected a memory: its cells, a file of them or -")
    if len(words) > 1 or _is_integer(words[0]):
        return [_cell(word) for word in words]
    if words[0].endswith(ARRAY):
        return _array(Path(words[0]), 1)
    cells = [cell for _, line in _rows(words[0], int) for cell in line]
    if not cells:
        raise HardmaxError(f"{_name(words[0])}: expected at least one cell, found none")
    return cells


def sequence_from_words(words: Sequence[str]) -> Sequence[Sequence[float]] | NDArray[np.generic]:
    """A sequence of at least one step: one word that names a file, or ``-`` for standard input.

    A line is a step; all have as many numbers.

    Raises:
        HardmaxError: there are more words, a line is no step, or the file cannot be read.
    """
    if len(words) != 1:
        raise HardmaxError(
            f"expected a file with a line for each step (or -), found {len(words)} words"
        )
    (word,) = words
    if word.endswith(ARRAY):
        steps = _array(Path(word), 2)
        if len(steps) == 0:
            raise HardmaxError(f"{word}: expected at least one step, found none")
        return steps
    rows: list[list[float]] = []
    for number, row in _rows(word, float):
        if rows and len(row) != len(rows[0]):
            raise HardmaxError(
                f"{_name(word)}, line {number}: expected {len(rows[0])} numbers as in the lines "
                f"before, found {len(row)}"
            )
        rows.append(row)
    if not rows:
        raise HardmaxError(f"{_name(word)}: expected at least one step, found none")
    return rows


def symbols_from_words(
    words: Sequence[str], alphabet: tuple[str, ...]
) -> Sequence[str] | NDArray[np.generic]:
    """Symbols: a name or a number a word, or one word that names a file or, ``-``, standard input.

    There may be none, which is the empty word. A single word that is a symbol is no file's name.

    Raises:
        HardmaxError: the file cannot be read.
    """
    from hardmax.runtime.symbols.interface import symbol_number

    if len(words) != 1 or symbol_number(words[0], alphabet) is not None:
        return words
    (word,) = words
    if word == "":
        return ()
    if word.endswith(ARRAY):
        return _array(Path(word), 1)
    if word == STANDARD_INPUT or Path(word).exists():
        return [name for _, line in _lines(word) for name in line]
    return words


def _cell(word: str) -> int:
    try:
        return int(word)
    except ValueError:
        found = printable(word, 40)
        raise HardmaxError(f"expected an integer in every cell, found '{found}'") from None


def _name(word: str) -> str:
    return "standard input" if word == STANDARD_INPUT else word


def _rows(word: str, kind: Callable[[str], Number]) -> Iterator[tuple[int, list[Number]]]:
    """Yield the numbers of each line that has any, with the line's number."""
    for number, words in _lines(word):
        yield number, [_number(w, kind, f"{_name(word)}, line {number}") for w in words]


def _lines(word: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the words of each line that has any, with the line's number."""
    if word == STANDARD_INPUT:
        content = sys.stdin.buffer.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise HardmaxError(f"standard input: expected at most {MAX_BYTES} bytes, found more")
    else:
        content = read_input(Path(word), MAX_BYTES)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise HardmaxError(f"{_name(word)}: expected rows of numbers, found binary") from None
    for number, line in enumerate(text.splitlines(), start=1):
        words = _SEPARATORS.split(line.partition("#")[0].strip(" \t,;\f\v"))
        if words != [""]:
            yield number, words


def _number(word: str, kind: Callable[[str], Number], where: str) -> Number:
    noun = "an integer" if kind is int else "a number"
    try:
        if "_" in word:
            raise ValueError
        return kind(word)
    except ValueError:
        if where.endswith("line 1"):
            noun += " (a line of headings must begin with #)"
        raise HardmaxError(f"{where}: expected {noun}, found '{printable(word, 40)}'") from None


def _is_integer(word: str) -> bool:
    try:
        int(word)
    except ValueError:
        return False
    return True


def _array(path: Path, dimensions: int) -> NDArray[np.generic]:
    """The array in a file of NumPy's; what its numbers may be is for the program to say."""
    import numpy as np

    content = read_input(path, MAX_BYTES)
    try:
        array = np.load(io.BytesIO(content), allow_pickle=False)
    except (ValueError, EOFError, OSError, TypeError, SyntaxError, MemoryError) as error:
        reason = str(error).split("\n")[0][:100]
        raise HardmaxError(f"{path}: expected an array of NumPy ({ARRAY}): {reason}") from None
    if not isinstance(array, np.ndarray):
        raise HardmaxError(f"{path}: expected an array of NumPy ({ARRAY}), found an archive")
    if array.ndim != dimensions or array.dtype.kind not in "iufb":
        raise HardmaxError(
            f"{path}: expected an array of numbers with {dimensions} "
            f"dimension{'s' if dimensions > 1 else ''}, found {array.dtype} of shape {array.shape}"
        )
    return array
