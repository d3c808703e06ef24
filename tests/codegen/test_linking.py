"""Programs in one process keep to themselves, and a library is found from wherever it is used."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hardmax.codegen.driver import Kind, emit, write_program
from hardmax.codegen.header import header
from hardmax.codegen.targets import Architecture, Target
from hardmax.runtime.kinds import AnyProgram
from tests.support.cases import LEVELS
from tests.support.machines import require
from tests.support.ntm_programs import random_ntm
from tests.support.paper_programs import copy_program
from tests.support.paths import ROOT
from tests.support.recurrent_programs import random_program
from tests.support.samples import access, increment
from tests.support.stack_programs import several

STRICT = ["gcc", "-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror"]

IN_ONE_PROCESS = """
import ctypes, os, sys
import hardmax
first = ctypes.CDLL(os.path.abspath(sys.argv[1]), mode=ctypes.RTLD_GLOBAL)
second = hardmax.load(sys.argv[2])
memory = [1, 1, 0]
print(second.run(memory).memory.tolist(), *second.run_batch([memory]).memories.tolist())
"""


@pytest.mark.parametrize("level", LEVELS)
def test_a_library_runs_its_own_code_beside_one_that_is_seen_by_all(
    tmp_path: Path, level: int
) -> None:
    """Both define ``hardmax_run``, and the loader would bind calls through it to the first."""
    for program in (access(), increment()):
        write_program(program, tmp_path / f"lib{program.metadata.task}.so", level=level)
    libraries = [str(tmp_path / f"lib{name}.so") for name in ("access", "increment")]
    command = [sys.executable, "-c", IN_ONE_PROCESS, *libraries]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    assert done.stdout == "[2, 2, 0] [2, 2, 0]\n"


@pytest.mark.parametrize("level", [0, 3])
@pytest.mark.parametrize(
    "architecture", [Architecture.X86_64, Architecture.AARCH64, Architecture.RISCV64]
)
@pytest.mark.parametrize(
    "program",
    [access(), copy_program(), random_program(1), random_ntm(1), several()],
    ids=["access", "copy", "lstm", "ntm", "stack"],
)
def test_calls_inside_a_program_go_by_no_name_that_others_define(
    tmp_path: Path, program: AnyProgram, architecture: Architecture, level: int
) -> None:
    """So that the object may go into anybody's shared library."""
    target = Target(architecture.value)
    path = tmp_path / "program.o"
    path.write_bytes(emit(program, Kind.OBJECT, level, target=target))
    read = ["readelf", "--wide", "--relocs", str(path)]
    listed = subprocess.run(read, check=True, capture_output=True, text=True).stdout
    assert not [line for line in listed.splitlines() if line.rpartition(" hardmax_")[1]]


TWO_HEADERS = """
#include "access.h"
#include "{other}.h"
#include "access.h"
int main(void) {{ return 0; }}
"""


def included_with_access(folder: Path, other: str) -> subprocess.CompletedProcess[str]:
    (folder / "access.h").write_text(header(access()))
    (folder / "increment.h").write_text(header(increment()))
    (folder / "inc.h").write_text(header(increment(), "inc"))
    (folder / "main.c").write_text(TWO_HEADERS.format(other=other))
    return subprocess.run(
        [*STRICT, "-fsyntax-only", "main.c"], cwd=folder, capture_output=True, text=True
    )


def test_headers_of_two_programs_with_one_prefix_are_an_error_that_names_the_remedy(
    tmp_path: Path,
) -> None:
    done = included_with_access(tmp_path, "increment")
    assert done.returncode != 0
    expected = "two programs have the prefix hardmax: compile each with a --prefix of its own"
    assert expected in done.stderr


@pytest.mark.parametrize("other", ["access", "inc"])
def test_headers_of_one_program_or_of_two_prefixes_go_together(tmp_path: Path, other: str) -> None:
    done = included_with_access(tmp_path, other)
    assert (done.returncode, done.stderr) == (0, "")


MAIN = """
#include <stdio.h>
#include "libincrement.h"
int main(void)
{
    uint32_t memory[3] = {1, 1, 0};
    int32_t status = hardmax_run(memory, 3, hardmax_step_budget(3), NULL);
    printf("%u %u %u\\n", memory[0], memory[1], memory[2]);
    return status != HARDMAX_HALTED;
}
"""


@pytest.mark.parametrize("name", ["libincrement.so", "a name, with a comma.so"])
def test_a_program_linked_against_a_library_runs_from_anywhere(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "made here"
    folder.mkdir()
    write_program(increment(), folder / name)
    (folder / "libincrement.h").write_text(header(increment()))
    (folder / "main.c").write_text(MAIN)
    command = [*STRICT, "main.c", f"./{name}", "-Wl,-rpath,$ORIGIN", "-o", "main"]
    subprocess.run(command, cwd=folder, check=True)
    moved = folder.rename(tmp_path / "used there")
    done = subprocess.run([moved / "main"], cwd="/", check=True, capture_output=True, text=True)
    assert done.stdout == "2 2 0\n"


@pytest.mark.parametrize("architecture", [Target.host().architecture, Architecture.RISCV64])
def test_a_library_knows_its_name(tmp_path: Path, architecture: Architecture) -> None:
    require("ld.lld")
    path = tmp_path / "libincrement.so"
    write_program(increment(), path, triple=architecture.value)
    read = ["readelf", "--wide", "--dynamic", str(path)]
    listed = subprocess.run(read, check=True, capture_output=True, text=True).stdout
    assert "Library soname: [libincrement.so]" in listed
