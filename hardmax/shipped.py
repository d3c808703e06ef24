"""The trained models that come with hardmax: a name without folder or extension stands for one."""

from __future__ import annotations

import os
import re
from pathlib import Path

from hardmax.runtime.errors import HardmaxError

_PACKAGE = Path(__file__).parent
_INSTALLED, _IN_A_CLONE = _PACKAGE / "models", _PACKAGE.parent / "models"


def models_folder() -> Path:
    """Where the models lie: in the installed package, or in the root of a clone."""
    return _INSTALLED if _INSTALLED.is_dir() else _IN_A_CLONE


def shipped_models() -> tuple[str, ...]:
    """The models' names, sorted."""
    return tuple(sorted(path.stem for path in models_folder().glob("*.pt")))


def locate(file: str | os.PathLike[str]) -> Path:
    """The file that is meant: ``copy`` is the model that comes with hardmax, ``copy.pt`` a path.

    Args:
        file: a path, which is returned as it is, or the bare name of a model.

    Raises:
        HardmaxError: a bare name that no model has.
    """
    path = Path(file)
    if not re.fullmatch(r"[\w-]+", str(path)):
        return path
    if path.name not in shipped_models():
        raise HardmaxError(
            f"{path}: expected a file with an extension or a model that comes with hardmax "
            f"({', '.join(shipped_models())})"
        )
    return models_folder() / f"{path.name}.pt"
