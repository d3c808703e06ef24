"""The kinds of machines, and what this layer asks of each: ``kind.py`` in a folder of its own.

A kind sits under one of three interfaces. What differs from kind to kind is asked of the kind, what
differs from interface to interface of its ``interface``; nobody looks at types or names.
"""

from __future__ import annotations

import enum
import importlib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, cast

from hardmax.runtime.errors import HardmaxError

if TYPE_CHECKING:
    from hardmax.runtime.shared_library import Library

KINDS: dict[str, str] = {
    "nram": "hardmax.runtime.nram.kind",
    "ntm": "hardmax.runtime.ntm.kind",
    "stack": "hardmax.runtime.stack.kind",
}
"""Kind by kind the module whose ``KIND`` describes it, imported when it is first needed."""


class Interface(enum.Enum):
    """How a machine is run."""

    MEMORY = "memory"
    """On a memory of integers, which it changes in place."""
    SEQUENCE = "sequence"
    """On a sequence of numbers, which it answers with another, step by step."""
    SYMBOLS = "symbols"
    """On a sequence of symbols, which it answers with another, step by step."""


class AnyMetadata(Protocol):
    """What a program of any kind says about its origin; read-only.

    Attributes:
        task: what it is for.
        trained_complexity: largest complexity seen in training, 0 where unknown.
        model_hash: hash of the model that it was extracted from, empty where unknown.
        versions: versions of what made the program.
    """

    @property
    def task(self) -> str: ...
    @property
    def trained_complexity(self) -> int: ...
    @property
    def model_hash(self) -> str: ...
    @property
    def versions(self) -> Mapping[str, str]: ...


class AnyProgram(Protocol):
    """What can be run, interpreted and compiled; compared by value, and its ``repr`` is one line.

    Attributes:
        kind: a key of :data:`KINDS`.
        metadata: what it is for and where it came from.
    """

    kind: ClassVar[str]

    @property
    def metadata(self) -> AnyMetadata: ...

    def __eq__(self, other: object) -> bool: ...
    def __hash__(self) -> int: ...

    def to_json(self) -> str:
        """The canonical text form."""

    def _repr_svg_(self) -> str | None:
        """For a notebook; None where it cannot be drawn."""

    def facts(self) -> Iterator[tuple[str, object]]:
        """Yield what its kind has to say of its size, name and value: lines of ``hardmax info``."""


class AnyNative(Protocol):
    """A program in a shared library that was loaded; how it is run, its interface says.

    Attributes:
        path: the file that it was loaded from.
        abi_version: the version of the native interface it was compiled for.
        metadata: the document of ``hardmax.runtime.metadata``.
        program: the program that it was compiled from.
    """

    @property
    def path(self) -> Path: ...
    @property
    def abi_version(self) -> int: ...
    @property
    def metadata(self) -> dict[str, Any]: ...
    @property
    def program(self) -> AnyProgram: ...

    def _repr_svg_(self) -> str | None:
        """For a notebook: the program, None where it cannot be drawn."""

    def run(self, *args: Any, **kwargs: Any) -> Any:
        """Run it."""


class ProgramKind(Protocol):
    """A kind of machine, as far as this layer goes.

    Attributes:
        interface: how its machines are run.
        title: what people call it.
        formats: the values of ``format`` by which its text forms are known.
        signatures: the C functions of a library of its kind, by name.
        optional: those of them that older libraries do not define.
    """

    @property
    def interface(self) -> Interface: ...
    @property
    def title(self) -> str: ...
    @property
    def formats(self) -> Collection[str]: ...
    @property
    def signatures(self) -> Mapping[str, str]: ...
    @property
    def optional(self) -> Collection[str]: ...

    def program_from_data(self, data: dict[str, Any]) -> AnyProgram:
        """A program from its parsed text form, whose ``format`` is one of ``formats``.

        Raises:
            HardmaxError: it is no such program.
        """

    def metadata_fields(self, program: Any) -> dict[str, Any]:
        """Fields of the metadata document that libraries of this kind have beside the common ones.

        The document that is read must have the same, so no field needs another check.
        """

    def native(self, library: Library) -> AnyNative:
        """The program in a library whose metadata say that it is of this kind.

        Raises:
            HardmaxError: the library does not define one of the functions.
        """

    def interpret(self, program: Any, *args: Any, **kwargs: Any) -> Any:
        """Run a program in the reference interpreter.

        MEMORY: ``interpret(program, memory, max_steps)``, as
        :func:`hardmax.runtime.nram.interpreter.run`; SEQUENCE: ``interpret(program, inputs, rows)``
        with a :class:`hardmax.runtime.sequence.result.SequenceResult`; SYMBOLS:
        ``interpret(program, symbols, capacity)`` with a
        :class:`hardmax.runtime.symbols.result.SymbolResult`.
        """


def find_kind(name: str) -> ProgramKind:
    """The kind of that name.

    Raises:
        HardmaxError: there is none.
    """
    if name not in KINDS:
        known = ", ".join(KINDS)
        raise HardmaxError(f"unknown kind of machine {name!r:.40}: expected one of {known}")
    return cast(ProgramKind, importlib.import_module(KINDS[name]).KIND)


def find_format(name: object) -> ProgramKind | None:
    """The kind whose text form has that ``format``, if there is one."""
    return next((kind for kind in map(find_kind, KINDS) if name in kind.formats), None)
