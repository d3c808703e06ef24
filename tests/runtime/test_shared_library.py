"""Libraries are read without being run, and loaded wherever and however often that is asked for."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from hardmax.codegen.driver import Kind, emit, write_program
from hardmax.codegen.targets import Target
from hardmax.runtime import cpu, shared_library
from hardmax.runtime.elf import read_shared_object
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.loader import load, load_ram
from hardmax.runtime.metadata import METADATA_SECTION, write_metadata
from hardmax.runtime.nram.abi import C_SIGNATURES
from hardmax.runtime.shared_library import inspect_library
from tests.support.machines import require
from tests.support.paths import ROOT
from tests.support.refusals import refusal
from tests.support.samples import access, increment

HOST = cpu.host_architecture()


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("library") / "increment.so"
    write_program(increment(), path)
    return path


def test_inspecting_runs_nothing(tmp_path: Path) -> None:
    """A library of ours with a constructor added."""
    (tmp_path / "program.o").write_bytes(emit(increment(), Kind.OBJECT))
    (tmp_path / "start.c").write_text(
        "#include <stdlib.h>\n__attribute__((constructor)) static void start(void) { exit(7); }\n"
    )
    command = ["cc", "-shared", "-fPIC", "start.c", "program.o", "-o", "increment.so"]
    subprocess.run(command, check=True, cwd=tmp_path)
    info = inspect_library(tmp_path / "increment.so")
    assert info.program == increment()
    assert info.functions >= set(C_SIGNATURES)
    script = f"import hardmax.runtime.loader as l; l.load({str(tmp_path / 'increment.so')!r})"
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT).returncode == 7


@pytest.mark.parametrize("architecture", ["x86_64", "aarch64", "riscv64"])
def test_a_library_of_any_machine_is_inspected(tmp_path: Path, architecture: str) -> None:
    require("ld.lld")
    path = tmp_path / "increment.so"
    write_program(increment(), path, triple=architecture)
    info = inspect_library(path)
    assert info.program == increment()
    assert (info.architecture, info.abi_version) == (architecture, 1)
    content = read_shared_object(path.read_bytes()).section(METADATA_SECTION)
    assert content is not None
    assert content.rstrip(b"\0").decode() == json.dumps(info.metadata)
    if architecture != HOST:
        message = f"{path}: compiled for {architecture}, this machine is {HOST}"
        assert refusal(load, path) == message


def test_a_missing_feature_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(shared_library, "missing_features", lambda features: list(features))
    path = tmp_path / "increment.so"
    document = {"target": "any", "cpu": "znver9", "features": ["avx2048", "fma9"]}
    text = write_metadata(increment(), "me", document)
    content = path_with(tmp_path, text)
    path.write_bytes(content)
    assert refusal(load, path) == (
        f"{path}: compiled for the CPU znver9, this machine's lacks avx2048, fma9"
    )


def path_with(folder: Path, text: str) -> bytes:
    """A library that has this document in its section, and nothing else."""
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    functions = "".join(f"void {name}(void) {{}}\n" for name in C_SIGNATURES)
    (folder / "a.c").write_text(
        f'__attribute__((section(".hardmax.metadata"))) const char metadata[] = "{quoted}";\n'
        f"{functions}"
    )
    subprocess.run(["cc", "-shared", "-fPIC", "a.c", "-o", "a.so"], check=True, cwd=folder)
    return (folder / "a.so").read_bytes()


CPUINFO = """
processor : 0
flags     : fpu sse sse2 pni abm avx2 bmi1
processor : 1
flags     : fpu sse sse2 pni abm bmi1
"""
RISCV = "processor : 0\nisa : rv64imafdc_zicsr_zba\n"


def test_features_are_those_of_every_processor() -> None:
    common = cpu.features_in(CPUINFO)
    found = cpu.features_in(RISCV)
    assert common is not None
    assert found is not None
    assert common == {"fpu", "sse", "sse2", "pni", "abm", "bmi1"}
    assert found >= {"m", "a", "f", "d", "c", "zba"}
    assert "v" not in found
    assert cpu.features_in("") is None


@pytest.mark.skipif(HOST != "x86_64", reason="features of x86_64")
def test_missing_features_go_by_llvms_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cpu, "_host_features", lambda: cpu.features_in(CPUINFO))
    names = ["sse2", "sse3", "lzcnt", "bmi", "avx2", "sse4.2", "fast-shld-rotate", "xsaves"]
    assert cpu.missing_features(names) == ["avx2", "sse4.2"]


def test_this_machine_has_what_llvm_says_it_has() -> None:
    from llvmlite import binding

    features = [name for name, there in binding.get_host_cpu_features().items() if there]
    assert cpu.missing_features(features) == []
    assert Target.host().architecture.value == HOST


def mappings() -> int:
    return len(Path("/proc/self/maps").read_text().splitlines())


def test_loads_of_one_content_share_it(library: Path, tmp_path: Path) -> None:
    (tmp_path / "other.so").write_bytes(library.read_bytes())
    kept = [load_ram(library)]
    before = mappings()
    kept += [load_ram(path) for _ in range(25) for path in (library, tmp_path / "other.so")]
    assert mappings() - before < 5
    assert all(native.run([1, 1, 0]).halted for native in kept)


def test_what_nobody_uses_is_unloaded(tmp_path: Path) -> None:
    path = tmp_path / "access.so"
    gc.collect()
    before = mappings()
    for i in range(20):
        (tmp_path / "a").mkdir(exist_ok=True)
        path.write_bytes(emit(access(), Kind.SHARED_LIBRARY, soname=f"{i}.so"))
        run = load_ram(path).run  # the program itself is dropped
        assert run([1, 0]).halted
    del run
    gc.collect()
    assert mappings() - before < 5


@pytest.mark.parametrize("broken", ["memfd_create", "temporary", "both"])
def test_no_place_for_a_copy_is_needed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, broken: str
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    path = tmp_path / "access.so"
    path.write_bytes(emit(access(), Kind.SHARED_LIBRARY, soname=f"{broken}.so"))
    if broken != "temporary":
        monkeypatch.setattr(os, "memfd_create", refuse)
    if broken != "memfd_create":
        monkeypatch.setattr(tempfile, "NamedTemporaryFile", refuse)
    assert load_ram(path).run([1, 0]).halted


def test_a_folder_whose_files_may_not_be_executed_is_no_obstacle(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "access.so"
    path.write_bytes(emit(access(), Kind.SHARED_LIBRARY, soname="noexec.so"))
    real = ctypes.CDLL

    def noexec(name: str | None) -> ctypes.CDLL:
        if name is not None and name != str(path):
            raise OSError(f"{name}: failed to map segment from shared object")
        return real(name)

    monkeypatch.setattr(ctypes, "CDLL", noexec)
    assert load_ram(path).run([1, 0]).halted


def test_threads_may_load_at_once(library: Path) -> None:
    natives: list[object] = []
    threads = [
        threading.Thread(target=lambda: natives.append(load_ram(library).run([0]).halted))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert natives == 8 * [True]


def test_no_cut_and_no_flipped_byte_is_more_than_a_refusal(library: Path) -> None:
    content = library.read_bytes()
    for length in range(0, len(content), 97):
        with pytest.raises(HardmaxError):
            read_shared_object(content[:length])
    for at in (*range(64), *range(len(content) - 1024, len(content))):
        damaged = bytearray(content)
        damaged[at] ^= 0xFF
        with contextlib.suppress(HardmaxError):  # any other error is a failure
            read_shared_object(bytes(damaged))
