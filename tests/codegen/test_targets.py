"""The same program on every machine: what the interpreter does, whoever executes it."""

from __future__ import annotations

import json
import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hardmax.codegen.archive import archive
from hardmax.codegen.driver import KINDS, Kind, emit, target_for, write_program
from hardmax.codegen.header import header
from hardmax.codegen.targets import NATIVE, Architecture, Target
from hardmax.runtime.abi import Status
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.loader import load_ram
from hardmax.runtime.nram.abi import (
    C_SIGNATURES,
    KERNEL,
)
from hardmax.runtime.nram.interpreter import run
from hardmax.runtime.nram.program import Program
from hardmax.runtime.nram.programs import RamProgram
from hardmax.runtime.ntm.interpreter import run as run_ntm
from tests.support.cases import LEVELS
from tests.support.machines import MACHINES, Case, Machine, NtmCase, require
from tests.support.ntm_programs import random_ntm
from tests.support.paper_programs import copy_program
from tests.support.recurrent_programs import random_program
from tests.support.samples import access, increment
from tests.support.strategies import arbitrary_memories, programs

CASES = st.lists(st.tuples(arbitrary_memories(), st.integers(0, 40)), min_size=1, max_size=40)
SHARED_LIBRARIES = [Architecture.X86_64, Architecture.AARCH64, Architecture.RISCV64]


@pytest.fixture(params=MACHINES.values(), ids=list(MACHINES))
def machine(request: pytest.FixtureRequest) -> Machine:
    """A machine that is there."""
    found: Machine = request.param
    found.require()
    return found


def agree(machine: Machine, program: RamProgram, level: int, cases: list[Case]) -> None:
    assert machine.run(program, level, cases) == [run(program, *case) for case in cases]


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(program=programs(), level=st.sampled_from(LEVELS), cases=CASES)
def test_every_machine_equals_the_interpreter(
    machine: Machine, program: Program, level: int, cases: list[Case]
) -> None:
    agree(machine, program, level, cases)


@pytest.mark.slow
@settings(max_examples=500, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(program=programs(max_registers=5, max_states=4), level=st.sampled_from(LEVELS), cases=CASES)
def test_every_machine_equals_the_interpreter_on_many_programs(
    machine: Machine, program: Program, level: int, cases: list[Case]
) -> None:
    agree(machine, program, level, cases)


@pytest.mark.parametrize("level", LEVELS)
def test_every_machine_copies(machine: Machine, level: int) -> None:
    memory = (6, 2, 10, 6, 8, 9, *6 * (0,))
    agree(machine, copy_program(), level, [(memory, 1 + 2 * n) for n in range(8)])


@pytest.mark.parametrize("level", [0, 2])
def test_every_machine_computes_the_same_floats(machine: Machine, level: int) -> None:
    """An LSTM chooses the circuits: a bit of difference in a layer may change all that follows."""
    memories = [tuple((i * 3 + 1) % size for i in range(size)) for size in range(1, 8)]
    for seed in range(3):
        program = random_program(seed)
        agree(machine, program, level, [(memory, 20) for memory in memories])


@pytest.mark.parametrize("level", [0, 2])
@pytest.mark.parametrize("recurrent", [False, True], ids=["mlp", "lstm"])
def test_every_machine_makes_the_same_steps(machine: Machine, recurrent: bool, level: int) -> None:
    """Neural Turing Machines: every output bit for bit, every head in every step."""
    program = random_ntm(5, writers=2, readers=2, recurrent=recurrent, width=5)
    random = np.random.default_rng(0)
    cases: list[NtmCase] = [
        (random.normal(size=(steps, 3)).astype(np.float32), rows)
        for steps, rows in ((0, 2), (1, 2), (9, 5), (40, 16), (40, 17), (60, 50), (9, 4))
    ]
    cases.append((np.full((1, 3), np.nan, dtype=np.float32), 9))
    for (status, outputs, addresses), case in zip(
        machine.run_ntm(program, level, cases), cases, strict=True
    ):
        expected = run_ntm(program, *case)
        assert status == expected.status
        if expected.status is Status.HALTED:
            assert outputs == expected.outputs.tobytes()
            assert addresses == expected.addresses.tolist()


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("program", [access(), increment(), copy_program(), random_program(1)])
def test_the_kernel_assembles(tmp_path: Path, program: RamProgram, level: int) -> None:
    require("ptxas")
    write_program(program, tmp_path / "program.ptx", level=level, cpu="sm_90")
    subprocess.run(["ptxas", "-arch=sm_90", "program.ptx"], cwd=tmp_path, check=True)


def test_the_kernel_leaves_no_float_operation_to_be_fused() -> None:
    """PTX may fuse a multiplication and an addition that do not say how they round."""
    text = emit(random_program(1), Kind.PTX).decode()
    assert "mul.rn.f32" in text
    assert re.search(r"\bfma\.|\b(add|sub|mul)\.f32", text) is None


def test_the_kernel_is_an_entry_beside_the_functions_of_the_interface() -> None:
    text = emit(access(), Kind.PTX, prefix="acc").decode()
    assert f".visible .entry {KERNEL.replace('hardmax', 'acc')}(" in text
    for name in C_SIGNATURES:
        assert f" {name.replace('hardmax', 'acc')}" in text
    assert ".target sm_75" in text


@pytest.mark.parametrize("architecture", SHARED_LIBRARIES)
def test_a_library_for_another_machine_defines_the_interface_and_needs_nothing(
    tmp_path: Path, architecture: Architecture
) -> None:
    require("ld.lld")
    path = tmp_path / "increment.so"
    write_program(increment(), path, triple=architecture.value)
    for option, expected in (("--file-header", "DYN"), ("--dyn-syms", "hardmax_run_batch")):
        read = ["readelf", "--wide", option, str(path)]
        listed = subprocess.run(read, check=True, capture_output=True, text=True).stdout
        assert expected in listed
    dynamic = ["readelf", "--dynamic", str(path)]
    listed = subprocess.run(dynamic, check=True, capture_output=True, text=True).stdout
    assert "NEEDED" not in listed


def test_a_library_for_another_machine_is_refused_by_the_loader(tmp_path: Path) -> None:
    require("ld.lld")
    other = next(a for a in SHARED_LIBRARIES if a is not Target.host().architecture)
    path = tmp_path / "increment.so"
    write_program(increment(), path, triple=other.value)
    with pytest.raises(HardmaxError, match=f"compiled for {other.value}, this machine is"):
        load_ram(path)


def test_the_default_target_is_this_machine_or_what_the_kind_implies() -> None:
    assert target_for(Kind.SHARED_LIBRARY).is_host
    assert target_for(Kind.WEBASSEMBLY).architecture is Architecture.WASM32
    assert target_for(Kind.PTX).architecture is Architecture.NVPTX64
    assert set(KINDS) == set(Architecture)


def test_a_bare_architecture_is_its_usual_system() -> None:
    assert Target("riscv64") == Target("riscv64-unknown-linux-gnu")
    assert Target("wasm32").triple == "wasm32-unknown-unknown"


def test_code_for_this_very_cpu_and_for_a_named_one(tmp_path: Path) -> None:
    path = tmp_path / "increment.so"
    write_program(increment(), path, cpu=NATIVE)
    assert load_ram(path).run([1, 1, 0]).memory.tolist() == [2, 2, 0]
    for named in (Target("aarch64", "neoverse-n1"), Target("riscv64", "sifive-u74")):
        assert emit(increment(), Kind.OBJECT, target=named).startswith(b"\x7fELF")


@pytest.mark.parametrize(
    ("triple", "cpu", "message"),
    [
        ("i686-linux-gnu", "generic", "expected a triple that begins with one of x86_64 aarch64"),
        ("", "generic", "unknown target ''"),
        ("aarch64-apple-darwin", "generic", "programs are compiled for, such as aarch64-unknown"),
        ("x86_64-pc-windows-msvc", "generic", "programs are compiled for, such as x86_64-unkno"),
        ("x86_64-", "generic", "unknown target 'x86_64-': expected a system"),
        ("x86_64-no-such-thing", "generic", "unknown target 'x86_64-no-such-thing'"),
        ("x86_64-unknown-linux-gnu-or-so", "generic", "expected a system that programs are"),
        ("x86_64-unknown-linux-gnux32", "generic", "expected a system that programs are"),
        ("x86_64\n-linux", "generic", r"unknown target 'x86_64\n-linux': expected a triple"),
        ("x86_64-linux\0", "generic", r"unknown target 'x86_64-linux\x00': expected a system"),
        ("nvptx64-linux", "generic", "for, such as nvptx64-nvidia-cuda"),
        ("wasm32", NATIVE, "the CPU of target wasm32-unknown-unknown cannot be native"),
        ("aarch64", "pentium", "unknown CPU 'pentium' for target aarch64-unknown-linux-gnu"),
        ("nvptx64", "sm_1", "unknown CPU 'sm_1' for target nvptx64-nvidia-cuda"),
        ("x86_64", "", "unknown CPU '' for target x86_64-unknown-linux-gnu"),
        ("x86_64", "help", "unknown CPU 'help' for target x86_64-unknown-linux-gnu"),
        ("x86_64", "a b\n", r"unknown CPU 'a b\n' for target x86_64-unknown-linux-gnu"),
        ("x86_64", "i386", "CPU 'i386' cannot run a program compiled for x86_64-unknown-linux-gnu"),
        ("x86_64", "lakemont", "64-bit code requested on a subtarget that doesn't support it"),
        ("riscv64", "sifive-e31", "CPU 'sifive-e31' cannot run a program compiled for riscv64"),
        ("riscv64", "rocket-rv64", "doesn't support the D instruction set extension"),
    ],
)
def test_unknown_targets_are_refused(
    triple: str, cpu: str, message: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(HardmaxError) as error:
        Target(triple, cpu)
    assert message in str(error.value)
    assert "\n" not in str(error.value)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    "triple",
    [
        "x86_64-linux",
        "amd64-linux-gnu",
        "x86_64-alpine-linux-musl",
        "aarch64-none-elf",
        "aarch64-linux-android21",
        "riscv64-unknown-freebsd14.1",
        "wasm32-wasi",
    ],
)
def test_usual_targets_are_known(triple: str) -> None:
    assert emit(increment(), Kind.OBJECT, target=Target(triple))


def test_features_are_what_the_code_may_use_beyond_what_every_cpu_has() -> None:
    assert Target("x86_64").features == ()
    assert {"avx2", "bmi2", "popcnt"} <= set(Target("x86_64", "x86-64-v3").features)
    assert "avx512f" not in Target("x86_64", "x86-64-v3").features
    assert {"lse", "crc"} <= set(Target("aarch64", "neoverse-n1").features)
    assert {"v", "zba"} <= set(Target("riscv64", "spacemit-x60").features)
    assert Target("wasm32", "mvp").features == ()


@pytest.mark.parametrize("cpu", ["generic", "x86-64-v2"])
def test_a_program_says_what_it_was_compiled_for(cpu: str) -> None:
    text = emit(increment(), Kind.LLVM_IR, target=Target("x86_64", cpu)).decode()
    target = Target("x86_64", cpu)
    said = {"target": target.triple, "cpu": cpu, "features": list(target.features)}
    assert json.dumps(said)[1:-1].replace('"', r"\22") in text


def test_native_code_names_this_cpu() -> None:
    name = Target.host(NATIVE).cpu_name
    assert name not in ("", NATIVE)
    assert (
        rf"\22cpu\22: \22{name}\22"
        in emit(increment(), Kind.LLVM_IR, target=Target.host(NATIVE)).decode()
    )


def test_threads_may_compile_at_once(capfd: pytest.CaptureFixture[str]) -> None:
    """Verdicts on targets are the same in every thread, and standard error stays what it is."""
    program = copy_program()

    def judge(i: int) -> str | bytes:
        triple, cpu = [
            ("x86_64", "skylake"),
            ("aarch64", "pentium"),
            ("x86_64", "i386"),
            ("riscv64", "generic"),
        ][i % 4]
        try:
            return emit(program, Kind.OBJECT, target=Target(triple, cpu))
        except HardmaxError as error:
            return str(error)

    alone = [judge(i) for i in range(4)]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(judge, range(96)))
    assert together == alone * 24
    os.write(2, b"still here")
    assert capfd.readouterr().err == "still here"


@pytest.mark.parametrize(
    ("name", "triple", "expected"),
    [
        ("p.so", "wasm32", ".o .a .wasm .ll .s .json"),
        ("p.so", "nvptx64", ".ptx .ll .json"),
        ("p.wasm", "aarch64", ".so .o .a .ll .s .json"),
    ],
)
def test_a_kind_that_the_target_does_not_have_is_refused(
    tmp_path: Path, name: str, triple: str, expected: str
) -> None:
    with pytest.raises(HardmaxError, match=f"expected one of {expected}$"):
        write_program(access(), tmp_path / name, triple=triple)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_linker_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for name, triple, tool in (("p.wasm", None, "wasm-ld"), ("p.so", "riscv64", "ld.lld")):
        with pytest.raises(HardmaxError, match=f"cannot link: no linker: {tool}: .* needs lld$"):
            write_program(access(), tmp_path / name, triple=triple)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("prefix", ["", "1st", "my-program", "größe", "a b"])
def test_a_prefix_is_a_c_identifier(tmp_path: Path, prefix: str) -> None:
    with pytest.raises(HardmaxError, match="expected a C identifier as the prefix of symbols"):
        write_program(access(), tmp_path / "access.o", prefix=prefix)
    assert list(tmp_path.iterdir()) == []


def test_an_archive_is_what_ar_reads(tmp_path: Path) -> None:
    """Members and index, with an object file of even and of odd length."""
    for padding in (b"", b"\0"):
        code = emit(access(), Kind.OBJECT) + padding
        path = tmp_path / "access.a"
        path.write_bytes(archive("program.o", code, C_SIGNATURES))
        extracted = subprocess.run(["ar", "p", path], check=True, capture_output=True).stdout
        assert extracted == code
        index = ["nm", "--print-armap", str(path)]
        listed = subprocess.run(index, check=True, capture_output=True, text=True).stdout
        assert all(f"{name} in program.o" in listed for name in C_SIGNATURES)


TWO_PROGRAMS = """
#include <stdio.h>
#include "access.h"
#include "increment.h"

int main(void)
{
    uint32_t memory[4] = {2, 1, 0, 0};
    if (increment_run(memory, 4, 100, NULL) != INCREMENT_HALTED)
        return 1;
    printf("%u %u %u\\n", memory[0], memory[1], memory[2]);
    if (access_run(memory, 4, 100, NULL) != ACCESS_HALTED)
        return 2;
    printf("%u\\n", memory[0]);
    return access_abi_version() == INCREMENT_ABI_VERSION ? 0 : 3;
}
"""


@pytest.mark.parametrize("extension", [".o", ".a", ".so"])
def test_two_programs_live_in_one_binary(tmp_path: Path, extension: str) -> None:
    for program in (access(), increment()):
        task = program.metadata.task
        write_program(program, tmp_path / f"{task}{extension}", with_header=True, prefix=task)
    (tmp_path / "main.c").write_text(TWO_PROGRAMS)
    libraries = [f"./access{extension}", f"./increment{extension}"]
    strict = ["-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror"]
    command = ["gcc", *strict, "main.c", *libraries, "-Wl,-rpath,$ORIGIN", "-o", "main"]
    subprocess.run(command, cwd=tmp_path, check=True)
    done = subprocess.run("./main", cwd=tmp_path, check=True, capture_output=True, text=True)
    assert done.stdout == "3 2 0\n0\n"


@pytest.mark.parametrize("level", LEVELS)
def test_only_the_interface_is_visible_from_outside(tmp_path: Path, level: int) -> None:
    """Whatever functions of its own a module has: another program's may have the same names."""
    path = tmp_path / "copy.a"
    write_program(copy_program(), path, level=level)
    nm = ["nm", "--extern-only", "--defined-only", "--print-armap", str(path)]
    listed = subprocess.run(nm, check=True, capture_output=True, text=True).stdout
    assert set(re.findall(r"^(\S+) in program.o$", listed, re.MULTILINE)) == set(C_SIGNATURES)
    assert set(re.findall(r"^[0-9a-f]+ \w (\S+)$", listed, re.MULTILINE)) == set(C_SIGNATURES)


def test_a_prefix_is_in_every_name_of_the_header() -> None:
    plain, own = header(access()), header(access(), "my_Access")
    own = own.replace("prefix my_Access:", "prefix hardmax:")
    assert own.replace("my_Access_", "hardmax_").replace("MY_ACCESS_", "HARDMAX_") == plain


def test_a_prefixed_library_is_no_program_of_the_loader(tmp_path: Path) -> None:
    write_program(access(), tmp_path / "access.so", prefix="access")
    with pytest.raises(HardmaxError, match=r"it does not define hardmax_run$"):
        load_ram(tmp_path / "access.so")
