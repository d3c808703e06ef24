"""Learned programs against hand-written C, the interpreter and the soft model, in one run.

``python -m benchmarks.speed`` prints a table; only the ratios in one line of it mean something on
another machine. Native code is called from C (``driver.c``), contenders take turns, and every time
is a median, as is every ratio, over the rounds. Every answer is held against the task's definition
first. ``--into`` writes the table into a page, too.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import math
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from benchmarks.native import (
    HANDWRITTEN,
    Driver,
    Memory,
    Rounds,
    compile_c,
    interleaved,
    machine,
    paired_ratio,
)
from benchmarks.one_line_errors import one_line_errors
from benchmarks.pages import write_section
from benchmarks.problems import budget, check, find_program, largest_complexity, problem, sample
from benchmarks.timestep import human
from hardmax.codegen.driver import write_program
from hardmax.extractor.markdown import markdown
from hardmax.files import MODEL, load_memory_program
from hardmax.runtime.atomic_write import write_output
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.extras import expect_extra
from hardmax.runtime.loader import load_ram
from hardmax.runtime.nram.interpreter import run
from hardmax.runtime.nram.programs import RamProgram
from hardmax.trainer.nram.checkpoint import load_model
from hardmax.trainer.nram.tasks import TASKS, Task, find_task

O2 = "gcc -O2"
O3 = "gcc -O3 -march=native"
LEARNED = "learned"
NATIVE = "learned, --cpu native"
FLAGS = {O2: ("-O2",), O3: ("-O3", "-march=native")}
SOFT_SIZE = 50
"""M of the comparison with the soft model, whose timestep costs time in M squared."""


@dataclass(frozen=True)
class Measurement:
    """One task. Times are seconds a problem.

    Attributes:
        size: M.
        steps: timesteps that the learned program takes.
        native: by contender, round by round: hand-written C and the learned program, each in two
            ways.
        interpreter: the reference interpreter, its copy of the same memory included.
        soft: the soft model at M = SOFT_SIZE, in batches of 16; None where there is only a program.
        small: the learned program at M = SOFT_SIZE, in one batch.
        compile: seconds of CPU from the program's text to the library, process start and link
            included.
    """

    task: str
    size: int
    steps: int
    native: dict[str, Rounds]
    interpreter: float
    soft: float | None
    small: float
    compile: float

    def ratio(self, contender: str, reference: str) -> float:
        """How many times as long as the reference a contender takes."""
        return paired_ratio(self.native[contender], self.native[reference])

    def seconds(self, contender: str) -> float:
        """The median time of a contender."""
        return statistics.median(self.native[contender])


def measure(task: Task, path: Path, complexity: int, repetitions: int, folder: Path) -> Measurement:
    """Measure one task.

    Raises:
        HardmaxError: a contender gave a wrong answer.
    """
    program = load_memory_program(path)
    libraries = {}
    for name, cpu in ((LEARNED, "generic"), (NATIVE, "native")):
        libraries[name] = folder / f"{task.name}-{cpu}.so"
        write_program(program, libraries[name], cpu=cpu)
    memory = sample(task, complexity)
    max_steps = budget(program, memory)
    result = load_ram(libraries[LEARNED]).run(memory)
    check(task, memory, result.memory, LEARNED)
    answers = [result.memory]

    written = {}
    for name, flags in FLAGS.items():
        library = folder / f"{task.name}{''.join(flags)}.so"
        written[name] = compile_c(HANDWRITTEN / f"{task.name}.c", library, flags)[task.name]
        answer = memory.copy()
        written[name](ctypes.c_void_p(answer.ctypes.data), ctypes.c_uint32(len(answer)))
        check(task, memory, answer, name)
        answers.append(answer)

    driver = Driver(folder)
    given = problem(memory, result.steps, answers)
    contenders = {name: driver.written(written[name], given) for name in written}
    for name, library in libraries.items():
        contenders[name] = driver.compiled(ctypes.CDLL(str(library)), given, max_steps)

    return Measurement(
        task=task.name,
        size=len(memory),
        steps=result.steps,
        native=interleaved(contenders, repetitions),
        interpreter=_interpreter(task, program, memory),
        soft=_soft(task, path, repetitions) if path.suffix == MODEL else None,
        small=_small(task, libraries[LEARNED], program, repetitions),
        compile=_compile(program, folder, repetitions),
    )


def _interpreter(task: Task, program: RamProgram, memory: Memory) -> float:
    cells = memory.tolist()
    start = time.perf_counter()
    result = run(program, cells, budget(program, memory))
    seconds = time.perf_counter() - start
    check(task, memory, np.array(result.memory), "the interpreter")
    return seconds


def _soft(task: Task, path: Path, repetitions: int) -> float:
    model = load_model(path)
    memory = sample(task, largest_complexity(task, SOFT_SIZE), SOFT_SIZE)
    memories = torch.from_numpy(np.tile(memory.astype(np.int64), (16, 1)))
    max_steps = model.task.budget.steps(SOFT_SIZE)
    return _median(lambda: model.soft_cells(memories, max_steps), repetitions) / 16


def _small(task: Task, library: Path, program: RamProgram, repetitions: int) -> float:
    native = load_ram(library)
    memory = sample(task, largest_complexity(task, SOFT_SIZE), SOFT_SIZE)
    count = 1000
    memories = np.tile(memory, (count, 1))
    times = []
    for _ in range(repetitions + 1):
        scratch = memories.copy()
        start = time.perf_counter()
        native.execute_batch(scratch, budget(program, memory))
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:]) / count


def _compile(program: RamProgram, folder: Path, repetitions: int) -> float:
    text, library = folder / "program.json", folder / "program.so"
    text.write_text(program.to_json())
    script = "import sys; from hardmax.cli.main import compile_main; sys.exit(compile_main())"
    command = [sys.executable, "-c", script, str(text), "-o", str(library)]
    times = []
    for _ in range(min(repetitions, 3)):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
    return statistics.median(times)


def _median(action: Callable[[], object], repetitions: int) -> float:
    times = []
    for _ in range(repetitions + 1):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


def geometric_mean(numbers: Sequence[float]) -> float:
    """The n-th root of the product of n numbers."""
    return math.exp(statistics.fmean(map(math.log, numbers)))


HEADINGS = (
    *("task", "cells", "timesteps", O2, O3, LEARNED, f"/ {O2}", f"/ {O3}"),
    *("native CPU / -O2", "ns/step", "interp.", "soft M=50", "compile"),
)


def table(measurements: Sequence[Measurement]) -> str:
    """The measurements as a table in Markdown."""
    rows: list[tuple[str, ...]] = []
    for m in measurements:
        learned = m.seconds(LEARNED)
        rows.append(
            (
                m.task,
                f"{m.size}",
                f"{m.steps}",
                human(m.seconds(O2)),
                human(m.seconds(O3)),
                human(learned),
                f"{m.ratio(LEARNED, O2):.2f}",
                f"{m.ratio(LEARNED, O3):.2f}",
                f"{m.ratio(NATIVE, O2):.2f}",
                f"{1e9 * learned / m.steps:.2f}",
                f"{m.interpreter / learned:.0f} x",
                "" if m.soft is None else f"{m.soft / m.small:.0f} x",
                f"{m.compile:.2f} s",
            )
        )
    ratios = (
        f"{geometric_mean([m.ratio(contender, reference) for m in measurements]):.2f}"
        for contender, reference in ((LEARNED, O2), (LEARNED, O3), (NATIVE, O2))
    )
    rows.append(("geometric mean", *5 * ("",), *ratios, *4 * ("",)))
    return markdown(HEADINGS, rows)


def figures(measurements: Sequence[Measurement], hashes: Sequence[str], complexity: int) -> str:
    """What pages about the models show, as JSON (``hardmax.pages.speed``).

    Args:
        hashes: of the models that were measured.
    """
    models = {
        model: {
            "task": m.task,
            "cells": m.size,
            "timesteps": m.steps,
            "handwritten": float(f"{m.seconds(O2):.3g}"),
            "learned": float(f"{m.seconds(LEARNED):.3g}"),
            "ratio": round(m.ratio(LEARNED, O2), 2),
        }
        for model, m in zip(hashes, measurements, strict=True)
    }
    told = {"machine": machine(), "compiler": O2, "complexity": complexity, "models": models}
    return json.dumps(told, indent=2) + "\n"


def plot(measurements: Sequence[Measurement], path: Path) -> None:
    """Draw each contender's time as a multiple of hand-written C at -O2.

    Raises:
        HardmaxError: matplotlib is not installed, or the file cannot be written.
    """
    expect_extra("draw")
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4.5), layout="constrained")
    axes = figure.add_subplot()
    contenders = (O3, LEARNED, NATIVE)
    for i, contender in enumerate(contenders):
        places = [task + (i - 1) * 0.27 for task in range(len(measurements))]
        axes.bar(places, [m.ratio(contender, O2) for m in measurements], 0.25, label=contender)
    axes.axhline(1, color="black", linewidth=0.8)
    axes.set_xticks(range(len(measurements)), [m.task for m in measurements], rotation=30)
    axes.set_ylabel(f"time, in units of hand-written C ({O2})")
    axes.legend()
    try:
        figure.savefig(path)
    except (OSError, ValueError) as error:
        raise HardmaxError(f"cannot write {path}: {error}") from None


@one_line_errors
def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=__doc__)
    parser.add_argument("--tasks", nargs="+", default=list(TASKS), metavar="TASK")
    parser.add_argument("--n", type=int, default=100_000, help="complexity (default %(default)s)")
    parser.add_argument("--repetitions", type=int, default=15, help="default %(default)s")
    parser.add_argument("--models", type=Path, default=Path("models"), metavar="FOLDER")
    parser.add_argument("--into", type=Path, metavar="PAGE", help="such as docs/speed.md")
    parser.add_argument(
        "--figures", type=Path, metavar="FILE", help="such as hardmax/pages/speed.json"
    )
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the ratios, such as x.svg")
    arguments = parser.parse_args(argv)
    torch.set_num_threads(1)
    folder = Path(tempfile.mkdtemp(prefix="hardmax-"))
    try:
        measurements, hashes = [], []
        for name in arguments.tasks:
            task = find_task(name)
            path = find_program(arguments.models, task)
            if path is None:
                print(f"{task.name}: no model in {arguments.models}", file=sys.stderr)
                continue
            measurements.append(measure(task, path, arguments.n, arguments.repetitions, folder))
            hashes.append(load_memory_program(path).metadata.model_hash)
        if not measurements:
            raise HardmaxError(f"nothing to measure in {arguments.models}")
        print(table(measurements))
        if arguments.into is not None:
            write_section(arguments.into, "speed", f"{machine()}\n\n{table(measurements)}")
        if arguments.figures is not None:
            text = figures(measurements, hashes, arguments.n)
            write_output(arguments.figures, text.encode())
        if arguments.plot is not None:
            plot(measurements, arguments.plot)
    finally:
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
