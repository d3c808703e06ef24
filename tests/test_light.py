"""What works with NumPy alone, and the one line in which all else ends: it names the extra."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import hardmax
from hardmax.codegen.driver import write_program
from tests.support.paths import MODELS, ROOT

CELLS = ("6", "2", "10", "6", "8", "9", "0", "0", "0", "0", "0", "0")

NEEDS_TRAIN = "what reads, trains or verifies models needs PyTorch"

Light = Path
"""The folder in which light commands run."""


@pytest.fixture(scope="session")
def light(tmp_path_factory: pytest.TempPathFactory) -> Light:
    """A folder with NumPy, a compiled program, its text and a model."""
    folder = tmp_path_factory.mktemp("light")
    program = hardmax.load_program(MODELS / "copy.pt")
    write_program(program, folder / "libcopy.so")
    (folder / "copy.json").write_text(program.to_json())
    (folder / "copy.pt").symlink_to(MODELS / "copy.pt")
    numpy = find_spec("numpy")
    assert numpy is not None
    assert numpy.origin is not None
    installed = Path(numpy.origin).parents[1]
    for name in ("lazy_loader", "numpy", "numpy.libs", "packaging"):
        if (installed / name).exists():
            (folder / "site" / name).parent.mkdir(exist_ok=True)
            (folder / "site" / name).symlink_to(installed / name)
    return folder


def python(light: Light, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python without the packages of this environment (-S), but with NumPy and hardmax."""
    path = os.pathsep.join([str(ROOT), str(light / "site")])
    return subprocess.run(
        [sys.executable, "-S", *arguments],
        cwd=light,
        env={**os.environ, "PYTHONPATH": path, "PYTHONNOUSERSITE": "1"},
        capture_output=True,
        text=True,
    )


def test_there_is_no_torch_there(light: Light) -> None:
    assert "No module named 'torch'" in python(light, "-c", "import torch").stderr
    assert python(light, "-c", "import numpy").stderr == ""


@pytest.mark.parametrize(
    ("command", "printed"),
    [
        (["run", "libcopy.so", *CELLS], None),
        (["run", "copy.json", *CELLS], None),
        (["run", "copy.json", "--trace", *CELLS], "READ"),
        (["info", "libcopy.so"], "copy"),
        (["info", "copy.json"], "copy"),
        (["trace", "--help"], "--rows"),
        (["--version"], hardmax.__version__),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, list) else "",
)
def test_what_runs_and_inspects_needs_numpy_only(
    light: Light, command: list[str], printed: str | None
) -> None:
    done = python(light, "-m", "hardmax", *command)
    assert (done.returncode, done.stderr) == (0, "")
    if printed is None:
        assert done.stdout.split()[6:11] == list(CELLS[1:6])
    else:
        assert printed in done.stdout


def test_the_library_interprets_and_runs_with_numpy_only(light: Light) -> None:
    code = f"""
import hardmax
program = hardmax.load_program("copy.json")
cells = list(map(int, {CELLS}))
interpreted = hardmax.interpret(program, cells, 100).memory
assert list(interpreted) == hardmax.load("libcopy.so").run(cells).memory.tolist()
"""
    assert python(light, "-c", code).stderr == ""


@pytest.mark.parametrize(
    ("command", "purpose", "extra"),
    [
        ("compile copy.json -o new.so", "compiling needs llvmlite", "compile"),
        ("compile copy.pt -o new.so", "compiling needs llvmlite", "compile"),
        ("draw copy.json -o new.svg", "drawing needs graphviz", "draw"),
        ("trace libcopy.so --plot new.svg", "drawing needs graphviz", "draw"),
        ("train copy -o new.pt", NEEDS_TRAIN, "train"),
        ("train copy -o new.pt --ray auto", NEEDS_TRAIN, "train"),
        ("extract copy.pt", NEEDS_TRAIN, "train"),
        ("info copy.pt", NEEDS_TRAIN, "train"),
        ("run copy.pt 1 0", NEEDS_TRAIN, "train"),
        ("verify copy.pt", NEEDS_TRAIN, "train"),
        ("reproduce", NEEDS_TRAIN, "train"),
    ],
)
def test_a_command_that_needs_more_names_the_extra(
    light: Light, command: str, purpose: str, extra: str
) -> None:
    before = sorted(light.iterdir())
    done = python(light, "-m", "hardmax", *command.split())
    line = f"{purpose}, which is not installed: pip install 'hardmax[{extra}]'"
    assert done.stderr == f"hardmax: error: {line}\n"
    assert (done.returncode, done.stdout) == (1, "")
    assert sorted(light.iterdir()) == before


@pytest.mark.parametrize("name", hardmax.__all__)
def test_a_public_name_is_there_or_names_the_extra(light: Light, name: str) -> None:
    code = f"""
import hardmax
try:
    hardmax.{name}
except hardmax.HardmaxError as error:
    print(error)
"""
    done = python(light, "-c", code)
    assert done.stderr == ""
    assert done.stdout == "" or "which is not installed: pip install 'hardmax[" in done.stdout


def test_every_module_is_imported_or_names_the_extra(light: Light) -> None:
    """Those of the layers; what stands above them is reached by the commands."""
    names = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for layer in ("runtime", "trainer", "extractor", "codegen", "verification")
        for path in (ROOT / "hardmax" / layer).rglob("*.py")
    ]
    code = f"""
import importlib
from hardmax.runtime.extras import MissingExtraError
for name in {names}:
    try:
        importlib.import_module(name.removesuffix(".__init__"))
    except MissingExtraError:
        pass
"""
    assert python(light, "-c", code).stderr == ""
