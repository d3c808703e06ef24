"""A compiled program says what it is, runs on good memories and refuses bad ones by name."""

from __future__ import annotations

import copy
import json
import multiprocessing
import os
import pickle
import re
import subprocess
import sys
from array import array
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hardmax.codegen.driver import Kind, emit, link, linker, write_program
from hardmax.codegen.llvm_passes import optimized
from hardmax.codegen.lower import lower
from hardmax.codegen.targets import Target
from hardmax.runtime.abi import (
    ABI_VERSION,
    MAX_STEPS,
    Status,
)
from hardmax.runtime.cpu import host_architecture
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.loader import (
    load,
    load_ram,
)
from hardmax.runtime.metadata import write_metadata
from hardmax.runtime.nram.abi import C_SIGNATURES
from hardmax.runtime.nram.interpreter import run
from hardmax.runtime.nram.native import NativeProgram
from hardmax.runtime.nram.program import Metadata, Program, StepBudget
from tests.support.refusals import refusal
from tests.support.samples import access, increment
from tests.support.strategies import arbitrary_memories, memories


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("loader") / "increment.so"
    write_program(increment(), path)
    return path


@pytest.fixture(scope="module")
def incremented(library: Path) -> NativeProgram:
    return load_ram(library)


def test_a_program_says_what_it_is(incremented: NativeProgram) -> None:
    assert incremented.abi_version == ABI_VERSION
    metadata = incremented.metadata
    assert re.fullmatch(r"hardmax .+, LLVM \d+\.\d+\.\d+", metadata["compiler"])
    assert metadata == {
        "abi_version": ABI_VERSION,
        "compiler": metadata["compiler"],
        "target": Target.host().triple,
        "cpu": metadata["cpu"],
        "features": list(Target.host().features),
        "kind": "nram",
        "task": "increment",
        "registers": 2,
        "states": 2,
        "circuits": 3,
        "budget": {"per_cell": 2, "constant": 2},
        "trained_complexity": 5,
        "model_hash": "f005ba11",
        "versions": {"trainer": "by hand"},
        "program": increment().to_json(),
    }


def test_loading_needs_neither_torch_nor_llvm(library: Path) -> None:
    script = (
        "import sys; from hardmax.runtime.loader import load; "
        f"print(load({str(library)!r}).run([1, 1, 0]).memory.tolist()); "
        "print(sorted({'torch', 'llvmlite'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    assert done.stdout == "[2, 2, 0]\n[]\n"


@given(memory=memories(12))
def test_a_run_is_the_interpreters(incremented: NativeProgram, memory: tuple[int, ...]) -> None:
    expected = run(increment(), memory, increment().metadata.budget.steps(len(memory)))
    for given_memory in (memory, list(memory), np.array(memory, dtype=np.int8)):
        result = incremented.run(given_memory)
        assert result.memory.dtype == np.uint32
        assert tuple(result.memory.tolist()) == expected.memory
        assert (result.steps, result.status) == (expected.steps, expected.status)
        assert result.halted == expected.halted
    assert incremented.run(memory, 3).steps == run(increment(), memory, 3).steps


@given(memory=arbitrary_memories(12), max_steps=st.integers(0, 40))
def test_execution_in_place_is_the_interpreters(
    incremented: NativeProgram, memory: tuple[int, ...], max_steps: int
) -> None:
    expected = run(increment(), memory, max_steps)
    cells = np.array(memory, dtype=np.uint32)
    assert incremented.execute(cells, max_steps) == (expected.status, expected.steps)
    assert tuple(cells.tolist()) == expected.memory


def test_the_memory_given_stays_as_it_was(incremented: NativeProgram) -> None:
    memory = np.array([1, 1, 0], dtype=np.uint32)
    result = incremented.run(memory)
    assert memory.tolist() == [1, 1, 0]
    assert result.memory.tolist() == [2, 2, 0]


def test_a_step_budget_beyond_uint64_is_cut(tmp_path: Path) -> None:
    metadata = Metadata("access", StepBudget(2**64, 2**64))
    write_program(Program(1, access().table, metadata), tmp_path / "access.so")
    assert load_ram(tmp_path / "access.so").run([1, 0]).halted


@pytest.mark.parametrize(
    ("memory", "message"),
    [
        ([], "expected a memory of 1..4294967295 cells, found 0"),
        ([0, 1, 2, 17], "cell 3 holds 17, expected 0..3 in a memory of 4 cells"),
        ([0, -1, 9], "cell 1 holds -1, expected 0..2 in a memory of 3 cells"),
        ([0, 2**64], f"cell 1 holds {2**64}, expected 0..1 in a memory of 2 cells"),
        ([0, 1.0], "cell 1 holds a float, expected an integer"),
        ([True, 0], "cell 0 holds a bool, expected an integer"),
        (["1", 0], "cell 0 holds a str, expected an integer"),
        (5, "expected a memory of integers, found int"),
        ("01", "expected a memory of integers, found str"),
        ([[0, 1], [1]], "expected a memory of integers, found sequences of several sizes"),
        (
            np.zeros((2, 2), dtype=np.uint32),
            "expected a memory of integers: 1 dimension, found the shape (2, 2)",
        ),
        (np.zeros(2), "expected a memory of integers, found float64"),
        (np.zeros(2, dtype=bool), "expected a memory of integers, found bool"),
        (np.array([0, -1]), "cell 1 holds -1, expected 0..1 in a memory of 2 cells"),
        (np.array([0, 2], dtype=np.uint8), "cell 1 holds 2, expected 0..1 in a memory of 2 cells"),
    ],
)
def test_a_bad_memory_is_refused_by_cell(
    incremented: NativeProgram, memory: Any, message: str
) -> None:
    with pytest.raises(HardmaxError) as error:
        incremented.run(memory)
    assert str(error.value) == message


@pytest.mark.parametrize("max_steps", [-1, MAX_STEPS + 1])
def test_max_steps_is_a_uint64(incremented: NativeProgram, max_steps: int) -> None:
    with pytest.raises(
        HardmaxError, match=f"expected max_steps in 0..{MAX_STEPS}, found {max_steps}"
    ):
        incremented.run([0], max_steps)


@pytest.mark.parametrize(
    ("given", "accepted"),
    [
        ((1, 0), True),
        (range(1, -1, -1), True),
        (array("B", [1, 0]), True),
        (torch.tensor([1, 0]), True),
        ([torch.tensor(1), np.uint8(0)], True),
        (np.array([1, 0], dtype=object), True),
        ([True, 0], False),
        (np.array([True, False]), False),
        (torch.tensor([True, False]), False),
        ([1.0, 0], False),
        ([np.float32(1), 0], False),
        (torch.tensor([1.0, 0.0]), False),
        (torch.tensor([1.0, 0.0], requires_grad=True), False),
        (np.ma.array([1, 0], mask=[True, False]), False),
        (["1", "0"], False),
        ({1, 0}, False),
        (b"\1\0", False),
        (None, False),
    ],
)
def test_a_memory_a_batch_and_the_interpreter_take_the_same(
    incremented: NativeProgram, given: Any, accepted: bool
) -> None:
    expected = list(run(increment(), (1, 0), 6).memory)
    for take in (
        lambda: incremented.run(given).memory.tolist(),
        lambda: incremented.run_batch([given]).memories[0].tolist(),
        lambda: list(run(increment(), given, 6).memory),
    ):
        if accepted:
            assert take() == expected
            continue
        with pytest.raises(HardmaxError) as error:
            take()
        assert "\n" not in str(error.value)


def test_a_generator_is_no_memory(incremented: NativeProgram) -> None:
    for take in (incremented.run, incremented.run_batch):
        with pytest.raises(HardmaxError, match=r"found generator$"):
            take(cell for cell in [1, 0])


@pytest.mark.parametrize(
    ("max_steps", "found"), [(100.0, "found float"), (True, "found bool"), ("9", "found str")]
)
def test_max_steps_is_an_integer(incremented: NativeProgram, max_steps: Any, found: str) -> None:
    for take in (
        lambda: incremented.run([0], max_steps),
        lambda: incremented.run_batch([[0]], max_steps),
        lambda: incremented.execute(np.zeros(1, dtype=np.uint32), max_steps),
        lambda: run(increment(), [0], max_steps),
    ):
        with pytest.raises(HardmaxError, match=f"expected max_steps to be an integer, {found}$"):
            take()


def test_a_copy_of_a_program_is_itself(incremented: NativeProgram) -> None:
    assert copy.copy(incremented) is incremented
    assert copy.deepcopy([incremented]) == [incremented]


def test_a_program_is_pickled_as_its_path(library: Path, tmp_path: Path) -> None:
    path = tmp_path / "increment.so"
    path.write_bytes(library.read_bytes())
    pickled = pickle.dumps(load(path))
    assert pickle.loads(pickled).run([1, 1, 0]).memory.tolist() == [2, 2, 0]
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        assert pool.submit(load_ram(path).run, [1, 1, 0]).result().memory.tolist() == [2, 2, 0]
    write_program(access(), path)
    with pytest.raises(HardmaxError, match=r"increment\.so: not the library that was pickled"):
        pickle.loads(pickled)


def read_only() -> Any:
    array = np.zeros(3, dtype=np.uint32)
    array.flags.writeable = False
    return array


@pytest.mark.parametrize(
    ("memory", "message"),
    [
        (np.zeros(3, dtype=np.int64), "one dimension, found int64 with shape (3,)"),
        (np.zeros((2, 2), dtype=np.uint32), "one dimension, found uint32 with shape (2, 2)"),
        (np.zeros(6, dtype=np.uint32)[::2], "expected a contiguous array"),
        (read_only(), "expected a writable memory, found a read-only array"),
        ([0, 0, 0], "expected a contiguous array of uint32 with one dimension, found list"),
    ],
)
def test_only_an_array_that_c_can_work_on_is_executed(
    incremented: NativeProgram, memory: Any, message: str
) -> None:
    with pytest.raises(HardmaxError, match=re.escape(message)):
        incremented.execute(memory, 1)


def test_an_empty_array_is_an_invalid_argument(incremented: NativeProgram) -> None:
    empty = np.zeros(0, dtype=np.uint32)
    assert incremented.execute(empty, 1) == (Status.INVALID_ARGUMENT, 0)


def overwritten(path: Path, program: Program) -> None:
    path.write_bytes(emit(program, Kind.SHARED_LIBRARY))


@pytest.mark.parametrize(
    "replace", [lambda path, program: write_program(program, path), overwritten]
)
def test_a_replaced_file_is_the_new_program(
    tmp_path: Path, replace: Callable[[Path, Program], object]
) -> None:
    path = tmp_path / "program.so"
    write_program(increment(), path)
    old = load_ram(path)
    replace(path, access())
    new = load_ram(path)
    assert (old.metadata["task"], new.metadata["task"]) == ("increment", "access")
    assert old.run([2, 1, 1, 0]).memory.tolist() == [3, 2, 2, 0]
    assert new.run([2, 1, 1, 0]).memory.tolist() == [1, 1, 1, 0]
    os.unlink(path)
    assert old.run([1, 0]).halted


def refused(path: Path) -> str:
    return refusal(load, path).replace(str(path), "FILE")


def from_llvm_ir(path: Path, text: object) -> None:
    target = Target.host()
    machine = target.machine(2)
    code = bytes(machine.emit_object(optimized(text, machine, 2)))
    path.write_bytes(link(code, linker(target)))


def from_c(path: Path, source: str) -> None:
    path.with_suffix(".c").write_text(source)
    subprocess.run(["cc", "-shared", "-fPIC", path.with_suffix(".c"), "-o", path], check=True)


def test_files_that_are_no_library_are_refused(tmp_path: Path) -> None:
    assert refused(tmp_path / "missing.so") == "cannot read FILE: No such file or directory"
    assert refused(tmp_path) == "cannot read FILE: Is a directory"
    (tmp_path / "text.so").write_text("no library")
    (tmp_path / "empty.so").write_bytes(b"")
    (tmp_path / "object.so").write_bytes(emit(access(), Kind.OBJECT))
    not_elf = "FILE: expected a shared library (ELF), found another kind of file"
    assert refused(tmp_path / "text.so") == not_elf
    assert refused(tmp_path / "empty.so") == not_elf
    (tmp_path / "model.pt").write_bytes(b"PK\x03\x04")
    assert "a trained model must be compiled first" in refused(tmp_path / "model.pt")
    assert refused(tmp_path / "object.so") == "FILE: expected a shared library, found ELF type 1"


def test_a_library_that_lost_its_end_is_refused(tmp_path: Path, library: Path) -> None:
    content = library.read_bytes()
    path = tmp_path / "truncated.so"
    for length in (20, 63, 64, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:length])
        assert refused(path) == "FILE: the shared library is truncated"
    path.write_bytes(content)
    assert load(path).abi_version == ABI_VERSION


def test_a_library_of_another_machine_is_refused(tmp_path: Path, library: Path) -> None:
    content = bytearray(library.read_bytes())
    content[18:20] = (0xFFFF).to_bytes(2, "little")  # e_machine
    (tmp_path / "foreign.so").write_bytes(content)
    assert refused(tmp_path / "foreign.so") == (
        f"FILE: compiled for machine type 65535, this machine is {host_architecture()}"
    )


def test_a_foreign_library_is_refused_before_its_constructors_run(tmp_path: Path) -> None:
    path, witness = tmp_path / "foreign.so", tmp_path / "witness"
    from_c(
        path,
        "#include <stdio.h>\n"
        "__attribute__((constructor)) static void start(void)\n"
        f'{{ fclose(fopen("{witness}", "w")); }}\n',
    )
    assert refused(path) == "FILE: not a program compiled by hardmax: it carries no metadata"
    assert not witness.exists()


def test_a_library_that_only_mentions_the_names_is_refused(tmp_path: Path) -> None:
    document = json.dumps(write_metadata(increment(), "me"))
    names = ", ".join(f'"{name}"' for name in C_SIGNATURES)
    from_c(tmp_path / "names.so", f"const char *names[] = {{{names}, {document}}};")
    assert refused(tmp_path / "names.so") == (
        "FILE: not a program compiled by hardmax: it does not define hardmax_run"
    )


def test_another_abi_version_is_refused(tmp_path: Path) -> None:
    text = str(lower(access(), write_metadata(access(), "another compiler")))
    other = text.replace(f"ret i32 {ABI_VERSION}\n", f"ret i32 {ABI_VERSION + 1}\n")
    assert other != text
    from_llvm_ir(tmp_path / "other.so", other)
    assert refused(tmp_path / "other.so") == (
        f"FILE: expected ABI version {ABI_VERSION}, found {ABI_VERSION + 1}; compile it again"
    )


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ('{"abi_version": 1}', '"compiler" is missing'),
        ('{"abi_version": ' + "[" * 10**5, "expected a document in JSON, found too many nested"),
        (write_metadata(access(), "x").replace('"task": "access"', '"task": 7'), '"task" must be'),
    ],
)
def test_broken_metadata_is_refused(tmp_path: Path, metadata: str, message: str) -> None:
    from_llvm_ir(tmp_path / "broken.so", lower(access(), metadata))
    assert refused(tmp_path / "broken.so").startswith(f"FILE: broken metadata: {message}")


def test_a_missing_metadata_string_is_refused(tmp_path: Path) -> None:
    document = write_metadata(access(), "me")
    text, found = re.subn(r'ret .* @"metadata"', "ret ptr null", str(lower(access(), document)))
    assert found == 1
    text = text.replace('@"metadata" = private', '@"metadata" =')
    from_llvm_ir(tmp_path / "null.so", text)
    assert refused(tmp_path / "null.so") == (
        "FILE: the file and the code in it say different things of the program"
    )
    from_llvm_ir(tmp_path / "empty.so", lower(access(), ""))
    assert refused(tmp_path / "empty.so").startswith(
        "FILE: broken metadata: expected a document in JSON"
    )
