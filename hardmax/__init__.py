"""hardmax: a compiler from trained neural machines to native programs.

Everything that a user needs is here. Names are imported when they are first used, so that loading a
compiled program brings in neither torch nor LLVM::

    import hardmax

    result = hardmax.load("libcopy.so").run([6, 2, 10, 6, 8, 9, 0, 0, 0, 0, 0, 0])
    result.memory, result.steps, result.halted

The names and where they come from are in ``__init__.pyi`` beside this file, and only there.
"""

import os
import sys
from importlib.machinery import PathFinder
from importlib.util import module_from_spec

from hardmax.runtime.version import VERSION


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

__version__ = VERSION

import lazy_loader  # noqa: E402

__getattr__, _names, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __dir__() -> list[str]:
    return [*_names(), "__version__"]
