"""A shared library compiled by hardmax, of any kind: inspected as a file, or loaded with care.

To load a library is to run its code; to inspect one is not.
"""

from __future__ import annotations

import ctypes
import hashlib
import itertools
import os
import tempfile
import threading
import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from hardmax.runtime.abi import ABI_VERSION, ABI_VERSION_FUNCTION, METADATA_FUNCTION
from hardmax.runtime.cpu import host_architecture, missing_features
from hardmax.runtime.elf import SharedObject, read_shared_object
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.input_file import read_input
from hardmax.runtime.kinds import AnyNative, AnyProgram, ProgramKind, find_kind
from hardmax.runtime.metadata import METADATA_SECTION, another_abi_version, read_metadata
from hardmax.runtime.programs import LONGEST_TEXT
from hardmax.runtime.text import printable

LARGEST_LIBRARY = 2**28
"""Bytes of a shared library that is read at most."""

_LONGEST_DOCUMENT = 2 * LONGEST_TEXT
_DOCUMENT = b'{"abi_version": '
"""How the metadata document begins. In libraries of version 0.1 it has no section of its own."""


@dataclass(frozen=True)
class LibraryInfo:
    """What a shared library says of itself; read from the file, and nothing in it was run.

    Attributes:
        path: the file.
        architecture: what its code is for, such as ``x86_64``.
        functions: names of the functions that it defines.
        metadata: the document of ``hardmax.runtime.metadata``.
        program: the program that it was compiled from.
    """

    path: Path
    architecture: str
    functions: frozenset[str]
    metadata: dict[str, Any]
    program: AnyProgram

    @property
    def kind(self) -> ProgramKind:
        """The kind of machine that it holds."""
        return find_kind(self.program.kind)

    @property
    def abi_version(self) -> int:
        """The version of the native interface it was compiled for."""
        return int(self.metadata["abi_version"])


def inspect_library(path: str | os.PathLike[str]) -> LibraryInfo:
    """What a shared library compiled by hardmax says of itself, for whatever machine it is.

    Raises:
        HardmaxError: the file cannot be read, is no shared library, is not ours, is of another ABI
            version or carries broken metadata.
    """
    return _inspected(path, read_input(path, LARGEST_LIBRARY))[0]


def _inspected(path: str | os.PathLike[str], content: bytes) -> tuple[LibraryInfo, str]:
    """What the content of a library says of it, and the text of the document that does."""
    try:
        library = read_shared_object(content)
        text = _document(library)
        metadata, program = read_metadata(text)
    except HardmaxError as error:
        raise HardmaxError(f"{printable(os.fspath(path))}: {error}") from None
    info = LibraryInfo(Path(path), library.architecture, library.functions, metadata, program)
    return info, text


def _document(library: SharedObject) -> str:
    """The text of the metadata document."""
    content = library.section(METADATA_SECTION)
    if content is None:
        begin = library.content.find(_DOCUMENT)
        if begin < 0:
            raise HardmaxError("not a program compiled by hardmax: it carries no metadata")
        content = library.content[begin:]
    text, _, _ = content[: _LONGEST_DOCUMENT + 1].partition(b"\0")
    if len(text) > _LONGEST_DOCUMENT:
        raise HardmaxError(f"broken metadata: expected at most {_LONGEST_DOCUMENT} bytes")
    try:
        return text.decode("ascii")
    except UnicodeDecodeError:
        raise HardmaxError("broken metadata: expected ASCII") from None


class Library:
    """A shared library that was loaded.

    Attributes:
        path: the file that it was loaded from.
        abi_version: the version of the native interface it was compiled for.
        metadata: the document of ``hardmax.runtime.metadata``.
        program: the program that it was compiled from, of the class that its kind has for them.
        kind: the kind of machine that it holds.
        digest: SHA-256 of the file.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """
        Raises:
            HardmaxError: as :func:`inspect_library`, or the library is not for this machine, does
                not define the functions of its kind, cannot be loaded, or its code says something
                else of itself than the file.
        """
        content = read_input(path, LARGEST_LIBRARY)
        info, text = _inspected(path, content)
        self.path = info.path
        self.abi_version = info.abi_version
        self.metadata = info.metadata
        self.program: Any = info.program
        self.kind = info.kind
        self._functions = info.functions
        self.digest = hashlib.sha256(content).digest()
        shown = printable(os.fspath(path))
        try:
            _expect_for_this_machine(info)
            for name in self.kind.signatures:
                if name not in info.functions and name not in self.kind.optional:
                    raise _not_ours(name)
            self._code = _loaded(content, self.digest, os.path.abspath(path))
            self._expect_as_in_file(text)
        except HardmaxError as error:
            raise HardmaxError(f"{shown}: {error}") from None

    def _expect_as_in_file(self, document: str) -> None:
        version = int(self.function(ABI_VERSION_FUNCTION, ctypes.c_uint32)())
        if version != ABI_VERSION:
            raise another_abi_version(version)
        if self.function(METADATA_FUNCTION, ctypes.c_char_p)() != document.encode("ascii"):
            raise HardmaxError("the file and the code in it say different things of the program")

    def defines(self, names: Iterable[str]) -> bool:
        """Whether it defines all of these functions."""
        return self._functions.issuperset(names)

    def function(self, name: str, result: Any, *arguments: Any) -> Any:
        """A function, with the types of ctypes that it returns and takes.

        Raises:
            HardmaxError: the library does not define it.
        """
        try:
            function = self._code[name]
        except AttributeError:
            raise _not_ours(name) from None
        function.restype = result
        function.argtypes = arguments
        return function


class LoadedProgram:
    """A program in a library that was loaded, as far as all kinds have it in common.

    It has no state of its own, so a copy of it is itself. It is pickled as the path of its file,
    which must then hold the same.

    Attributes:
        path: the file that it was loaded from.
        abi_version: the version of the native interface it was compiled for.
        metadata: the document of ``hardmax.runtime.metadata``.
        program: the program that it was compiled from.
    """

    def __init__(self, library: Library) -> None:
        self.path = library.path
        self.abi_version = library.abi_version
        self.metadata = library.metadata
        self.program = library.program
        self._digest = library.digest

    def __repr__(self) -> str:
        task, path = printable(self.metadata["task"]), printable(self.path)
        return f"<{type(self).__name__} {task}: {path}>"

    def _repr_svg_(self) -> str | None:
        """In a notebook, its program."""
        drawn: str | None = self.program._repr_svg_()
        return drawn

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return _loaded_again, (os.path.abspath(self.path), self._digest)


def _loaded_again(path: str, digest: bytes) -> AnyNative:
    """The program that was pickled.

    Raises:
        HardmaxError: the file cannot be loaded, or holds something else by now.
    """
    library = Library(path)
    if library.digest != digest:
        raise HardmaxError(f"{printable(path)}: not the library that was pickled: it was replaced")
    return library.kind.native(library)


def _expect_for_this_machine(info: LibraryInfo) -> None:
    host = host_architecture()
    if info.architecture != host:
        raise HardmaxError(f"compiled for {info.architecture}, this machine is {host}")
    missing = missing_features(info.metadata.get("features", ()))
    if missing:
        cpu = printable(info.metadata.get("cpu", "unknown"))
        raise HardmaxError(f"compiled for the CPU {cpu}, this machine's lacks {', '.join(missing)}")


def _not_ours(symbol: str) -> HardmaxError:
    return HardmaxError(f"not a program compiled by hardmax: it does not define {symbol}")


_LOADED: weakref.WeakValueDictionary[bytes, ctypes.CDLL] = weakref.WeakValueDictionary()
_LOCK = threading.Lock()
_COUNTER = itertools.count()


def _loaded(content: bytes, digest: bytes, path: str) -> ctypes.CDLL:
    """The code in a library; libraries of one content share it, and the last user unloads it.

    Raises:
        HardmaxError: the operating system cannot load it.
    """
    with _LOCK:
        code = _LOADED.get(digest)
        if code is None:
            code = _LOADED[digest] = _newly_loaded(content, path)
            unload = ctypes.CDLL(None)["dlclose"]
            unload.argtypes = (ctypes.c_void_p,)
            # A thread may still run it when Python ends.
            weakref.finalize(code, unload, code._handle).atexit = False
    return code


def _newly_loaded(content: bytes, path: str) -> ctypes.CDLL:
    """The operating system's loader knows libraries by name and by file, and would hand out the old
    code where a file was replaced by a new one. So it is given a private copy: in memory, or else
    in a temporary file. Where neither may be executed, the file itself has to do.
    """
    reasons = []
    for private_copy in (_copy_in_memory, _temporary_copy):
        with suppress(OSError), private_copy(content) as name:
            try:
                return ctypes.CDLL(name)
            except OSError as error:
                reasons.append(str(error).removeprefix(f"{name}: "))
    try:
        return ctypes.CDLL(path)
    except OSError as error:
        reasons.append(str(error).removeprefix(f"{path}: "))
    raise HardmaxError(f"cannot be loaded: {printable(reasons[0])}")


@contextmanager
def _copy_in_memory(content: bytes) -> Iterator[str]:
    if not hasattr(os, "memfd_create"):
        raise OSError("this operating system has no files in memory")
    with open(os.memfd_create("hardmax"), "w+b") as file:
        file.write(content)
        file.flush()
        # The number of the descriptor will be used again, and the loader must not know the name:
        # in each name other folders are passed through by way of themselves.
        detours = format(next(_COUNTER), "b").replace("0", "/").replace("1", "./")
        yield f"/proc/self/fd/{detours}{file.fileno()}"


@contextmanager
def _temporary_copy(content: bytes) -> Iterator[str]:
    with tempfile.NamedTemporaryFile(prefix="hardmax-", suffix=".so") as file:
        file.write(content)
        file.flush()
        yield file.name
