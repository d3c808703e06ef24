"""Time of a timestep and of a whole problem: soft model, interpreter and native code side by side.

    python -m benchmarks.timestep [MODEL ...]

The problem is the largest of the model's task that fits into M cells. The soft model holds M^2
probabilities for its memory and goes over all of them in every timestep; what native code does in a
timestep does not depend on M, but for the caches of the processor. A problem's time after ~ is the
time of a timestep, measured on the first ones, times the number of timesteps.
"""

from __future__ import annotations

import argparse
import platform
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from benchmarks.native import Memory
from benchmarks.one_line_errors import one_line_errors
from benchmarks.problems import largest_complexity, sample
from hardmax.extractor.nram.extract import extract
from hardmax.runtime.nram import interpreter
from hardmax.runtime.nram.native import NativeProgram
from hardmax.runtime.nram.programs import RamProgram
from hardmax.trainer.nram.checkpoint import load_model
from hardmax.trainer.nram.machine import soft, timesteps
from hardmax.trainer.nram.model import Model
from hardmax.trainer.nram.tasks import TASKS
from hardmax.verification.native import compiled

SIZES = (16, 64, 256, 4096, 1 << 20)
LARGEST_SOFT_SIZE = 4096
"""At 2^20 cells the memory of the soft model alone would take 4 TiB."""

PATIENCE = 1.0
"""Seconds after which a measurement is not repeated or continued."""

INTERPRETED_AT_ONCE = 10_000
"""Timesteps after which the interpreter is stopped."""

CELLS_AT_ONCE = 1 << 18
"""Cells of all memories of one native call: a megabyte, or one memory where that is larger."""


@dataclass(frozen=True)
class Measurement:
    """Seconds and timesteps; ``complete`` says whether they are those of the whole problem."""

    seconds: float
    steps: int
    complete: bool

    def columns(self, steps: int) -> str:
        """Time of a timestep, and of a problem of so many timesteps."""
        each = self.seconds / self.steps
        problem = f"{'' if self.complete else '~'}{human(steps * each)}"
        return f"{human(each):>8} {problem:>9}"


def human(seconds: float) -> str:
    """Three digits and a unit."""
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


@torch.no_grad()
def measure_soft(model: Model, memory: Memory, steps: int) -> Measurement:
    """The soft model, one sample, on the CPU."""
    tape = torch.from_numpy(memory.astype(np.int64))[None, None]
    run = timesteps(model.controller, tape, torch.tensor([[steps]]), soft)
    started = time.perf_counter()
    done = 0
    for _ in run:
        done += 1
        if done == steps or time.perf_counter() - started > PATIENCE:
            break
    return Measurement(time.perf_counter() - started, done, done == steps)


def measure_interpreter(program: RamProgram, memory: Memory, steps: int) -> Measurement:
    """The reference interpreter, in Python."""
    cells = memory.tolist()
    started = time.perf_counter()
    result = interpreter.run(program, cells, min(steps, INTERPRETED_AT_ONCE))
    return Measurement(time.perf_counter() - started, result.steps, result.steps == steps)


def measure_native(native: NativeProgram, memory: Memory, steps: int) -> Measurement:
    """The shared library: the fastest of many calls, each with fresh copies of the memory.

    A call from Python takes about two microseconds, so one call runs many copies, one by one.
    """
    count = max(1, CELLS_AT_ONCE // len(memory))
    best = float("inf")
    until = time.perf_counter() + PATIENCE
    while time.perf_counter() < until:
        memories = np.tile(memory, (count, 1))
        started = time.perf_counter()
        native.execute_batch(memories, steps)
        best = min(best, time.perf_counter() - started)
    return Measurement(best / count, steps, complete=True)


def lines(path: Path) -> Iterator[str]:
    """The table of one model."""
    model = load_model(path)
    extraction = extract(model)
    native = compiled(extraction.program)
    yield f"{path}: {model.task.title}; a timestep, a whole problem"
    heads = "".join(f"{name:>20}" for name in ("soft model", "interpreter", "native"))
    yield f"{'M':>8} {'n':>7} {'timesteps':>9}{heads}"
    for size in SIZES:
        complexity = largest_complexity(model.task, size)
        memory = sample(model.task, complexity, size)
        _, steps = native.execute(memory.copy(), model.task.budget.steps(size))
        columns = [f"{size:>8} {complexity:>7} {steps:>9}"]
        if size <= LARGEST_SOFT_SIZE:
            columns.append(measure_soft(model, memory, steps).columns(steps))
        else:
            columns.append(f"{'-':>8} {'-':>9}")
        columns.append(measure_interpreter(extraction.program, memory, steps).columns(steps))
        columns.append(measure_native(native, memory, steps).columns(steps))
        yield "  ".join(columns)


@one_line_errors
def main() -> int:
    """Print the table of every model."""
    parser = argparse.ArgumentParser(description="Time of a timestep in all forms of a machine.")
    models = [
        path
        for path in sorted(Path(__file__).parents[1].glob("models/*.pt"))
        if path.stem.split("-")[0] in TASKS
    ]
    parser.add_argument("models", metavar="MODEL", nargs="*", type=Path, default=models)
    arguments = parser.parse_args()
    print(f"{platform.machine()}, torch {torch.__version__}, {torch.get_num_threads()} threads")
    for path in arguments.models:
        print()
        for line in lines(path):
            print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
