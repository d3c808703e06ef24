"""``model.pt`` and saved trainings: primitives and tensors, read as untrusted input, written whole.

What is written is in the safetensors format; what ``torch.save`` wrote, as earlier versions did, is
read too. The content tells them apart, not the name. Neither reader needs PyTorch, and what they
read is bounded before it is built; ``docs/formats.md`` describes both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hardmax.runtime.atomic_write import write_output
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.input_file import read_input
from hardmax.runtime.text import printable
from hardmax.trainer import safetensors, torch_archive
from hardmax.trainer.stored_tensor import StoredTensor

MAX_FILE_BYTES = 1 << 30
"""A larger file is neither written nor read."""

MAX_DEPTH = 16
"""Data nested deeper are refused."""

WEIGHTS = "state_dict"
"""Where a model has its weights. In a file they go by their own names; any other tensor goes by its
path in the data, such as ``/run/generator``."""

_FOREIGN = (
    (b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.", "a file of PyTorch's format before 1.6"),
    (b"\x80", "a bare pickle"),
    (b"version https://git-lfs.github.com/spec/", "a Git LFS pointer; git lfs pull gets the file"),
    (b"\x7fELF", "a compiled library"),
    (b"<!doctype html", "an HTML page in place of the file"),
    (b"<html", "an HTML page in place of the file"),
    (b"{", "JSON text"),
)
"""How files begin that are taken for models, in small letters, and what they are."""


def save_archive(data: Mapping[str, Any], path: Path) -> None:
    """Write primitives and tensors as a file that is whole or absent.

    Args:
        data: dictionaries with texts (without slashes) or numbers for keys, lists and primitives;
            tensors in dictionaries only.

    Raises:
        HardmaxError: the file cannot be written; whatever was at ``path`` is still there.
    """
    import torch

    tensors = {}

    def without_tensors(value: Any, place: tuple[str, ...]) -> Any:
        if not isinstance(value, Mapping):
            return value
        rest = {}
        for key, item in value.items():
            where = (*place, str(key))
            if isinstance(item, torch.Tensor):
                tensors[_name(where)] = StoredTensor.from_torch(item)
            else:
                inner = without_tensors(item, where)
                if inner != {} or item == {}:  # what holds tensors only is made anew by their paths
                    rest[str(key)] = inner
        return rest

    content = safetensors.write(without_tensors(data, ()), tensors)
    if len(content) > MAX_FILE_BYTES:
        raise HardmaxError(
            f"cannot write {printable(path)}: expected at most {MAX_FILE_BYTES} bytes, "
            f"found {len(content)}"
        )
    write_output(path, content)


def load_archive(path: Path, expected_format: str, expected_version: int) -> dict[str, Any]:
    """Read what :func:`save_archive` wrote; nothing in the file can run code.

    Keys that were numbers come back as text.

    Raises:
        HardmaxError: the file cannot be read, or is not of the expected format and version.
    """
    expected = f"expected a {expected_format} file"
    data = _read(path, expected)
    found = data.get("format")
    if found != expected_format:
        other = f"one of format {shown(found)}" if isinstance(found, str) else _ANOTHER
        raise HardmaxError(f"{printable(path)}: {expected}, found {other}")
    version = data.get("format_version")
    if type(version) is not int or version != expected_version:
        raise HardmaxError(
            f"{printable(path)}: {expected} of version {expected_version}, "
            f"found version {shown(version)}"
        )
    return {key: _to_torch(value) for key, value in data.items()}


def archive_format(path: Path) -> str | None:
    """What format an archive says it is of, if any.

    Raises:
        HardmaxError: the file cannot be read, or is no archive.
    """
    found = _read(path, "expected a trained model").get("format")
    return found if isinstance(found, str) else None


_ANOTHER = "another kind of PyTorch file"


def _read(path: Path, expected: str) -> dict[str, Any]:
    """The data in a file, with tensors as they are stored; ``expected`` begins error messages."""
    content = read_input(path, MAX_FILE_BYTES)
    try:
        if torch_archive.is_zip(content):
            data = torch_archive.read(content)
        elif safetensors.is_safetensors(content):
            document, tensors = safetensors.read(content)
            data = _with_tensors(document, tensors)
        else:
            raise HardmaxError(_foreign(content))
        if not isinstance(data, dict):
            raise HardmaxError(_ANOTHER)
        _check_depth(data)
    except HardmaxError as error:
        raise HardmaxError(f"{printable(path)}: {expected}, found {error}") from None
    return data


def _foreign(content: bytes) -> str:
    if not content:
        return "an empty file"
    if not content.strip(b"\0"):
        return "nothing but zeros"
    begin = content[:256].lstrip().lower()
    return next(
        (what for start, what in _FOREIGN if begin.startswith(start.lower())),
        "another kind of file",
    )


def _name(place: tuple[str, ...]) -> str:
    """What a tensor is called in a file, by its path in the data."""
    if len(place) == 2 and place[0] == WEIGHTS:
        return place[1]
    return "/" + "/".join(place)


def _with_tensors(document: dict[str, Any], tensors: dict[str, StoredTensor]) -> dict[str, Any]:
    """The document with every tensor in its place."""
    for name, tensor in tensors.items():
        path = name.split("/", MAX_DEPTH)[1:] if name.startswith("/") else (WEIGHTS, name)
        *folders, last = path
        inner: Any = document
        for folder in folders:
            inner = inner.setdefault(folder, {})
            if not isinstance(inner, dict):
                raise HardmaxError("a damaged safetensors file: a tensor has no place")
        if last in inner:
            raise HardmaxError("a damaged safetensors file: a tensor's place is taken")
        inner[last] = tensor
    return document


def _children(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list | tuple):
        yield from value


def _check_depth(data: Any) -> None:
    """Refuse data that functions which call themselves could not walk through."""
    level = [data]
    for _ in range(MAX_DEPTH):
        level = [child for value in level for child in _children(value)]
    if level:
        raise HardmaxError(f"data nested deeper than {MAX_DEPTH} levels")


def _to_torch(value: Any) -> Any:
    """Data with every stored tensor as PyTorch's."""
    if isinstance(value, StoredTensor):
        return value.to_torch()
    if isinstance(value, dict):
        return {key: _to_torch(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_to_torch(item) for item in value)
    return value


def shown(found: object) -> str:
    """A value from a file, short and on one line, whatever it is."""
    if isinstance(found, StoredTensor):
        return "a tensor"
    return f"{found!r:.40}" if isinstance(found, str | int | float) else type(found).__name__


def expect_field(data: dict[str, Any], name: str, kind: type) -> Any:
    """A field of an archive.

    Raises:
        HardmaxError: it is missing or of another type.
    """
    value = data.get(name)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise HardmaxError(f"expected {name} of type {kind.__name__}, found {shown(value)}")
    return value
