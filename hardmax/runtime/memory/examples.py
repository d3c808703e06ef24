"""Files of input-output examples: memories before and after, as anybody can write them.

=========  =======================================================================================
``.jsonl`` a line is ``{"before": [...], "after": [...]}``; null in ``after`` is a cell that does
           not matter
``.csv``   the columns ``before`` and ``after``, cells with blanks between them; ``_`` is null
``.npz``   arrays ``before`` and ``after``, integers of shape (N, M); -1 in ``after`` is null
=========  =======================================================================================

``steps``, the natural number of timesteps of an example, and ``group``, whose examples are held out
together, may be there in each: as a key, a column, an array. Memories of different sizes are padded
in an ``.npz``, which then has an array ``size``, shape (N,). The first line of a ``.jsonl`` may be
``{"name": ..., "summary": ..., "layout": ...}``: what is said of the task as a whole.

Files are untrusted: what is read is bounded, nothing is unpickled, and whatever is wrong is one
line that says where.
"""

from __future__ import annotations

import csv
import io
import os
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.input_file import read_input
from hardmax.runtime.json_form import parsed
from hardmax.runtime.text import printable

Cells = tuple[int, ...]

MAX_BYTES = 1 << 28
"""A larger file is refused before it is read, and an ``.npz`` that unpacks to more."""

MAX_EXAMPLES = 1 << 20
MAX_SIZE = 1 << 16
"""Cells of a memory."""

MAX_STEPS = 1 << 32
"""Natural timesteps of an example."""

LONGEST_NAME, LONGEST_TEXT = 64, 2000
"""Characters of a task's name, and of its summary or layout."""

ANYTHING = "_"
"""In a column ``after``, a cell that does not matter."""

EXAMPLE_KEYS = ("before", "after", "steps", "group")
TASK_KEYS = ("name", "summary", "layout")


@dataclass(frozen=True)
class Example:
    """A memory before and after.

    Attributes:
        before: M cells, each 0..M-1.
        after: as many; None is a cell that does not matter.
        place: where it stands, for people.
        steps: natural timesteps, None where unknown.
        group: examples that belong together, empty where it belongs to none.
    """

    before: Cells
    after: tuple[int | None, ...]
    place: str
    steps: int | None = None
    group: str = ""

    def __post_init__(self) -> None:
        size = len(self.before)
        if not 2 <= size <= MAX_SIZE:
            raise self._wrong(f"expected a memory of 2 to {MAX_SIZE} cells, found {size}")
        if len(self.after) != size:
            raise self._wrong(f"expected {size} cells after as before, found {len(self.after)}")
        for name, cells in (("before", self.before), ("after", self.after)):
            for cell, value in enumerate(cells):
                if value is not None and not 0 <= value < size:
                    raise self._wrong(
                        f"expected values 0..{size - 1} in a memory of {size} cells, "
                        f"found {value:d} in cell {cell} of {name!r}"
                    )
        if all(value is None for value in self.after):
            raise self._wrong("expected at least one cell after that matters, found none")
        if self.steps is not None and not 1 <= self.steps <= MAX_STEPS:
            raise self._wrong(f"expected steps 1..{MAX_STEPS}, found {self.steps}")

    @property
    def size(self) -> int:
        """M."""
        return len(self.before)

    @property
    def changed(self) -> int:
        """How many cells that matter are to be changed."""
        pairs = zip(self.before, self.after, strict=True)
        return sum(after is not None and after != before for before, after in pairs)

    @property
    def extent(self) -> int:
        """How many cells, from the first, have something in them or are to get something."""
        return next(
            cell + 1
            for cell in range(self.size - 1, -1, -1)
            if cell == 0 or self.before[cell] != 0 or (self.after[cell] or 0) != 0
        )

    def wrong_cell(self, memory: Cells) -> int | None:
        """The first cell in which a memory is not as it should be afterwards."""
        pairs = enumerate(zip(self.after, memory, strict=True))
        return next((cell for cell, (a, b) in pairs if a is not None and a != b), None)

    def _wrong(self, what: str) -> HardmaxError:
        return HardmaxError(f"{self.place}: {what}")


@dataclass(frozen=True)
class ExampleFile:
    """What is in a file of examples.

    Attributes:
        examples: at least one; those that say the same stand there once.
        name: of the task; the file's unless it says another.
        summary, layout: what the file says of the task, perhaps nothing.
    """

    examples: tuple[Example, ...]
    name: str
    summary: str = ""
    layout: str = ""

    @property
    def sizes(self) -> tuple[int, int]:
        """The smallest and the largest memory."""
        sizes = [example.size for example in self.examples]
        return min(sizes), max(sizes)


def is_example_file(path: str | os.PathLike[str]) -> bool:
    """Whether a file has examples in it, by its extension."""
    return Path(path).suffix.lower() in _READERS


def read_examples(path: str | os.PathLike[str]) -> ExampleFile:
    """The examples in a file, each of them checked, and all of them together.

    Raises:
        HardmaxError: the file cannot be read or is too large; something in it is not as the
            module's docstring says; two examples contradict each other; none changes anything.
    """
    path = Path(path)
    if not is_example_file(path):
        raise HardmaxError(
            f"{printable(path)}: expected a file of examples ({', '.join(_READERS)})"
        )
    return parse_examples(read_input(path, MAX_BYTES), path)


def parse_examples(content: bytes, path: Path) -> ExampleFile:
    """The examples in the content of a file, whose extension is one of a file of examples.

    Raises:
        HardmaxError: as :func:`read_examples`.
    """
    shown = printable(path)
    about, examples = _READERS[path.suffix.lower()](content, shown)
    name = about.get("name") or re.sub(r"[^\w.+-]+", "-", path.stem).strip("-") or "examples"
    return ExampleFile(
        _consistent(examples, shown),
        name[:LONGEST_NAME],
        about.get("summary", ""),
        about.get("layout", ""),
    )


def given_examples(given: Iterable[Mapping[str, Any]]) -> ExampleFile:
    """Examples that are no file: as dictionaries with the keys of a line of ``.jsonl``.

    Raises:
        HardmaxError: as :func:`read_examples`.
    """
    examples: list[Example] = []
    for number, fields in enumerate(given, start=1):
        if not isinstance(fields, Mapping):
            raise HardmaxError(
                f"example {number}: expected a dictionary with 'before' and 'after', found "
                f"{_shown(fields)}"
            )
        plain = {str(name): _plain(value) for name, value in fields.items()}
        examples.append(_example(plain, f"example {number}"))
        _expect_few(examples, "examples")
    return ExampleFile(_consistent(examples, "examples"), "examples")


def _plain(value: Any) -> object:
    """Cells as a list of integers, where they are a sequence or an array of whatever kind."""
    if hasattr(value, "tolist"):
        return value.tolist()
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else value


def _consistent(examples: list[Example], shown: str) -> tuple[Example, ...]:
    """Each example once.

    Raises:
        HardmaxError: there is none, none changes anything, or the same memory is to become two
            different ones.
    """
    if not examples:
        raise HardmaxError(f"{shown}: expected at least one example, found none")
    if all(example.changed == 0 for example in examples):
        raise HardmaxError(f"{shown}: expected examples that change something, found none")
    different: list[Example] = []
    known: dict[Cells, list[Example]] = {}
    for example in examples:
        others = known.setdefault(example.before, [])
        for other in others:
            for cell, (here, there) in enumerate(zip(example.after, other.after, strict=True)):
                if here is not None and there is not None and here != there:
                    raise HardmaxError(
                        f"{example.place}: expected {there} in cell {cell} of 'after' as in "
                        f"{other.place.rpartition(', ')[2]}, which has the same 'before', "
                        f"found {here}"
                    )
        if all(other.after != example.after for other in others):
            others.append(example)
            different.append(example)
    return tuple(different)


def _read_lines(content: bytes, shown: str) -> tuple[dict[str, str], list[Example]]:
    """``.jsonl``."""
    about: dict[str, str] = {}
    examples: list[Example] = []
    for number, line in _numbered_lines(content, shown):
        place = f"{shown}, line {number}"
        try:
            entry = parsed(line, "an example")
        except HardmaxError as error:
            raise HardmaxError(f"{place}: {printable(error)}") from None
        if not isinstance(entry, dict):
            raise HardmaxError(f'{place}: expected {{"before": [...], "after": [...]}}')
        if not examples and not about and entry and set(entry) <= set(TASK_KEYS):
            about = _about(entry, place)
            continue
        examples.append(_example(entry, place))
        _expect_few(examples, shown)
    return about, examples


def _read_table(content: bytes, shown: str) -> tuple[dict[str, str], list[Example]]:
    """``.csv``."""
    lines = (line for _, line in _numbered_lines(content, shown, blank=True))
    reader = csv.reader(lines, strict=True)
    examples: list[Example] = []
    names: list[str] = []
    try:
        for row in reader:
            place = f"{shown}, line {reader.line_num}"
            words = [word.strip() for word in row]
            if not any(words):
                continue
            if not names:
                names = [word.lower() for word in words]
                _expect_names(names, place, "columns")
                continue
            if len(words) != len(names):
                raise HardmaxError(f"{place}: expected {len(names)} columns, found {len(words)}")
            fields: dict[str, Any] = {
                name: word for name, word in zip(names, words, strict=True) if word
            }
            for name in ("before", "after"):
                fields[name] = [_cell(word, name) for word in fields.get(name, "").split()]
            if "steps" in fields:
                fields["steps"] = _cell(fields["steps"], "steps")
            examples.append(_example(fields, place))
            _expect_few(examples, shown)
    except csv.Error as error:
        raise HardmaxError(f"{shown}, line {reader.line_num}: {printable(error)}") from None
    return {}, examples


def _cell(word: str, name: str) -> object:
    """A cell of a table; what is no integer stays a word, which is refused where it is known."""
    if word == ANYTHING and name == "after":
        return None
    return int(word) if re.fullmatch(r"[+-]?[0-9]{1,18}", word) else word


def _read_arrays(content: bytes, shown: str) -> tuple[dict[str, str], list[Example]]:
    """``.npz``."""
    arrays = _arrays(content, shown)
    _expect_names(sorted(arrays), shown, "arrays", (*EXAMPLE_KEYS, "size"))
    before, after = arrays["before"], arrays["after"]
    for name, array in arrays.items():
        dimensions = 2 if name in ("before", "after") else 1
        kinds = "iuU" if name == "group" else "iu"
        if array.ndim != dimensions or array.dtype.kind not in kinds:
            raise HardmaxError(
                f"{shown}: expected {name!r} to be integers with {dimensions} dimensions, found "
                f"{array.dtype} of shape {array.shape}"
            )
        if len(array) != len(before):
            raise HardmaxError(
                f"{shown}: expected {len(before)} rows in every array as in 'before', found "
                f"{len(array)} in {name!r}"
            )
    if after.shape != before.shape:
        raise HardmaxError(
            f"{shown}: expected 'after' of shape {before.shape} as 'before', found {after.shape}"
        )
    examples = []
    for row in range(len(before)):
        place = f"{shown}, row {row}"
        size = int(arrays["size"][row]) if "size" in arrays else before.shape[1]
        if not 0 <= size <= before.shape[1]:
            raise HardmaxError(f"{place}: expected size 0..{before.shape[1]}, found {size}")
        fields: dict[str, Any] = {
            "before": before[row, :size].tolist(),
            "after": [None if value == -1 else value for value in after[row, :size].tolist()],
            **{name: arrays[name][row].item() for name in ("steps", "group") if name in arrays},
        }
        examples.append(_example(fields, place))
        _expect_few(examples, shown)
    return {}, examples


def _arrays(content: bytes, shown: str) -> dict[str, Any]:
    """The arrays of an archive of NumPy; the sizes are looked at before anything is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
        if unpacked > MAX_BYTES:
            raise HardmaxError(f"{shown}: expected at most {MAX_BYTES} bytes unpacked")
        with np.load(io.BytesIO(content), allow_pickle=False) as loaded:
            return {printable(name, 40): loaded[name] for name in loaded.files}
    except HardmaxError:
        raise
    # NumPy and zipfile have errors of many kinds for what is damaged.
    except Exception as error:
        raise HardmaxError(
            f"{shown}: expected an archive of NumPy (.npz): {printable(error, 100)}"
        ) from None


_READERS: dict[str, Callable[[bytes, str], tuple[dict[str, str], list[Example]]]] = {
    ".jsonl": _read_lines,
    ".csv": _read_table,
    ".npz": _read_arrays,
}
"""By the extension."""


def _numbered_lines(content: bytes, shown: str, blank: bool = False) -> Iterator[tuple[int, str]]:
    """Yield the lines with their numbers.

    Args:
        blank: also those with nothing on them.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise HardmaxError(f"{shown}: expected text, found binary") from None
    for number, line in enumerate(io.StringIO(text, newline=None), start=1):
        if blank or line.strip():
            yield number, line


def _expect_few(examples: list[Example], shown: str) -> None:
    if len(examples) > MAX_EXAMPLES:
        raise HardmaxError(f"{shown}: expected at most {MAX_EXAMPLES} examples, found more")


def _expect_names(
    names: list[str], place: str, what: str, known: tuple[str, ...] = EXAMPLE_KEYS
) -> None:
    """Refuse names that are missing, unknown or there twice."""
    missing = [name for name in ("before", "after") if name not in names]
    unknown = [name for name in names if name not in known]
    if missing or unknown or len(set(names)) != len(names):
        raise HardmaxError(
            f"{place}: expected {what} 'before' and 'after', and perhaps "
            f"{' and '.join(repr(name) for name in known[2:])}, found "
            f"{printable(', '.join(names), 80) or 'none'}"
        )


def _about(entry: dict[str, Any], place: str) -> dict[str, str]:
    """What the first line says of the task."""
    for key, value in entry.items():
        longest = LONGEST_NAME if key == "name" else LONGEST_TEXT
        if not isinstance(value, str) or not 0 < len(value) <= longest:
            raise HardmaxError(f"{place}: expected a text of 1 to {longest} characters as {key!r}")
    if "name" in entry and not re.fullmatch(r"\w[\w.+-]*", entry["name"]):
        raise HardmaxError(
            f"{place}: expected a name of letters, digits, - and _, found "
            f"{printable(entry['name'])}"
        )
    return {key: printable(value, LONGEST_TEXT) for key, value in entry.items()}


def _example(fields: dict[str, Any], place: str) -> Example:
    """An example from its fields, of which nothing is known yet."""
    _expect_names(list(fields), place, "keys")
    for name in ("before", "after"):
        cells = fields[name]
        if not isinstance(cells, list):
            raise HardmaxError(
                f"{place}: expected a list of cells as {name!r}, found {type(cells).__name__}"
            )
        for cell, value in enumerate(cells):
            if type(value) is not int and not (value is None and name == "after"):
                kinds = "an integer or null" if name == "after" else "an integer"
                raise HardmaxError(
                    f"{place}: expected {kinds} in cell {cell} of {name!r}, found {_shown(value)}"
                )
    steps, group = fields.get("steps"), fields.get("group", "")
    if steps is not None and type(steps) is not int:
        raise HardmaxError(f"{place}: expected an integer as 'steps', found {_shown(steps)}")
    if not isinstance(group, str | int):
        raise HardmaxError(f"{place}: expected a text or number as 'group', found {_shown(group)}")
    return Example(tuple(fields["before"]), tuple(fields["after"]), place, steps, str(group))


def _shown(value: object) -> str:
    return "null" if value is None else printable(repr(value)[:60], 40)
