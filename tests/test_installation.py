"""hardmax as others install it: small, beside their own modules, a part at a time."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from hardmax.codegen.driver import write_program
from hardmax.shipped import models_folder
from tests.support.paper_programs import copy_program
from tests.support.paths import ROOT

CELLS = ("6", "2", "10", "6", "8", "9", "0", "0", "0", "0", "0", "0")
COPIED = ["2", "10", "6", "8", "9"]

LARGEST_INSTALLATION = 150
"""Megabytes, of the whole virtual environment."""

OTHERS = ("trainer", "runtime", "codegen", "extractor")
"""Names that hardmax has within itself, and others have for their own."""

EVERYTHING = """
import hardmax

model = hardmax.load_model("access.pt")
program = hardmax.extract(model).program
hardmax.compile(program, "access.so")
print(hardmax.load("access.so").run([3, 1, 2, 1, 0]).memory[0])
print(hardmax.verify(model, hardmax.load("access.so"), examples=5, samples=0).exact)
"""


def python(
    executable: Path | str, folder: Path, *arguments: str, path: str = ""
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(executable), *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
    )


@pytest.fixture
def crowded(tmp_path: Path) -> Path:
    """A folder in which other people's modules end whoever imports them."""
    folder = tmp_path / "crowded"
    folder.mkdir()
    for name in OTHERS:
        (folder / f"{name}.py").write_text("raise SystemExit('the wrong module')\n")
    (folder / "access.pt").symlink_to(models_folder() / "access.pt")
    return folder


def test_it_works_beside_modules_that_are_called_like_its_own(crowded: Path) -> None:
    path = os.pathsep.join([".", str(ROOT)])
    for name in OTHERS:
        assert python(sys.executable, crowded, "-c", f"import {name}", path=path).returncode == 1
    done = python(sys.executable, crowded, "-c", EVERYTHING, path=path)
    assert (done.stdout, done.stderr) == ("1\nTrue\n", "")


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that are in the repository, or in the source archive that this is."""
    folder = tmp_path_factory.mktemp("clone")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (archive,) = folder.glob("*.tar.gz")
    subprocess.run(["tar", "xzf", archive.name, "--strip-components=1"], cwd=folder, check=True)
    archive.unlink()
    return folder


@pytest.fixture(scope="session")
def installed(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a new environment into which ``pip install .`` put hardmax."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=True)
    before = sorted(clone.rglob("*"))
    install(folder, clone, ".")
    assert sorted(clone.rglob("*")) == before, "installing leaves nothing in the clone"
    return folder


def install(environment: Path, clone: Path, what: str) -> None:
    command = ["-m", "pip", "install", "--quiet", what]
    done = python(environment / "bin" / "python", clone, *command)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_without_extras_it_is_small_and_runs(installed: Path, crowded: Path) -> None:
    size = sum(path.lstat().st_blocks * 512 for path in installed.rglob("*"))
    assert size < LARGEST_INSTALLATION * 10**6
    program = copy_program()
    write_program(program, crowded / "libcopy.so")
    (crowded / "copy.json").write_text(program.to_json())
    command = installed / "bin" / "hardmax"
    for arguments in (["info", "libcopy.so"], ["info", "copy.json"], ["trace", "--help"]):
        done = python(command, crowded, *arguments, path=".")
        assert (done.returncode, done.stderr) == (0, "")
    for file in ("libcopy.so", "copy.json"):
        done = python(command, crowded, "run", file, *CELLS, path=".")
        assert done.stdout.split()[6:11] == COPIED
    compiled = python(installed / "bin" / "compile", crowded, "copy.json", "-o", "new.so")
    trained = python(command, crowded, "train", "copy", "-o", "new.pt")
    for done, extra in ((compiled, "compile"), (trained, "train")):
        assert done.returncode == 1
        assert done.stderr.endswith(f"is not installed: pip install 'hardmax[{extra}]'\n")
        assert done.stderr.count("\n") == 1
    code = f"import hardmax; hardmax.load('libcopy.so').run(list(map(int, {CELLS})))"
    assert python(installed / "bin" / "python", crowded, "-c", code, path=".").returncode == 0


@pytest.mark.slow
def test_each_extra_brings_what_it_says(installed: Path, clone: Path, tmp_path: Path) -> None:
    """After the test above: the environment grows."""
    (tmp_path / "copy.json").write_text(copy_program().to_json())
    command = installed / "bin" / "hardmax"
    install(installed, clone, ".[compile]")
    done = python(command, tmp_path, "compile", "copy.json", "-o", "libcopy.so", "--explain")
    assert (done.returncode, done.stderr) == (0, "")
    install(installed, clone, ".[draw]")
    done = python(command, tmp_path, "draw", "copy.json", "-o", "copy.dot")
    assert (done.returncode, done.stderr) == (0, "")
    done = python(command, tmp_path, "info", str(models_folder() / "copy.pt"))
    assert done.stderr.endswith("is not installed: pip install 'hardmax[train]'\n")
