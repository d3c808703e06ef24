"""Load a compiled program and run it: NumPy and ctypes are enough, neither torch nor LLVM."""

from __future__ import annotations

import os

from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.kinds import AnyNative, find_kind
from hardmax.runtime.nram.native import NativeProgram
from hardmax.runtime.sequence.native import NativeNtm
from hardmax.runtime.shared_library import Library
from hardmax.runtime.text import printable


def load(path: str | os.PathLike[str]) -> AnyNative:
    """Load a shared library compiled by hardmax, of any kind. That is to run code in it.

    Raises:
        HardmaxError: the file cannot be read, is no shared library, is not ours, is for another
            machine, is of another ABI version or carries broken metadata.
    """
    library = Library(path)
    return library.kind.native(library)


def load_ram(path: str | os.PathLike[str]) -> NativeProgram:
    """As :func:`load`, where a program that works on a memory of integers is needed.

    Raises:
        HardmaxError: as there, or it is of another kind.
    """
    native = load(path)
    if not isinstance(native, NativeProgram):
        raise _another_kind(path, "a program that works on integers", native)
    return native


def load_ntm(path: str | os.PathLike[str]) -> NativeNtm:
    """As :func:`load`, where a machine that takes a sequence is needed.

    Raises:
        HardmaxError: as there, or it is of another kind.
    """
    native = load(path)
    if not isinstance(native, NativeNtm):
        raise _another_kind(path, "a machine that takes a sequence", native)
    return native


def _another_kind(path: str | os.PathLike[str], expected: str, native: AnyNative) -> HardmaxError:
    found = find_kind(native.program.kind).title
    return HardmaxError(f"{printable(os.fspath(path))}: expected {expected}, found a {found}")
