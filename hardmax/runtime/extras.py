"""What is installed only on demand: the extras of ``pip install 'hardmax[EXTRA]'``.

Running and inspecting compiled programs needs NumPy alone. A package whose modules need more says
so in its ``__init__.py``, so that importing any of them ends in one line that names the extra, and
not in a ``ModuleNotFoundError`` from somewhere inside.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec

from hardmax.runtime.errors import HardmaxError


class MissingExtraError(HardmaxError, ImportError):
    """What was asked for needs an extra that is not installed; the message names it."""


@dataclass(frozen=True)
class Extra:
    """A group of packages that are installed together.

    Attributes:
        purpose: the start of the sentence "... needs PyTorch".
        packages: the names that Python imports, each with the one that people know it by.
    """

    purpose: str
    packages: Mapping[str, str]


EXTRAS: Mapping[str, Extra] = {
    "compile": Extra("compiling", {"llvmlite": "llvmlite"}),
    "draw": Extra(
        "drawing", {"graphviz": "graphviz", "matplotlib": "Matplotlib", "networkx": "NetworkX"}
    ),
    "report": Extra("making a page", {"jinja2": "Jinja"}),
    "train": Extra(
        "what reads, trains or verifies models",
        {
            "torch": "PyTorch",
            "numba": "Numba",
            "aalpy": "AALpy",
            "hypothesis": "Hypothesis",
            "rich": "Rich",
        },
    ),
    "ray": Extra("training on a cluster", {"ray": "Ray"}),
    "tensorboard": Extra("showing a training there", {"tensorboard": "TensorBoard"}),
    "fuzz": Extra("fuzzing", {"atheris": "Atheris"}),
    "prove": Extra("proving", {"cvc5": "cvc5", "z3": "Z3"}),
}
"""The extras of ``pyproject.toml``, but for those that only bring others together."""


def expect_extra(name: str) -> None:
    """Refuse to go on where one of an extra's packages is not installed. Imports none of them.

    Args:
        name: a key of :data:`EXTRAS`.

    Raises:
        MissingExtraError: a package is not installed.
    """
    extra = EXTRAS[name]
    for package, title in extra.packages.items():
        if find_spec(package) is None:
            raise MissingExtraError(
                f"{extra.purpose} needs {title}, which is not installed: "
                f"pip install 'hardmax[{name}]'"
            )
