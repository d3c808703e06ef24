"""What is installed only on demand, and the line that says what is missing."""

from __future__ import annotations

import re
import sys
import tomllib

import pytest

from hardmax.runtime.extras import EXTRAS, MissingExtraError, expect_extra
from tests.support.paths import ROOT

DISTRIBUTIONS = {"z3": "z3-solver"}
"""Packages that the index has under another name than Python."""


def test_the_extras_are_those_of_the_project() -> None:
    """Each brings the packages that it is said to bring, those of the extras within it aside."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    brought = {
        name: {re.split("[<>=]", text)[0] for text in requirements if "hardmax[" not in text}
        for name, requirements in project["optional-dependencies"].items()
        if name not in ("all", "dev", "site")
    }
    assert brought == {
        name: {DISTRIBUTIONS.get(package, package) for package in extra.packages}
        for name, extra in EXTRAS.items()
    }


def test_the_first_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    expect_extra("train")
    monkeypatch.setitem(sys.modules, "numba", None)
    with pytest.raises(
        MissingExtraError,
        match=r"^what reads, trains or verifies models needs Numba, which is not installed: "
        r"pip install 'hardmax\[train\]'$",
    ):
        expect_extra("train")


def test_whoever_asks_for_an_import_error_gets_one() -> None:
    assert issubclass(MissingExtraError, ImportError)
