"""hardmax: a compiler from trained neural machines to native programs.

Everything that a user needs is here. Names are imported when they are first used, so that loading a
compiled program brings in neither torch nor LLVM::

    import hardmax

    result = hardmax.load("copy.so").run([6, 2, 10, 6, 8, 9, 0, 0, 0, 0, 0, 0])
    result.memory, result.steps, result.halted
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import TYPE_CHECKING

from runtime.errors import HardmaxError

if TYPE_CHECKING:
    from codegen.emit import write_program as compile_program
    from extractor.drawing import draw
    from extractor.extract import Extraction, extract
    from extractor.listing import listing
    from hardmax.reading import load_program
    from hardmax.verification import verify
    from runtime.abi import Status
    from runtime.interpreter import run as interpret
    from runtime.loader import BatchResult, NativeProgram, NativeResult, load
    from runtime.native_ntm import NativeNtm
    from runtime.ntm import NtmProgram
    from runtime.ntm_interpreter import NtmResult
    from runtime.program import Program
    from trainer.checkpoint import load_model, save_model
    from trainer.model import Model

__all__ = [
    "BatchResult",
    "Extraction",
    "HardmaxError",
    "Model",
    "NativeNtm",
    "NativeProgram",
    "NativeResult",
    "NtmProgram",
    "NtmResult",
    "Program",
    "Status",
    "compile_program",
    "draw",
    "extract",
    "interpret",
    "listing",
    "load",
    "load_model",
    "load_program",
    "save_model",
    "verify",
]

_ORIGINS: dict[str, tuple[str, str]] = {
    "BatchResult": ("runtime.loader", "BatchResult"),
    "Extraction": ("extractor.extract", "Extraction"),
    "Model": ("trainer.model", "Model"),
    "NativeNtm": ("runtime.native_ntm", "NativeNtm"),
    "NativeProgram": ("runtime.loader", "NativeProgram"),
    "NativeResult": ("runtime.loader", "NativeResult"),
    "NtmProgram": ("runtime.ntm", "NtmProgram"),
    "NtmResult": ("runtime.ntm_interpreter", "NtmResult"),
    "Program": ("runtime.program", "Program"),
    "Status": ("runtime.abi", "Status"),
    "compile_program": ("codegen.emit", "write_program"),
    "draw": ("extractor.drawing", "draw"),
    "extract": ("extractor.extract", "extract"),
    "interpret": ("runtime.interpreter", "run"),
    "listing": ("extractor.listing", "listing"),
    "load": ("runtime.loader", "load"),
    "load_model": ("trainer.checkpoint", "load_model"),
    "load_program": ("hardmax.reading", "load_program"),
    "save_model": ("trainer.checkpoint", "save_model"),
    "verify": ("hardmax.verification", "verify"),
}
"""Where each public name comes from: (module, name there)."""


def _import_standard_copy() -> None:
    """Import the standard library's ``copy`` past any compiled program of that name.

    Python looks for modules beside the script, or in the current directory, first, and would take a
    ``copy.so`` there for that module. NumPy and others import it.
    """
    path = sys.path[:]
    sys.path[:] = [folder for folder in path if not os.path.exists(os.path.join(folder, "copy.so"))]
    try:
        importlib.import_module("copy")
    finally:
        sys.path[:] = path


_import_standard_copy()


def __getattr__(name: str) -> object:
    if name not in _ORIGINS:
        raise AttributeError(f"module 'hardmax' has no attribute {name!r}")
    module, origin = _ORIGINS[name]
    value = getattr(importlib.import_module(module), origin)
    globals()[name] = value
    return value
