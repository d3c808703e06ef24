"""Native code under the clock: learned programs and hand-written C, called from one C loop."""

from __future__ import annotations

import ctypes
import platform
import re
import statistics
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hardmax.runtime.nram.abi import RUN

FOLDER = Path(__file__).parent
HANDWRITTEN = FOLDER / "handwritten"

Memory = NDArray[np.uint32]
Stopwatch = Callable[[], float]
"""Runs a contender once and returns the seconds that one problem took."""


def compile_c(source: Path, library: Path, flags: Sequence[str]) -> ctypes.CDLL:
    """Compile one file of C to a shared library and load it."""
    command = ["gcc", "-std=c11", "-Wall", "-Wextra", "-Werror", *flags, "-shared", "-fPIC"]
    subprocess.run([*command, "-o", library, source], check=True)
    return ctypes.CDLL(str(library))


@dataclass(frozen=True, eq=False)
class Problem:
    """One input memory, and what it takes to run on it again and again.

    Attributes:
        memory: uint32 of shape (M,).
        undo: uint32, the cells that are given their input back after every call.
        calls: calls between two looks at the clock.
    """

    memory: Memory
    undo: Memory
    calls: int


class Driver:
    """The timing loops of ``driver.c``."""

    def __init__(self, folder: Path) -> None:
        library = compile_c(FOLDER / "driver.c", folder / "driver.so", ["-O2"])
        self._written, self._compiled = library["time_written"], library["time_compiled"]
        for function in (self._written, self._compiled):
            function.restype = ctypes.c_double

    def written(self, function: Any, problem: Problem) -> Stopwatch:
        """Clock a hand-written ``void task(uint32_t *memory, uint32_t size)``."""
        arguments = _arguments(problem)
        return lambda: float(self._written(function, *arguments))

    def compiled(self, library: ctypes.CDLL, problem: Problem, max_steps: int) -> Stopwatch:
        """Clock ``hardmax_run`` of a compiled program."""
        function, arguments = library[RUN], _arguments(problem)
        return lambda: float(self._compiled(function, *arguments, ctypes.c_uint64(max_steps)))


def _arguments(problem: Problem) -> tuple[Any, ...]:
    """What both timing loops take after the function, as ctypes."""
    scratch = np.empty_like(problem.memory)
    return (
        np.ctypeslib.as_ctypes(scratch),
        np.ctypeslib.as_ctypes(problem.memory),
        ctypes.c_uint32(len(problem.memory)),
        np.ctypeslib.as_ctypes(problem.undo),
        ctypes.c_uint32(len(problem.undo)),
        ctypes.c_uint64(problem.calls),
    )


Rounds = tuple[float, ...]
"""Seconds in one round after the other."""


def interleaved(contenders: Mapping[str, Stopwatch], repetitions: int) -> dict[str, Rounds]:
    """The seconds of each contender in so many rounds.

    They take turns, so that a busy moment of the machine hits all of them; one round more than
    asked for goes first and does not count.
    """
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(repetitions + 1):
        for name, stopwatch in contenders.items():
            times[name].append(stopwatch())
    return {name: tuple(measured[1:]) for name, measured in times.items()}


def paired_ratio(times: Rounds, reference: Rounds) -> float:
    """The median over the rounds of what a contender takes against another one in that round."""
    return statistics.median(a / b for a, b in zip(times, reference, strict=True))


def machine() -> str:
    """The processor and the C compiler."""
    cpu = platform.processor() or platform.machine()
    try:
        found = re.search(
            r"^model name\s*:\s*(.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE
        )
        cpu = found[1] if found else cpu
    except OSError:
        pass  # not Linux
    version = subprocess.run(["gcc", "--version"], check=True, capture_output=True, text=True)
    return f"{cpu}; {version.stdout.splitlines()[0]}"
