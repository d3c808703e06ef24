"""A shared library compiled by hardmax, of either kind: opened with care, its functions by name."""

from __future__ import annotations

import ctypes
import os
import struct
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from hardmax.runtime.abi import (
    ABI_VERSION,
    ABI_VERSION_FUNCTION,
    C_SIGNATURES,
    METADATA_FUNCTION,
    NTM_RUN,
    NTM_SIGNATURES,
)
from hardmax.runtime.errors import HardmaxError

_ELF_MAGIC = b"\x7fELF"
_ZIP_MAGIC = b"PK\x03\x04"
_ELF64_LITTLE = b"\x02\x01"
_ELF64_HEADER = struct.Struct("<16xHHIQQQIHHHHHH")
"""e_type .. e_shstrndx; the section headers, which e_shoff points to, are the end of the file."""
_ELF_SHARED = 3


class Library:
    """A shared library that defines one of the interfaces of ``hardmax.runtime.abi``.

    It is loaded from a private copy: the loader of the operating system knows libraries by name and
    by file, and would hand out the old code where a file was replaced by a new one.

    Attributes:
        path: the file that it was loaded from.
        is_ntm: whether it is a Neural Turing Machine.
        abi_version: the version of the native interface it was compiled for.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """
        Raises:
            HardmaxError: the file cannot be read, is no shared library, is not ours or is of
                another ABI version.
        """
        self.path = Path(path)
        try:
            content = self.path.read_bytes()
        except OSError as error:
            raise HardmaxError(f"cannot read {path}: {error.strerror}") from None
        self.is_ntm = NTM_RUN.encode() + b"\0" in content
        _check_content(self.path, content, NTM_SIGNATURES if self.is_ntm else C_SIGNATURES)
        try:
            with tempfile.NamedTemporaryFile(prefix="hardmax-", suffix=".so") as copy:
                copy.write(content)
                copy.flush()
                self._library = ctypes.CDLL(copy.name)
        except OSError as error:
            raise HardmaxError(f"{path}: cannot be loaded: {error}") from None
        self.abi_version = int(self.function(ABI_VERSION_FUNCTION, ctypes.c_uint32)())
        if self.abi_version != ABI_VERSION:
            raise HardmaxError(
                f"{path}: expected ABI version {ABI_VERSION}, found {self.abi_version}; "
                "compile it again"
            )

    def function(self, name: str, result: Any, *arguments: Any) -> Any:
        """A function, with the types of ctypes that it returns and takes.

        Raises:
            HardmaxError: the library does not define it.
        """
        try:
            function = self._library[name]
        except AttributeError:
            raise _not_ours(self.path, name) from None
        function.restype = result
        function.argtypes = arguments
        return function

    def metadata(self, read: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
        """The metadata document, as ``read`` reads it.

        Raises:
            HardmaxError: there is none, or ``read`` refuses it.
        """
        text = self.function(METADATA_FUNCTION, ctypes.c_char_p)()
        try:
            return read(text.decode("ascii") if text else "")
        except UnicodeDecodeError:
            raise HardmaxError(f"{self.path}: broken metadata: expected ASCII") from None
        except HardmaxError as error:
            raise HardmaxError(f"{self.path}: {error}") from None


def _check_content(path: Path, content: bytes, symbols: Iterable[str]) -> None:
    """Refuse what must not reach the operating system's loader, which runs foreign constructors.

    It also maps a truncated library without complaint, and then dies of a bus error.
    """
    if not content.startswith(_ELF_MAGIC):
        found = "another kind of file"
        if content.startswith(_ZIP_MAGIC):
            found = "an archive; a trained model must be compiled first (hardmax compile)"
        raise HardmaxError(f"{path}: expected a shared library (ELF), found {found}")
    if content[4:6] == _ELF64_LITTLE:
        header = content.ljust(_ELF64_HEADER.size, b"\0")
        kind, *_, sections_at, _, _, _, _, section_size, sections, _ = _ELF64_HEADER.unpack_from(
            header
        )
        if len(content) < max(_ELF64_HEADER.size, sections_at + section_size * sections):
            raise HardmaxError(f"{path}: the shared library is truncated")
        if kind != _ELF_SHARED:
            raise HardmaxError(f"{path}: expected a shared library, found ELF type {kind}")
    for symbol in symbols:
        if symbol.encode() + b"\0" not in content:
            raise _not_ours(path, symbol)


def _not_ours(path: Path, symbol: str) -> HardmaxError:
    return HardmaxError(f"{path}: not a program compiled by hardmax: it does not define {symbol}")
