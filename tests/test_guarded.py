"""Nothing leaves the memory: neither unseen by the guards, nor unseen by valgrind."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.native import FOLDER
from codegen.emit import write_program
from runtime.program import Program
from tests.machines import require
from tests.paper_programs import copy_program
from tests.samples import increment


@pytest.mark.parametrize(
    ("size", "stray"),
    [(1, "start - 4"), (5, "end + 20"), (1024, "start - 1"), (1025, "end + 4100")],
)
def test_a_stray_access_ends_the_process(size: int, stray: str) -> None:
    script = (
        "import ctypes; from tests.guarded import placements; "
        f"start, end = (cells.ctypes.data for cells in placements({size})); "
        f"ctypes.c_uint32.from_address({stray}).value"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=Path(__file__).parents[1])
    assert done.returncode == -signal.SIGSEGV


@pytest.mark.parametrize("level", [0, 3])
@pytest.mark.parametrize("program", [increment(), copy_program()])
def test_valgrind_finds_no_stray_access(tmp_path: Path, program: Program, level: int) -> None:
    """Some of the cells are no addresses."""
    require("valgrind")
    write_program(program, tmp_path / "program.o", level=level)
    sources = [FOLDER / "once.c", tmp_path / "program.o"]
    subprocess.run(["gcc", "-O1", *sources, "-o", tmp_path / "once"], check=True)
    random = np.random.default_rng(level)
    for size in (3, 40):
        cells = random.integers(0, size + size // 3, size, dtype=np.uint32)
        cells.tofile(tmp_path / "cells")
        command = [str(tmp_path / "once"), str(tmp_path / "cells"), str(size), "200"]
        subprocess.run(
            ["valgrind", "--quiet", "--error-exitcode=9", *command], check=True, capture_output=True
        )
