"""The house keeps its own rules: floors, packages, and a command line that answers at once."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import hardmax
from runtime.version import VERSION

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())

MAY_IMPORT = {
    "runtime": {"runtime", "numpy"},
    "trainer": {"trainer", "runtime", "numpy", "torch", "numba"},
    "extractor": {"aalpy", "extractor", "trainer", "runtime", "torch", "networkx", "graphviz"},
    "codegen": {"codegen", "runtime", "llvmlite"},
}
"""The floors: of our packages and of what we depend on, what each may import. hardmax may all."""

PACKAGES = (*MAY_IMPORT, "hardmax")
DEPENDENCIES = {re.split("[<>=]", text)[0] for text in PROJECT["project"]["dependencies"]}

HEAVY = (
    "aalpy",
    "graphviz",
    "hypothesis",
    "llvmlite",
    "networkx",
    "numba",
    "numpy",
    "rich",
    "torch",
)


@pytest.mark.parametrize("floor", MAY_IMPORT)
def test_the_linter_refuses_every_import_from_a_higher_floor(floor: str) -> None:
    """Not the configuration is looked at but what ruff does: each import stands in a function."""
    names = sorted(DEPENDENCIES.union(PACKAGES))
    code = "".join(f"def f_{name}() -> None:\n    import {name}.x\n" for name in names)
    command = [sys.executable, "-m", "ruff", "check", "--no-cache", "--select=TID251"]
    where = ["--output-format=concise", f"--stdin-filename={floor}/new_room.py", "-"]
    checked = subprocess.run(
        [*command, *where], input=code, capture_output=True, text=True, cwd=ROOT
    )
    refused = set(re.findall(r"TID251 `(\w+)` is banned", checked.stdout))
    assert refused == set(names) - MAY_IMPORT[floor]
    assert checked.returncode == 1


def test_every_package_is_listed_and_typed() -> None:
    found = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for package in PACKAGES
        for path in (ROOT / package).rglob("__init__.py")
    }
    assert set(PROJECT["tool"]["setuptools"]["packages"]) == found
    assert all((ROOT / package / "py.typed").is_file() for package in PACKAGES)


def test_there_is_no_other_top_level_package() -> None:
    tops = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert tops == {*PACKAGES, "tests", "benchmarks"}


def imported_by(code: str) -> set[str]:
    """The heavy packages that are loaded after ``code`` ran in a fresh interpreter."""
    report = f"import sys; print(*(set(sys.modules) & {set(HEAVY)!r}), file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", f"try:\n    {code}\nfinally:\n    {report}"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    return set(done.stderr.split("\n")[0].split())


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        *(
            [verb, "--help"]
            for verb in [
                "train",
                "extract",
                "draw",
                "compile",
                "run",
                "trace",
                "info",
                "verify",
                "reproduce",
            ]
        ),
    ],
    ids=" ".join,
)
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    assert imported_by(f"from hardmax.cli import main; main({arguments!r})") == set()


def test_compile_help_loads_nothing_heavy() -> None:
    assert imported_by("from hardmax.cli import compile_main; compile_main(['--help'])") == set()


def test_import_hardmax_loads_nothing_heavy() -> None:
    assert imported_by("import hardmax") == set()


def test_a_compiled_program_runs_with_numpy_alone() -> None:
    assert imported_by("import hardmax; hardmax.load") == {"numpy"}


def test_the_check_for_heavy_imports_can_fail() -> None:
    assert "networkx" in imported_by("import networkx")


@pytest.mark.parametrize("name", hardmax.__all__)
def test_every_public_name_is_there_and_documented(name: str) -> None:
    value = getattr(hardmax, name)
    assert value.__doc__


def test_a_name_that_is_not_there_is_refused() -> None:
    with pytest.raises(AttributeError, match="module 'hardmax' has no attribute 'nothing'"):
        hardmax.nothing  # noqa: B018


def test_the_version_is_the_projects() -> None:
    assert PROJECT["tool"]["setuptools"]["dynamic"]["version"] == {
        "attr": "runtime.version.VERSION"
    }
    assert VERSION in (ROOT / "CHANGELOG.md").read_text()


@pytest.mark.parametrize("script", PROJECT["project"]["scripts"].values())
def test_every_console_script_exists(script: str) -> None:
    module, function = script.split(":")
    assert callable(getattr(importlib.import_module(module), function))


@pytest.mark.parametrize(
    "name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", "Makefile", ".ci/run"]
)
def test_what_a_stranger_needs_is_there(name: str) -> None:
    assert (ROOT / name).stat().st_size > 0
