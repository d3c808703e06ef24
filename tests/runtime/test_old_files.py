"""What version 0.1 wrote is read: libraries without a kind, a target and a section of their own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hardmax.runtime.cpu import host_architecture
from hardmax.runtime.kinds import AnyProgram
from hardmax.runtime.loader import load_ntm, load_ram
from hardmax.runtime.nram.interpreter import run
from hardmax.runtime.ntm.interpreter import run as run_ntm
from hardmax.runtime.programs import load_program
from hardmax.runtime.shared_library import inspect_library
from tests.support.ntm_programs import random_ntm
from tests.support.recurrent_programs import random_program
from tests.support.samples import increment

FOLDER = Path(__file__).parent / "version_0_1"
NTM = random_ntm(0, writers=2)
PROGRAMS: dict[str, AnyProgram] = {
    "increment": increment(),
    "ntm": NTM,
    "lstm": random_program(1, registers=2),
}

on_x86_64 = pytest.mark.skipif(host_architecture() != "x86_64", reason="code for x86_64")


@pytest.mark.parametrize("name", PROGRAMS)
def test_texts_are_read(name: str) -> None:
    assert load_program(FOLDER / f"{name}.json") == PROGRAMS[name]


@pytest.mark.parametrize(("name", "kind"), [("increment", "nram"), ("ntm", "ntm")])
def test_libraries_are_inspected(name: str, kind: str) -> None:
    info = inspect_library(FOLDER / f"{name}.so")
    assert info.program == PROGRAMS[name]
    assert (info.architecture, info.abi_version) == ("x86_64", 1)
    assert info.metadata["kind"] == kind


@on_x86_64
def test_libraries_are_run() -> None:
    memory = (1, 1, 0, 3)
    native = load_ram(FOLDER / "increment.so")
    assert tuple(native.run(memory).memory.tolist()) == run(increment(), memory, 10).memory
    inputs = np.ones((4, 3), dtype=np.float32)
    result = load_ntm(FOLDER / "ntm.so").run(inputs, 5)
    assert result.outputs.tolist() == run_ntm(NTM, inputs, 5).outputs.tolist()
