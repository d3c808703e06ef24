"""From a Program to an output file; the extension says which kind."""

from __future__ import annotations

import enum
import os
import re
import shlex
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from llvmlite import binding

from hardmax.codegen.archive import archive
from hardmax.codegen.header import header
from hardmax.codegen.kinds import find_kind
from hardmax.codegen.llvm_passes import DEFAULT_LEVEL, affordable, optimized
from hardmax.codegen.lower import lower
from hardmax.codegen.targets import GENERIC, Architecture, Target
from hardmax.runtime.abi import PREFIX, prefixed
from hardmax.runtime.atomic_write import write_output
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.kinds import AnyProgram
from hardmax.runtime.metadata import write_metadata
from hardmax.runtime.version import VERSION


class Kind(enum.Enum):
    """What a program can be compiled to; the value is the file's extension."""

    SHARED_LIBRARY = ".so"
    OBJECT = ".o"
    STATIC_LIBRARY = ".a"
    WEBASSEMBLY = ".wasm"
    PTX = ".ptx"
    LLVM_IR = ".ll"
    ASSEMBLY = ".s"
    PROGRAM_TEXT = ".json"


LINKABLE = (Kind.SHARED_LIBRARY, Kind.OBJECT, Kind.STATIC_LIBRARY)
"""The kinds that a C program can use, so that a header makes sense."""

_ANY_TARGET = frozenset({Kind.LLVM_IR, Kind.PROGRAM_TEXT})
_OBJECTS = _ANY_TARGET | {Kind.OBJECT, Kind.STATIC_LIBRARY, Kind.ASSEMBLY}
_NATIVE = _OBJECTS | {Kind.SHARED_LIBRARY}
KINDS: dict[Architecture, frozenset[Kind]] = {
    Architecture.X86_64: _NATIVE,
    Architecture.AARCH64: _NATIVE,
    Architecture.RISCV64: _NATIVE,
    Architecture.WASM32: _OBJECTS | {Kind.WEBASSEMBLY},
    Architecture.NVPTX64: _ANY_TARGET | {Kind.PTX},
}
"""What a program can be compiled to on each architecture."""


_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WASM_LINKER = ("wasm-ld", "--no-entry", "--strip-all")
_INSTALL = (
    "a library for this machine needs gcc or clang (or set CC), one for another machine needs lld"
)


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


def target_for(kind: Kind, triple: str | None = None, cpu: str = GENERIC) -> Target:
    """The target that a file of some kind is compiled for.

    Args:
        triple: what the user asked for; by default this machine, or what the kind implies.
        cpu: as :class:`hardmax.codegen.targets.Target`.

    Raises:
        HardmaxError: no such target or CPU, or the target has no files of that kind.
    """
    if triple is not None:
        target = Target(triple, cpu)
    elif kind is Kind.WEBASSEMBLY:
        target = Target(Architecture.WASM32.value, cpu)
    elif kind is Kind.PTX:
        target = Target(Architecture.NVPTX64.value, cpu)
    else:
        target = Target.host(cpu)
    kinds = KINDS[target.architecture]
    if kind not in kinds:
        expected = " ".join(kind.value for kind in Kind if kind in kinds)
        raise HardmaxError(
            f"{kind.value} does not go with target {target.triple}: expected one of {expected}"
        )
    return target


def emit(
    program: AnyProgram,
    kind: Kind,
    level: int = DEFAULT_LEVEL,
    *,
    target: Target | None = None,
    prefix: str = PREFIX,
    soname: str | None = None,
) -> bytes:
    """Compile a program; same program, same bytes.

    Args:
        level: 0..3, LLVM's -O0 to -O3.
        target: what :func:`target_for` gives; by default what it gives for the kind alone.
        prefix: what every symbol begins with, a C identifier.
        soname: the name by which a shared library is found when a program that was linked against
            it starts; without one, that is the path it had at the time.

    Raises:
        HardmaxError: the prefix is no C identifier, machines of the program's kind are not compiled
            for the target, the program is too large, or what needs linking could not be linked.
    """
    if _IDENTIFIER.fullmatch(prefix) is None:
        raise HardmaxError(f"expected a C identifier as the prefix of symbols, found {prefix!r}")
    if kind is Kind.PROGRAM_TEXT:
        return program.to_json().encode()
    target = target or target_for(kind)
    machines = find_kind(program.kind)
    if target.architecture not in machines.architectures:
        raise HardmaxError(f"{machines.title} cannot be compiled for {target.triple}")
    compiled_for = {
        "target": target.triple,
        "cpu": target.cpu_name,
        "features": list(target.features),
    }
    metadata = write_metadata(program, compiler(), compiled_for)
    lowered = lower(program, metadata, level, target.architecture)
    effort = affordable(lowered, level)
    machine = target.machine(effort)
    module = optimized(lowered, machine, effort)
    symbols = []
    for function in module.functions:
        if not function.is_declaration and function.linkage is binding.Linkage.external:
            function.name = prefixed(function.name, prefix)
            symbols.append(function.name)
    match kind:
        case Kind.LLVM_IR:
            return str(module).encode()
        case Kind.ASSEMBLY | Kind.PTX:
            return bytes(machine.emit_assembly(module), "utf-8")
        case Kind.OBJECT:
            return bytes(machine.emit_object(module))
        case Kind.STATIC_LIBRARY:
            return archive("program.o", bytes(machine.emit_object(module)), symbols)
        case Kind.SHARED_LIBRARY:
            return link(bytes(machine.emit_object(module)), linker(target, soname))
        case Kind.WEBASSEMBLY:
            exports = (f"--export={symbol}" for symbol in (*symbols, "__heap_base"))
            return link(bytes(machine.emit_object(module)), (*_WASM_LINKER, *exports))


def write_program(
    program: AnyProgram,
    path: str | os.PathLike[str],
    *,
    level: int = DEFAULT_LEVEL,
    with_header: bool = False,
    triple: str | None = None,
    cpu: str = GENERIC,
    prefix: str = PREFIX,
) -> tuple[Path, ...]:
    """Compile a program to a file and return the paths written.

    Args:
        path: the output; its extension is that of a :class:`Kind`.
        level: 0..3, LLVM's -O0 to -O3.
        with_header: write the C header beside it, with the extension ``.h``.
        triple: the target, as :func:`target_for`; by default this machine or what the kind implies.
        cpu: ``generic``, ``native`` or a name LLVM knows.
        prefix: what every symbol begins with, a C identifier.

    Raises:
        HardmaxError: unknown extension, target, CPU or prefix, a kind that the target does not
            have, no header for that kind, no linker, or a path that cannot be written. Each file is
            then either whole or as it was.
    """
    path = Path(path)
    kind = kind_of(path)
    if with_header and kind not in LINKABLE:
        expected = " ".join(kind.value for kind in LINKABLE)
        raise HardmaxError(f"{path}: a C header goes with one of the extensions {expected}")
    target = target_for(kind, triple, cpu)
    code = emit(program, kind, level, target=target, prefix=prefix, soname=path.name)
    write_output(path, code, executable=kind is Kind.SHARED_LIBRARY)
    if not with_header:
        return (path,)
    header_path = path.with_suffix(".h")
    write_output(header_path, header(program, prefix).encode())
    return path, header_path


def linker(target: Target, soname: str | None = None) -> tuple[str, ...]:
    """The command that makes a shared library for a target from what is appended to it.

    For this machine it is the C compiler, ``$CC`` or ``cc``; for others it is LLVM's ``ld.lld``.
    """
    name = [] if soname is None else [f"-soname={soname}"]
    if not target.is_host:
        return ("ld.lld", "-shared", *name)
    try:
        command = shlex.split(os.environ.get("CC", "")) or ["cc"]
    except ValueError as error:
        raise HardmaxError(f"cannot link: CC is no command: {error}") from None
    if soname is not None:
        name = ["-Xlinker", *name]
    return (*command, "-shared", "-nostdlib", *name)


def link(code: bytes, command: Sequence[str]) -> bytes:
    """Link an object file with ``command``. The outcome depends on no library, not even libc.

    Raises:
        HardmaxError: there is no such command, it failed, or there is no room for its files.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="hardmax-") as folder:
            object_file = Path(folder, "program.o")
            output = Path(folder, "linked")
            object_file.write_bytes(code)
            _run([*command, "-o", str(output), str(object_file)])
            return output.read_bytes()
    except OSError as error:
        raise HardmaxError(f"cannot link: {error.filename}: {error.strerror}") from None


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    except OSError as error:
        raise HardmaxError(
            f"cannot link: no linker: {command[0]}: {error.strerror}; {_INSTALL}"
        ) from None
    if done.returncode != 0:
        reason = (done.stderr or done.stdout).strip() or "it gave no reason"
        raise HardmaxError(
            f"cannot link: {command[0]} ended with exit status {done.returncode}: "
            f"{reason.splitlines()[0]}"
        )
