"""The kinds of machines that can be compiled: one line each, imported when first needed."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any, Protocol, TypeVar

from llvmlite import ir

from hardmax.codegen.header_parts import HeaderParts
from hardmax.codegen.targets import Architecture
from hardmax.runtime.errors import HardmaxError

KINDS: dict[str, str] = {
    "nram": "hardmax.codegen.nram.kind",
    "ntm": "hardmax.codegen.ntm.kind",
    "stack": "hardmax.codegen.stack.kind",
}
"""Where each kind's ``KIND`` is; the names are those of ``hardmax.runtime.kinds.KINDS``."""

P = TypeVar("P", contravariant=True)


class CodegenKind(Protocol[P]):
    """What the compiler asks a kind of machine about its programs, of type P."""

    @property
    def title(self) -> str:
        """What one such machine is called in a sentence, such as ``a Neural Turing Machine``."""

    @property
    def architectures(self) -> frozenset[Architecture]:
        """What its programs can be compiled for."""

    def emit(self, module: ir.Module, program: P, level: int, architecture: Architecture) -> None:
        """Add the functions that run a program to a module.

        Args:
            level: 0..3, as -O0 to -O3.
            architecture: what it is compiled for, one of :attr:`architectures`.
        """

    def header_parts(self, program: P, prefix: str) -> HeaderParts:
        """What the C header says of a program; ``prefix`` begins every name."""

    def explain(self, program: P, level: int) -> str:
        """What was made of a program, for people; lines of text, the last one ended too.

        Raises:
            HardmaxError: there is nothing to explain; says why.
        """

    def print_after(self, program: P, level: int, name: str) -> Iterator[tuple[str, str]]:
        """Yield (pass, program as text) each time that a pass over the program has run.

        Args:
            name: the name of a pass of -O``level``, or "all".

        Raises:
            HardmaxError: there is no such pass.
        """


def find_kind(name: str) -> CodegenKind[Any]:
    """The kind of that name.

    Raises:
        HardmaxError: no such kind can be compiled.
    """
    if name not in KINDS:
        known = " ".join(KINDS)
        raise HardmaxError(f"cannot compile a machine of kind {name!r}: expected one of {known}")
    kind: CodegenKind[Any] = importlib.import_module(KINDS[name]).KIND
    return kind
