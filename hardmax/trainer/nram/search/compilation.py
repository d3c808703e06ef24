"""Compilation of the search's inner functions by numba, and what is kept of it on disk.

numba keeps machine code per function, and compiles it again when the file of that function changes;
but it holds the functions that it calls, and constants of other files, too. So what is kept is kept
apart for every state of all the sources that go into it.
"""

from __future__ import annotations

import hashlib
import inspect
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

from hardmax.runtime.nram import gates

Function = TypeVar("Function", bound=Callable[..., Any])

_HERE = Path(__file__).parent
_config: Any = numba.config


def folder_of(sources: Iterable[Path]) -> Path:
    """Where machine code of the sources, as they are now, is kept: by default beside Python's."""
    digest = hashlib.sha256()
    for source in sources:
        digest.update(source.read_bytes())
    beside = _HERE / "__pycache__" if os.access(_HERE, os.W_OK) else Path("~/.cache/hardmax")
    return Path(_config.CACHE_DIR or beside.expanduser(), digest.hexdigest()[:16])


FOLDER = folder_of((*sorted(_HERE.glob("*.py")), Path(inspect.getfile(gates))))


def compiled(function: Function) -> Function:
    """Compile for the CPU, without the interpreter lock, kept on disk between processes."""
    before = _config.CACHE_DIR
    _config.CACHE_DIR = str(FOLDER)  # read while a function is decorated
    try:
        return cast(Function, numba.njit(nogil=True, cache=True)(function))
    finally:
        _config.CACHE_DIR = before


def inlined(function: Function) -> Function:
    """Compile into each caller: a call that passes arrays costs more than an operation."""
    return cast(Function, numba.njit(nogil=True, inline="always")(function))
