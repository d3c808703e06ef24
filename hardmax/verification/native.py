"""Native code for a verification: compiled in this process, or handed over."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hardmax.codegen.driver import write_program
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.kinds import AnyNative, AnyProgram, find_kind
from hardmax.runtime.loader import load


def compiled(program: AnyProgram) -> Any:
    """A program as native code in this process; no file is left.

    Raises:
        HardmaxError: it could not be linked.
    """
    with tempfile.TemporaryDirectory(prefix="hardmax-") as folder:
        path = Path(folder, "program.so")
        write_program(program, path)
        return load(path)


def expect_kind(native: AnyNative, kind: str) -> Any:
    """Native code, where it is of the kind that is needed.

    Raises:
        HardmaxError: it is of another.
    """
    found = native.program.kind
    if found != kind:
        raise HardmaxError(
            f"{native.path}: expected a {find_kind(kind).title}, found a {find_kind(found).title}"
        )
    return native
