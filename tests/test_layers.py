"""The project keeps its own rules: layers, packages, a command line that answers at once."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import hardmax
from hardmax.runtime.extras import EXTRAS
from hardmax.runtime.version import VERSION
from tests.support.paths import ROOT

THIRD_PARTY = {
    "runtime": {"numpy"},
    "trainer": {"numpy", "torch", "numba"},
    "trainer/nram/native": {"numpy", "torch", "llvmlite"},
    "extractor": {"aalpy", "torch", "networkx", "graphviz"},
    "codegen": {"llvmlite"},
    "prover": {"numpy", "z3", "cvc5"},
}
"""The layers: which of the packages that we depend on each may import."""

BELOW = {
    "runtime": {"runtime"},
    "trainer": {"trainer", "runtime"},
    "trainer/nram/native": {"trainer", "runtime"},
    "extractor": {"extractor", "trainer", "runtime"},
    "codegen": {"codegen", "runtime"},
    "prover": {"prover", "runtime"},
}
"""Which of our own layers each may import; what stands directly in ``hardmax`` may import all."""

OURS = {
    path.stem if path.is_file() else path.name
    for path in (ROOT / "hardmax").iterdir()
    if path.suffix == ".py" or (path / "__init__.py").is_file()
} - {"__init__", "__main__"}
DEPENDENCIES = {"numpy"}.union(*(extra.packages for extra in EXTRAS.values()))
"""The import names of all packages that we depend on; none is imported before it is needed."""


@pytest.mark.parametrize("layer", BELOW)
def test_the_linter_refuses_every_import_from_a_higher_layer(layer: str) -> None:
    """Not the configuration is looked at but what ruff does: each import stands in a function."""
    ours = {f"hardmax.{name}" for name in OURS}
    names = sorted(DEPENDENCIES | ours)
    code = "".join(f"def f_{i}() -> None:\n    import {name}.x\n" for i, name in enumerate(names))
    command = [sys.executable, "-m", "ruff", "check", "--no-cache", "--select=TID251"]
    where = ["--output-format=concise", f"--stdin-filename=hardmax/{layer}/new.py", "-"]
    checked = subprocess.run(
        [*command, *where], input=code, capture_output=True, text=True, cwd=ROOT
    )
    refused = set(re.findall(r"TID251 `([\w.]+)` is banned", checked.stdout))
    assert refused == set(names) - THIRD_PARTY[layer] - {f"hardmax.{name}" for name in BELOW[layer]}
    assert checked.returncode == 1


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="an archive holds no links")
@pytest.mark.parametrize("layer", ["runtime", "trainer", "extractor", "codegen"])
def test_the_users_top_level_names_are_links(layer: str) -> None:
    assert (ROOT / layer).readlink() == Path("hardmax", layer)


def imported_by(code: str) -> set[str]:
    """The heavy packages that are loaded after ``code`` ran in a fresh interpreter."""
    report = f"import sys; print(*(set(sys.modules) & {DEPENDENCIES!r}), file=sys.stderr)"
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
                "prove",
                "report",
                "gallery",
                "reproduce",
            ]
        ),
    ],
    ids=" ".join,
)
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    assert imported_by(f"from hardmax.cli.main import main; main({arguments!r})") == set()


def test_compile_help_loads_nothing_heavy() -> None:
    assert (
        imported_by("from hardmax.cli.main import compile_main; compile_main(['--help'])") == set()
    )


def test_import_hardmax_loads_nothing_heavy() -> None:
    assert imported_by("import hardmax") == set()


def test_a_compiled_program_runs_with_numpy_alone() -> None:
    assert imported_by("import hardmax; hardmax.load('none.so')") == {"numpy"}


def test_the_check_for_heavy_imports_can_fail() -> None:
    assert "networkx" in imported_by("import networkx")


def test_the_version_is_the_projects() -> None:
    assert hardmax.__version__ == VERSION
    assert VERSION in (ROOT / "CHANGELOG.md").read_text()
