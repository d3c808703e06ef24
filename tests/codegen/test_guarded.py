"""Nothing leaves the memory: neither unseen by the guards, nor unseen by valgrind."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from benchmarks.native import FOLDER, Memory
from benchmarks.problems import sample
from hardmax.codegen.driver import write_program
from hardmax.files import load_memory_program
from hardmax.runtime.nram.program import Program
from hardmax.runtime.nram.programs import RamProgram
from hardmax.trainer.nram.checkpoint import load_model
from hardmax.trainer.nram.tasks import TASKS
from tests.support.machines import require
from tests.support.paper_programs import copy_program
from tests.support.paths import MODELS, ROOT
from tests.support.samples import increment

SHIPPED = [path for path in sorted(MODELS.glob("*.pt")) if path.stem.split("-")[0] in TASKS]


@pytest.mark.parametrize(
    ("size", "stray"),
    [(1, "start - 4"), (5, "end + 20"), (1024, "start - 1"), (1025, "end + 4100")],
)
def test_a_stray_access_ends_the_process(size: int, stray: str) -> None:
    script = (
        "import ctypes; from tests.support.guarded import placements; "
        f"start, end = (cells.ctypes.data for cells in placements({size})); "
        f"ctypes.c_uint32.from_address({stray}).value"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT)
    assert done.returncode == -signal.SIGSEGV


def examine(folder: Path, program: RamProgram, level: int, memories: Iterable[Memory]) -> None:
    """Run a compiled program under valgrind, which ends with an error after a stray access."""
    require("valgrind")
    write_program(program, folder / "program.o", level=level)
    sources = [FOLDER / "once.c", folder / "program.o"]
    subprocess.run(["gcc", "-O1", *sources, "-o", folder / "once"], check=True)
    for memory in memories:
        memory.tofile(folder / "cells")
        command = [str(folder / "once"), str(folder / "cells"), str(len(memory)), "400"]
        subprocess.run(
            ["valgrind", "--quiet", "--error-exitcode=9", *command], check=True, capture_output=True
        )


def random_memory(size: int, seed: int) -> Memory:
    """Some of the cells are no addresses."""
    random = np.random.default_rng(seed)
    return random.integers(0, size + size // 3, size, dtype=np.uint32)


@pytest.mark.parametrize("level", [0, 3])
@pytest.mark.parametrize("program", [increment(), copy_program()])
def test_valgrind_finds_no_stray_access(tmp_path: Path, program: Program, level: int) -> None:
    examine(tmp_path, program, level, [random_memory(size, level) for size in (3, 40)])


@pytest.mark.slow
@pytest.mark.parametrize("level", [0, 3])
@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_valgrind_finds_no_stray_access_of_a_model(tmp_path: Path, path: Path, level: int) -> None:
    """Inputs of the task in memories as small as can be, and memories of any contents."""
    task = load_model(path).task
    memories = [sample(task, complexity) for complexity in (task.smallest_complexity, 10, 100)]
    memories += [random_memory(size, level) for size in (1, 2, 5, 60, 200)]
    examine(tmp_path, load_memory_program(path), level, memories)
