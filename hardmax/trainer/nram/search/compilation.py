"""Compilation of the search's inner functions by numba, and what is kept of it on disk.

numba keeps machine code per function, and compiles it again when the file of that function changes;
but it holds the functions that it calls, and constants of other files, too. So what is kept is kept
apart for every state of all the sources that go into it.
"""

from __future__ import annotations

import hashlib
import inspect
import os
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

from hardmax.runtime.nram import gates

Function = TypeVar("Function", bound=Callable[..., Any])

_HERE = Path(__file__).parent
_config: Any = numba.config


def folder_of(sources: Iterable[Path]) -> Path | None:
    """Where machine code of the sources, as they are now, is kept.

    In numba's own cache folder where one is set, else beside Python's, else in the user's cache;
    None where none of them can be written: the code is then compiled anew in every process.
    """
    digest = hashlib.sha256()
    for source in sources:
        digest.update(source.read_bytes())
    if _config.CACHE_DIR:
        places = [Path(_config.CACHE_DIR)]
    else:
        home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
        places = [_HERE / "__pycache__", Path(home, "hardmax")]
    folders = (place / digest.hexdigest()[:16] for place in places)
    return next(filter(_usable, folders), None)


def _usable(folder: Path) -> bool:
    """Whether files can be made in a folder, which is made first."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


FOLDER = folder_of((*sorted(_HERE.glob("*.py")), Path(inspect.getfile(gates))))


def compiled(function: Function) -> Function:
    """Compile for the CPU, without the interpreter lock, kept on disk between processes."""
    if FOLDER is None:
        return cast(Function, numba.njit(nogil=True)(function))
    before = _config.CACHE_DIR
    _config.CACHE_DIR = str(FOLDER)  # read while a function is decorated
    try:
        return cast(Function, numba.njit(nogil=True, cache=True)(function))
    finally:
        _config.CACHE_DIR = before


def part(function: Function) -> Function:
    """Compile as a part of what calls it, and kept with that; Python cannot call it."""
    options: Any = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}  # not in numba's types
    return cast(Function, numba.njit(nogil=True, **options)(function))


@part
def fill(target: Any, value: Any) -> None:
    """``target[:] = value``, which numba takes long to compile."""
    for i in range(len(target)):
        target[i] = value


@part
def copy(source: Any, target: Any) -> None:
    """``target[:] = source``, rows of the same length."""
    for i in range(len(target)):
        target[i] = source[i]


def inlined(function: Function) -> Function:
    """Compile into each caller: a call that passes arrays costs more than an operation."""
    return cast(Function, numba.njit(nogil=True, inline="always")(function))
