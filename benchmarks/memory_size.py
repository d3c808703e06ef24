"""What a timestep costs does not depend on the size of the memory.

``python -m benchmarks.memory_size`` counts the instructions of the same work in a small and in a
large memory (callgrind), and clocks ListK with k = 5 in both. It fails where the counts differ by
more than 1%. ``--into`` writes the table into a page, too.
"""

from __future__ import annotations

import argparse
import ctypes
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.native import FOLDER, Driver, Memory, interleaved
from benchmarks.one_line_errors import one_line_errors
from benchmarks.pages import write_section
from benchmarks.problems import budget, check, find_program, largest_complexity, problem, sample
from hardmax.codegen.driver import write_program
from hardmax.files import load_memory_program
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.loader import load_ram
from hardmax.runtime.nram.native import NativeProgram
from hardmax.runtime.nram.programs import RamProgram
from hardmax.trainer.nram.tasks import TASKS, Task

SMALL, LARGE, HUGE = 64, 2**20, 2**24
"""M of the memories, in cells."""

TOLERANCE = 0.01
HOPS = 5


@dataclass(frozen=True)
class Count:
    """What one run took."""

    instructions: int
    steps: int

    @property
    def per_step(self) -> float:
        """Instructions a timestep."""
        return self.instructions / self.steps


def enlarged(task: Task, memory: Memory, size: int) -> Memory:
    """The same problem in a larger memory: zeros behind it, the guard M-1 of Merge moved along."""
    cells = np.zeros(size, dtype=np.uint32)
    cells[: len(memory)] = memory
    if task.name == "merge":
        cells[: len(memory)][memory == len(memory) - 1] = size - 1
    return cells


class Counter:
    """An executable that runs a program once, under callgrind."""

    def __init__(self, program: RamProgram, folder: Path) -> None:
        self.folder = folder
        self.executable = folder / "once"
        code = folder / "program.o"
        write_program(program, code)
        strict = ["-O1", "-Wall", "-Wextra", "-Werror"]
        subprocess.run(["gcc", *strict, FOLDER / "once.c", code, "-o", self.executable], check=True)

    def count(self, memory: Memory, max_steps: int) -> Count:
        """The instructions of ``hardmax_run`` itself."""
        cells, report = self.folder / "cells", self.folder / "callgrind"
        memory.tofile(cells)
        options = [f"--callgrind-out-file={report}", "--toggle-collect=hardmax_run"]
        command = map(str, (self.executable, cells, len(memory), max_steps))
        done = subprocess.run(
            ["valgrind", "--tool=callgrind", *options, *command],
            check=True,
            capture_output=True,
            text=True,
        )
        total = re.search(r"^totals: (\d+)$", report.read_text(), re.MULTILINE)
        if total is None:
            raise HardmaxError(f"{report}: expected a line with the totals")
        return Count(int(total[1]), int(done.stdout.split()[0]))


def steps_to_solve(task: Task, native: NativeProgram, memory: Memory) -> int:
    """The timesteps after which the answer is there; what follows may depend on the memory's end.

    Raises:
        HardmaxError: the answer is wrong.
    """
    result = native.run(memory)
    check(task, memory, result.memory, "the learned program")
    expected = task.solve(memory.tolist())
    for steps in range(result.steps):
        cells = native.run(memory, steps).memory
        if all(cells[cell] == value for cell, value in expected.items()):
            return steps
    return result.steps


def counts(task: Task, program: RamProgram, folder: Path) -> tuple[Count, Count]:
    """Instructions of the same work in a small and in a large memory.

    Raises:
        HardmaxError: a wrong answer, or another number of timesteps.
    """
    library = folder / f"{task.name}.so"
    write_program(program, library)
    # Half full, so that no run comes near the end of either memory.
    small = sample(task, largest_complexity(task, SMALL // 2), SMALL)
    large = enlarged(task, small, LARGE)
    steps = steps_to_solve(task, load_ram(library), small)
    counter = Counter(program, folder)
    found = []
    for memory in (small, large):
        result = load_ram(library).run(memory, steps)
        check(task, memory, result.memory, "the learned program")
        found.append(counter.count(memory, steps))
    if found[0].steps != found[1].steps:
        raise HardmaxError(
            f"{task.name}: {found[0].steps} timesteps at M = {SMALL}, {found[1].steps} at {LARGE}"
        )
    return found[0], found[1]


def hops(program: RamProgram, folder: Path, repetitions: int) -> dict[int, float]:
    """Seconds of ListK with k = 5, by M."""
    task = TASKS["listk"]
    small = sample(task, largest_complexity(task, SMALL), SMALL)
    small[1] = HOPS
    library = folder / "hops.so"
    write_program(program, library)
    driver = Driver(folder)
    contenders = {}
    for size in (SMALL, HUGE):
        memory = enlarged(task, small, size)
        result = load_ram(library).run(memory)
        check(task, memory, result.memory, "the learned program")
        given = problem(memory, result.steps, [result.memory])
        native = ctypes.CDLL(str(library))
        contenders[str(size)] = driver.compiled(native, given, budget(program, memory))
    return {
        int(size): statistics.median(times)
        for size, times in interleaved(contenders, repetitions).items()
    }


def found_programs(folder: Path) -> Iterator[tuple[Task, RamProgram]]:
    """The tasks that have a model, with their programs."""
    for task in TASKS.values():
        path = find_program(folder, task)
        if path is None:
            print(f"{task.name}: no model in {folder}", file=sys.stderr)
        else:
            yield task, load_memory_program(path)


@one_line_errors
def main(argv: Sequence[str] | None = None) -> int:
    """Count and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.memory_size", description=__doc__)
    parser.add_argument("--models", type=Path, default=Path("models"), metavar="FOLDER")
    parser.add_argument("--repetitions", type=int, default=15, help="default %(default)s")
    parser.add_argument("--into", type=Path, metavar="PAGE", help="such as docs/speed.md")
    arguments = parser.parse_args(argv)
    status = 0
    lines: list[str] = []

    def say(line: str) -> None:
        print(line)
        lines.append(line)

    say(f"| task | timesteps | instructions a timestep, M = {SMALL} | M = {LARGE} |")
    say("| --- | ---: | ---: | ---: |")
    programs = dict(found_programs(arguments.models))
    with tempfile.TemporaryDirectory(prefix="hardmax-") as name:
        folder = Path(name)
        for task, program in programs.items():
            small, large = counts(task, program, folder)
            say(f"| {task.name} | {small.steps} | {small.per_step:.2f} | {large.per_step:.2f} |")
            if abs(large.per_step / small.per_step - 1) > TOLERANCE:
                print(f"{task.name}: more than {TOLERANCE:.0%} apart", file=sys.stderr)
                status = 1
        if TASKS["listk"] in programs:
            times = hops(programs[TASKS["listk"]], folder, arguments.repetitions)
            say("")
            say(
                f"ListK, k = {HOPS}: {1e9 * times[SMALL]:.1f} ns at M = {SMALL}, "
                f"{1e9 * times[HUGE]:.1f} ns at M = {HUGE}, "
                f"ratio {times[HUGE] / times[SMALL]:.2f}"
            )
    if arguments.into is not None:
        write_section(arguments.into, "memory size", "\n".join(lines))
    return status


if __name__ == "__main__":
    sys.exit(main())
