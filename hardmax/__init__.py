"""hardmax: a compiler from trained neural machines to native programs.

Everything that a user needs is here. Names are imported when they are first used, so that loading a
compiled program brings in neither torch nor LLVM::

    import hardmax

    result = hardmax.load("libcopy.so").run([6, 2, 10, 6, 8, 9, 0, 0, 0, 0, 0, 0])
    result.memory, result.steps, result.halted
"""

from __future__ import annotations

import importlib
import os
import sys
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from typing import TYPE_CHECKING

from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.version import VERSION as __version__  # noqa: N811

if TYPE_CHECKING:
    from hardmax.codegen.driver import write_program as compile_program
    from hardmax.extractor.nram.drawing import draw
    from hardmax.extractor.nram.extract import Extraction, extract
    from hardmax.extractor.nram.listing import listing
    from hardmax.files import load_program
    from hardmax.runtime.abi import Status
    from hardmax.runtime.loader import load
    from hardmax.runtime.nram.interpreter import run as interpret
    from hardmax.runtime.nram.native import (
        BatchResult,
        NativeProgram,
        NativeResult,
    )
    from hardmax.runtime.nram.program import Program
    from hardmax.runtime.ntm.program import NtmProgram
    from hardmax.runtime.sequence.native import NativeNtm
    from hardmax.runtime.sequence.result import SequenceResult
    from hardmax.trainer.nram.checkpoint import load_model, save_model
    from hardmax.trainer.nram.model import Model
    from hardmax.verification.nram import verify

__all__ = [
    "BatchResult",
    "Extraction",
    "HardmaxError",
    "Model",
    "NativeNtm",
    "NativeProgram",
    "NativeResult",
    "NtmProgram",
    "Program",
    "SequenceResult",
    "Status",
    "__version__",
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
    "BatchResult": ("hardmax.runtime.nram.native", "BatchResult"),
    "Extraction": ("hardmax.extractor.nram.extract", "Extraction"),
    "Model": ("hardmax.trainer.nram.model", "Model"),
    "NativeNtm": ("hardmax.runtime.sequence.native", "NativeNtm"),
    "NativeProgram": ("hardmax.runtime.nram.native", "NativeProgram"),
    "NativeResult": ("hardmax.runtime.nram.native", "NativeResult"),
    "NtmProgram": ("hardmax.runtime.ntm.program", "NtmProgram"),
    "Program": ("hardmax.runtime.nram.program", "Program"),
    "SequenceResult": ("hardmax.runtime.sequence.result", "SequenceResult"),
    "Status": ("hardmax.runtime.abi", "Status"),
    "compile_program": ("hardmax.codegen.driver", "write_program"),
    "draw": ("hardmax.extractor.nram.drawing", "draw"),
    "extract": ("hardmax.extractor.nram.extract", "extract"),
    "interpret": ("hardmax.runtime.nram.interpreter", "run"),
    "listing": ("hardmax.extractor.nram.listing", "listing"),
    "load": ("hardmax.runtime.loader", "load"),
    "load_model": ("hardmax.trainer.nram.checkpoint", "load_model"),
    "load_program": ("hardmax.files", "load_program"),
    "save_model": ("hardmax.trainer.nram.checkpoint", "save_model"),
    "verify": ("hardmax.verification.nram", "verify"),
}
"""Where each public name comes from: (module, name there)."""


def _import_standard_copy() -> None:
    """Import the standard library's ``copy`` past any compiled program of that name.

    Python looks for modules beside the script, or in the current directory, first, and would take a
    ``copy.so`` there for that module. NumPy and others import it.
    """
    spec = PathFinder.find_spec("copy", [os.path.dirname(os.__file__)])
    if "copy" in sys.modules or spec is None or spec.loader is None:
        return
    sys.modules["copy"] = module = module_from_spec(spec)
    spec.loader.exec_module(module)


_import_standard_copy()


def __getattr__(name: str) -> object:
    if name not in _ORIGINS:
        raise AttributeError(f"module 'hardmax' has no attribute {name!r}")
    module, origin = _ORIGINS[name]
    value = getattr(importlib.import_module(module), origin)
    globals()[name] = value
    return value
