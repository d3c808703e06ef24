"""From a Program to an output file; the extension says which kind."""

from __future__ import annotations

import enum
import os
import shlex
import subprocess
import tempfile
from pathlib import Path

from llvmlite import binding

from codegen.header import header
from codegen.lower import lower
from codegen.optimize import DEFAULT_LEVEL, optimized, target_machine
from runtime.errors import HardmaxError
from runtime.metadata import write_metadata
from runtime.output import write_output
from runtime.program import Program
from runtime.version import VERSION


class Kind(enum.Enum):
    """What a program can be compiled to; the value is the file's extension."""

    SHARED_LIBRARY = ".so"
    OBJECT = ".o"
    LLVM_IR = ".ll"
    ASSEMBLY = ".s"
    PROGRAM_TEXT = ".json"


LINKABLE = (Kind.SHARED_LIBRARY, Kind.OBJECT)
"""The kinds that a C program can use, so that a header makes sense."""


def kind_of(path: Path) -> Kind:
    """The kind that a path's extension asks for.

    Raises:
        HardmaxError: no kind has that extension.
    """
    try:
        return Kind(path.suffix)
    except ValueError:
        expected = " ".join(kind.value for kind in Kind)
        raise HardmaxError(f"{path}: expected one of the extensions {expected}") from None


def compiler() -> str:
    """Name and version of this compiler and of the LLVM that it carries."""
    return f"hardmax {VERSION}, LLVM {'.'.join(map(str, binding.llvm_version_info))}"


def emit(program: Program, kind: Kind, level: int = DEFAULT_LEVEL) -> bytes:
    """Compile a program for this machine's processor family; same program, same bytes.

    Args:
        level: 0..3, LLVM's -O0 to -O3.

    Raises:
        HardmaxError: a shared library could not be linked.
    """
    if kind is Kind.PROGRAM_TEXT:
        return program.to_json().encode()
    target = target_machine(level)
    module = optimized(lower(program, write_metadata(program, compiler())), target, level)
    match kind:
        case Kind.LLVM_IR:
            return str(module).encode()
        case Kind.ASSEMBLY:
            return bytes(target.emit_assembly(module), "utf-8")
        case Kind.OBJECT:
            return bytes(target.emit_object(module))
        case Kind.SHARED_LIBRARY:
            return link(bytes(target.emit_object(module)))


def write_program(
    program: Program, path: Path, *, level: int = DEFAULT_LEVEL, with_header: bool = False
) -> tuple[Path, ...]:
    """Compile a program to a file and return the paths written.

    Args:
        path: the output; its extension is that of a :class:`Kind`.
        level: 0..3, LLVM's -O0 to -O3.
        with_header: write the C header beside it, with the extension ``.h``.

    Raises:
        HardmaxError: unknown extension, no header for that kind, no C compiler, or a path that
            cannot be written. Each file is then either whole or as it was.
    """
    kind = kind_of(path)
    if with_header and kind not in LINKABLE:
        expected = " ".join(kind.value for kind in LINKABLE)
        raise HardmaxError(f"{path}: a C header goes with one of the extensions {expected}")
    write_output(path, emit(program, kind, level), executable=kind is Kind.SHARED_LIBRARY)
    if not with_header:
        return (path,)
    header_path = path.with_suffix(".h")
    write_output(header_path, header(program).encode())
    return path, header_path


def link(code: bytes) -> bytes:
    """Link an object file into a shared library with the C compiler, ``$CC`` or ``cc``.

    The library depends on no other, not even libc.

    Raises:
        HardmaxError: there is no C compiler, it failed, or there is no room for its files.
    """
    try:
        command = shlex.split(os.environ.get("CC", "")) or ["cc"]
    except ValueError as error:
        raise HardmaxError(f"cannot link: CC is no command: {error}") from None
    try:
        with tempfile.TemporaryDirectory(prefix="hardmax-") as folder:
            object_file = Path(folder, "program.o")
            library = Path(folder, "program.so")
            object_file.write_bytes(code)
            _run([*command, "-shared", "-nostdlib", "-o", str(library), str(object_file)])
            return library.read_bytes()
    except OSError as error:
        raise HardmaxError(f"cannot link: {error.filename}: {error.strerror}") from None


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    except OSError as error:
        raise HardmaxError(
            f"cannot link: no C compiler: {command[0]}: {error.strerror}; "
            "install gcc or clang, or set CC"
        ) from None
    if done.returncode != 0:
        reason = (done.stderr or done.stdout).strip() or "it gave no reason"
        raise HardmaxError(
            f"cannot link: {command[0]} ended with exit status {done.returncode}: "
            f"{reason.splitlines()[0]}"
        )
