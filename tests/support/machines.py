"""Compiled code on machines other than this process: emulated CPUs and a WebAssembly engine."""

from __future__ import annotations

import functools
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from hardmax.codegen.driver import Kind, emit
from hardmax.codegen.header import header
from hardmax.codegen.targets import Architecture, Target
from hardmax.runtime.abi import Status
from hardmax.runtime.kinds import AnyProgram
from hardmax.runtime.nram.interpreter import Result
from hardmax.runtime.nram.programs import RamProgram
from hardmax.runtime.ntm.program import NtmProgram
from hardmax.runtime.stack.program import StackProgram

CANARY = 0xDEADBEEF
"""What the cells before and after a memory hold, before and after a run."""

HARNESS = Path(__file__).parent / "harness"

Case = tuple[tuple[int, ...], int]
"""A memory and ``max_steps``."""

NtmCase = tuple[NDArray[np.float32], int]
"""A sequence and N."""

StackCase = tuple[list[int], int]
"""Symbols and the capacity."""


def require(*tools: str) -> None:
    """Skip the test where one of the tools is not installed."""
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"not installed: {' '.join(missing)}")


@dataclass(frozen=True)
class Machine:
    """An architecture and what it takes to run a program there."""

    architecture: Architecture

    @property
    def emulator(self) -> tuple[str, ...]:
        """The command before the executable, empty where this machine runs it itself."""
        if self.architecture is Target.host().architecture:
            return ()
        return (f"qemu-{self.architecture.value}",)

    def require(self) -> None:
        """Skip the test where a tool is missing."""
        if self.architecture is Architecture.WASM32:
            require("wasm-ld", "node")
        else:
            require("clang", "ld.lld", *self.emulator)

    def run(self, program: RamProgram, level: int, cases: Sequence[Case]) -> list[Result]:
        """Run a program on each case and see that no cell beside a memory changed."""
        requests = b"".join(map(_request, cases))
        return _results(self._answers(program, level, "harness", requests), cases)

    def run_ntm(
        self, program: NtmProgram, level: int, cases: Sequence[NtmCase]
    ) -> list[tuple[int, bytes, list[list[int]]]]:
        """Run a Neural Turing Machine on each case: status, outputs bit for bit, and addresses.

        Where the status is an error, outputs and addresses are what was there before.
        """
        requests = b"".join(
            struct.pack("<II", rows, len(inputs)) + inputs.astype("<f4").tobytes()
            for inputs, rows in cases
        )
        answers = self._answers(program, level, "ntm", requests)
        results, at = [], 0
        for inputs, _ in cases:
            (status,) = struct.unpack_from("<i", answers, at)
            end = at + 4 + 4 * len(inputs) * program.output_width
            addresses = np.frombuffer(answers, "<u4", len(inputs) * len(program.heads), end)
            results.append(
                (
                    status,
                    answers[at + 4 : end],
                    addresses.reshape(-1, len(program.heads)).tolist(),
                )
            )
            at = end + addresses.nbytes
        assert at == len(answers)
        return results

    def run_stack(
        self, program: StackProgram, level: int, cases: Sequence[StackCase]
    ) -> list[tuple[int, list[int]]]:
        """Run a stack machine on each case: status, and the outputs of the completed steps."""
        requests = b"".join(
            struct.pack("<II", capacity, len(symbols)) + np.array(symbols, "<u4").tobytes()
            for symbols, capacity in cases
        )
        answers = self._answers(program, level, "stack", requests)
        results, at = [], 0
        for symbols, _ in cases:
            status, done = struct.unpack_from("<iQ", answers, at)
            outputs = np.frombuffer(answers, "<u4", len(symbols), at + 12)
            results.append((status, outputs[:done].tolist()))
            at += 12 + outputs.nbytes
        assert at == len(answers)
        return results

    def _answers(self, program: AnyProgram, level: int, harness: str, requests: bytes) -> bytes:
        """What a harness answers that is linked with a program."""
        target = Target(self.architecture.value)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            if self.architecture is Architecture.WASM32:
                binary = folder / "program.wasm"
                binary.write_bytes(emit(program, Kind.WEBASSEMBLY, level, target=target))
                command = ["node", str(HARNESS / f"{harness}.mjs"), str(binary)]
            else:
                code, linked, binary = (
                    folder / name for name in ("program.o", "harness.o", "program")
                )
                code.write_bytes(emit(program, Kind.OBJECT, level, target=target))
                own = isinstance(program, NtmProgram | StackProgram)
                interface = header(program) if own else ""
                linked.write_bytes(_harness(target.triple, harness, interface))
                subprocess.run(["ld.lld", "-static", "-o", binary, linked, code], check=True)
                command = [*self.emulator, str(binary)]
            done = subprocess.run(command, input=requests, capture_output=True, check=True)
        return done.stdout


MACHINES = {
    architecture.value: Machine(architecture)
    for architecture in Architecture
    if architecture is not Architecture.NVPTX64
}


@functools.cache
def _harness(triple: str, name: str, interface: str) -> bytes:
    """A harness as an object file for a target.

    Args:
        interface: the header of the program that it is for; empty where it serves all.
    """
    abi = ["-march=rv64gc", "-mabi=lp64d"] if triple.startswith("riscv64") else []
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, f"{name}.h").write_text(interface)
        output = Path(folder, "harness.o")
        source = HARNESS / f"{name}.c"
        flags = ["-ffreestanding", "-O1", "-Wall", "-Wextra", "-Werror", f"-I{folder}"]
        subprocess.run(
            ["clang", "-target", triple, *abi, *flags, "-c", source, "-o", output],
            check=True,
        )
        return output.read_bytes()


def _request(case: Case) -> bytes:
    """A batch of two: the same memory twice, so that the second shows what the first left."""
    memory, max_steps = case
    tape = np.array([CANARY, *memory, *memory, CANARY], dtype="<u4")
    return struct.pack("<IIQ", len(memory), 2, max_steps) + tape.tobytes()


def _results(answers: bytes, cases: Sequence[Case]) -> list[Result]:
    results = []
    at = 0
    for memory, _ in cases:
        size = len(memory)
        tape = np.frombuffer(answers, "<u4", 2 * size + 2, at)
        at += tape.nbytes
        steps = np.frombuffer(answers, "<u8", 2, at)
        at += steps.nbytes
        statuses = np.frombuffer(answers, "<i4", 2, at)
        at += statuses.nbytes
        assert tape[0] == tape[-1] == CANARY
        first, second = (
            Result(tuple(cells.tolist()), int(steps[i]), Status(int(statuses[i])))
            for i, cells in enumerate((tape[1 : 1 + size], tape[1 + size : -1]))
        )
        assert first == second
        results.append(first)
    assert at == len(answers)
    return results
