"""Static libraries: an object file in an ``ar`` archive with the index that linkers look into."""

from __future__ import annotations

from collections.abc import Iterable

_MAGIC = b"!<arch>\n"


def archive(name: str, code: bytes, symbols: Iterable[str]) -> bytes:
    """An archive of one member, in the format of System V and GNU; same input, same bytes.

    Args:
        name: what the member is called, at most 15 characters.
        code: the object file.
        symbols: what the object file defines.
    """
    names = [symbol.encode() + b"\0" for symbol in symbols]
    index_size = 4 * (1 + len(names)) + sum(map(len, names))
    index_size += index_size % 2
    member_at = len(_MAGIC) + len(_header("/", index_size)) + index_size
    numbers = (len(names), *(member_at for _ in names))
    index = b"".join((*(number.to_bytes(4, "big") for number in numbers), *names))
    index = index.ljust(index_size, b"\0")
    padding = b"\n" * (len(code) % 2)
    header = _header(f"{name}/", len(code))
    return b"".join((_MAGIC, _header("/", index_size), index, header, code, padding))


def _header(name: str, size: int) -> bytes:
    """Name, time, owner, group, mode and size, without a trace of when and by whom."""
    return f"{name:<16}{0:<12}{0:<6}{0:<6}{'644':<8}{size:<10}`\n".encode()
