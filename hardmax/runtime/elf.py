"""Shared libraries read as files: what an ELF file says of itself, without running any of it.

Read with care: a number in the file is an offset, a size or a count only after it has been held
against the length of the file. Every library that hardmax makes is 64-bit and little-endian.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from hardmax.runtime.errors import HardmaxError

ARCHITECTURES = {62: "x86_64", 183: "aarch64", 243: "riscv64"}
"""``e_machine`` of the architectures that shared libraries are made for."""

_MAGIC = b"\x7fELF"
_ZIP_MAGIC = b"PK\x03\x04"
_CLASS_64_LITTLE = b"\x02\x01"
_HEADER = struct.Struct("<16xHHIQQQIHHHHHH")
"""e_type .. e_shstrndx."""
_SECTION = struct.Struct("<IIQQQQIIQQ")
"""sh_name .. sh_entsize."""
_SEGMENT = struct.Struct("<IIQQQQQQ")
"""p_type .. p_align."""
_SYMBOL = struct.Struct("<IBBHQQ")
"""st_name .. st_size."""
_SHARED_OBJECT = 3
_DYNAMIC_SYMBOLS, _NO_CONTENT = 11, 8
_UNDEFINED, _FUNCTION = 0, 2
_LONGEST_NAME = 256
_MAX_SYMBOLS = 1 << 16
"""Symbols of a library that are looked at; one of ours has fewer than ten."""


@dataclass(frozen=True)
class SharedObject:
    """What is known of a shared library.

    Attributes:
        content: the whole file.
        architecture: one of ARCHITECTURES, or ``machine type N`` of another.
        sections: by name where each section begins and ends in the file.
        functions: names of the functions that others can call.
    """

    content: bytes
    architecture: str
    sections: dict[str, tuple[int, int]]
    functions: frozenset[str]

    def section(self, name: str) -> bytes | None:
        """The content of a section, if there is one of that name."""
        if name not in self.sections:
            return None
        begin, end = self.sections[name]
        return self.content[begin:end]


def read_shared_object(content: bytes) -> SharedObject:
    """Read a shared library.

    Raises:
        HardmaxError: it is none, or lost its end. The operating system's loader maps such a one
            without complaint, and the process then dies of a bus error.
    """
    if not content.startswith(_MAGIC):
        found = "another kind of file"
        if content.startswith(_ZIP_MAGIC):
            found = "an archive; a trained model must be compiled first (hardmax compile)"
        raise HardmaxError(f"expected a shared library (ELF), found {found}")
    if len(content) > 5 and content[4:6] != _CLASS_64_LITTLE:
        raise HardmaxError("expected a 64-bit little-endian library, found another")
    if len(content) < _HEADER.size:
        raise _truncated()
    header = _HEADER.unpack_from(content)
    kind, machine, _, _, segments_at, sections_at, _, _, *sizes, names_at = header
    segment_size, segments, section_size, sections = sizes
    for _, _, begin, _, _, size, _, _ in _table(
        content, _SEGMENT, segments_at, segment_size, segments
    ):
        _expect(content, begin + size)
    table = _table(content, _SECTION, sections_at, section_size, sections)
    if kind != _SHARED_OBJECT:
        raise HardmaxError(f"expected a shared library, found ELF type {kind}")
    places = []
    for _, section_kind, _, _, begin, size, *_ in table:
        end = begin if section_kind == _NO_CONTENT else begin + size
        _expect(content, end)
        places.append((begin, end))

    def data(number: int) -> bytes:
        begin, end = places[number] if number < len(places) else (0, 0)
        return content[begin:end]

    names = data(names_at)
    symbols = next((i for i, section in enumerate(table) if section[1] == _DYNAMIC_SYMBOLS), None)
    return SharedObject(
        content=content,
        architecture=ARCHITECTURES.get(machine, f"machine type {machine}"),
        sections={_name(names, s[0]): place for s, place in zip(table, places, strict=True)},
        functions=(
            frozenset() if symbols is None else _functions(data(symbols), data(table[symbols][6]))
        ),
    )


def _table(
    content: bytes, entry: struct.Struct, begin: int, size: int, count: int
) -> list[tuple[int, ...]]:
    if count == 0:
        return []
    if size != entry.size:
        raise HardmaxError(f"malformed ELF file: expected entries of {entry.size} bytes")
    end = begin + size * count
    _expect(content, end)
    return list(entry.iter_unpack(content[begin:end]))


def _expect(content: bytes, end: int) -> None:
    if end > len(content):
        raise _truncated()


def _functions(symbols: bytes, names: bytes) -> frozenset[str]:
    whole = min(len(symbols) // _SYMBOL.size, _MAX_SYMBOLS) * _SYMBOL.size
    return frozenset(
        _name(names, name)
        for name, info, _, section, _, _ in _SYMBOL.iter_unpack(symbols[:whole])
        if info & 0xF == _FUNCTION and section != _UNDEFINED
    )


def _name(names: bytes, offset: int) -> str:
    text, _, _ = names[offset : offset + _LONGEST_NAME].partition(b"\0")
    return text.decode("ascii", "replace")


def _truncated() -> HardmaxError:
    return HardmaxError("the shared library is truncated")
