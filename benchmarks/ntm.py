"""Time of a step of Neural Turing Machines: compiled, soft in torch, and the reference in NumPy.

    python -m benchmarks.ntm [MODEL ...] [--into docs/ntm.md]

All contenders take turns on the same sequences in one process, on one thread: inputs of the task at
the trained complexity, one after the other without a new start. A ratio is the median of the ratios
of single rounds. Starting, which costs time in N, is left out. "searches" says how often a head of
the discretized machine compares its key with all rows in a step; "no search" is the same machine
with its gates shut: what its other steps take.
"""

from __future__ import annotations

import argparse
import ctypes
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from benchmarks.native import Rounds, Stopwatch, interleaved, machine, paired_ratio
from benchmarks.one_line_errors import one_line_errors
from benchmarks.pages import write_section
from hardmax.codegen.driver import write_program
from hardmax.extractor.markdown import markdown
from hardmax.extractor.ntm.extract import ntm_program
from hardmax.runtime.abi import Status
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.float32 import Floats, Layer
from hardmax.runtime.ntm.interpreter import NtmInterpreter
from hardmax.runtime.ntm.program import NtmProgram
from hardmax.runtime.sequence.abi import (
    NTM_RUN,
    NTM_START,
    NTM_STATE_SIZE,
)
from hardmax.runtime.shared_library import Library
from hardmax.trainer.ntm.checkpoint import load_ntm
from hardmax.trainer.ntm.reference import ReferenceNtm
from hardmax.trainer.sequence.model import SequenceModel

ROWS = (128, 1024, 65536)
"""N, the sizes of memory that are measured."""

LARGEST_SOFT = 1024
"""In larger memories only compiled code is measured: the others would take minutes."""

COMPILED_STEPS, SOFT_STEPS, CHECKED_STEPS = 1000, 20, 100
"""Steps of a compiled run, of a soft one, and those in which code and interpreter must agree.

A run of compiled code takes less than a millisecond, so that it is seldom interrupted.
"""

BATCH = 64
"""Sequences that torch takes at once, beside one."""

ROUNDS = 15

CONTENDERS = ("compiled", "no search", "torch, 1", f"torch, {BATCH}", "NumPy")
HEADINGS = (
    "model",
    "N",
    "searches",
    *CONTENDERS,
    *(f"{name} / compiled" for name in CONTENDERS[2:]),
)


@dataclass(frozen=True)
class Measurement:
    """Seconds a step of one machine with N rows, in every round.

    Attributes:
        searches: content searches a step.
        times: by contender; of a batch, for each sequence.
    """

    name: str
    rows: int
    searches: float
    times: dict[str, Rounds]

    def cells(self) -> tuple[str, ...]:
        """A row of the table."""
        compiled = self.times[CONTENDERS[0]]
        times = [self.times.get(name) for name in CONTENDERS]
        micros = (f"{1e6 * statistics.median(t):.3g} us" if t else "" for t in times)
        ratios = (f"{paired_ratio(t, compiled):.3g}" if t else "" for t in times[2:])
        return (self.name, str(self.rows), f"{self.searches:.2f}", *micros, *ratios)


class Compiled:
    """Compiled code on one sequence, with a state of its own."""

    def __init__(self, program: NtmProgram, inputs: Floats, rows: int, folder: Path) -> None:
        path = folder / "ntm.so"
        write_program(program, path)
        library, pointer = Library(path), ctypes.c_void_p
        size = library.function(NTM_STATE_SIZE, ctypes.c_uint64, ctypes.c_uint32)
        self._start = library.function(NTM_START, ctypes.c_int32, pointer, ctypes.c_uint32)
        self._run = library.function(
            NTM_RUN, ctypes.c_int32, pointer, ctypes.c_uint64, ctypes.c_uint32, *3 * (pointer,)
        )
        self.inputs, self.rows = inputs, rows
        self.state = np.empty(size(rows) // 4, dtype=np.uint32)
        self.outputs = np.empty((len(inputs), program.output_width), dtype=np.float32)

    def run(self) -> None:
        """All steps from the start on."""
        status = self._run(
            self.inputs.ctypes.data,
            len(self.inputs),
            self.rows,
            self.state.ctypes.data,
            self.outputs.ctypes.data,
            None,
        )
        if status != Status.HALTED:
            raise HardmaxError(f"expected a run of {len(self.inputs)} steps, found status {status}")

    def seconds(self) -> float:
        """A step's share of a run, starting left out."""
        began = time.perf_counter()
        self._start(self.state.ctypes.data, self.rows)
        started = time.perf_counter()
        self.run()
        return (time.perf_counter() - started - (started - began)) / len(self.inputs)


def shut(program: NtmProgram) -> NtmProgram:
    """The same machine, but that no head ever searches."""
    heads = []
    for number, head in enumerate(program.heads):
        key, gate, *others = head.split(program.part_ends(number))
        never = Layer(np.zeros_like(gate.weight), -np.ones_like(gate.bias))
        heads.append(Layer.join([key, never, *others]))
    writers = len(program.write_heads)
    return replace(program, write_heads=tuple(heads[:writers]), read_heads=tuple(heads[writers:]))


def sequence(model: SequenceModel, program: NtmProgram, steps: int) -> Floats:
    """So many steps of inputs of the task."""
    generator = torch.Generator().manual_seed(0)
    complexity = torch.tensor([model.task.largest_training_complexity])
    parts: list[Floats] = []
    while sum(map(len, parts)) < steps:
        parts.append(model.task.sample(complexity, generator).inputs[0].numpy())
    return np.ascontiguousarray(np.concatenate(parts)[:steps])


def searches(program: NtmProgram, outputs: Floats, inputs: Floats, rows: int) -> float:
    """Content searches a step, in the interpreter; code must have answered the same.

    Raises:
        HardmaxError: it did not.
    """
    run = NtmInterpreter(program, rows)
    count = 0
    for number, (x, found) in enumerate(zip(inputs, outputs, strict=True), start=1):
        step = run.step(x[None])
        count += int(np.isfinite(step.margins[:, :, 1]).sum())
        if step.outputs[0].tobytes() != found.tobytes():
            raise HardmaxError(f"step {number} with {rows} rows: code and interpreter differ")
    return count / len(inputs)


def soft(model: SequenceModel, inputs: Floats, rows: int, batch: int) -> Stopwatch:
    """Clock the soft machine in torch; the time is that of a step of one sequence."""
    sequences = torch.from_numpy(inputs[:SOFT_STEPS]).expand(1, batch, -1, -1)

    @torch.no_grad()
    def run() -> float:
        began = time.perf_counter()
        model.machine(sequences, rows)
        return (time.perf_counter() - began) / SOFT_STEPS / batch

    return run


def reference(model: SequenceModel, inputs: Floats, rows: int) -> Stopwatch:
    """Clock the reference in NumPy, float64."""
    weights = {k: v[0].double().numpy() for k, v in model.machine.state_dict().items()}
    numbers = inputs[:SOFT_STEPS].astype(np.float64)

    def run() -> float:
        began = time.perf_counter()
        ReferenceNtm(model.machine.config, weights).forward(numbers, rows)
        return (time.perf_counter() - began) / SOFT_STEPS

    return run


def measure(path: Path, rows: int, steps: int, rounds: int, folder: Path) -> Measurement:
    """Let all contenders take turns.

    Raises:
        HardmaxError: the file holds no NTM, or its code does something else than the interpreter.
    """
    model = load_ntm(path)
    program = ntm_program(model)
    needed = program.metadata.memory.rows(steps)
    steps = steps if rows >= needed else _most_steps(program, rows)
    inputs = sequence(model, program, steps)
    compiled = Compiled(program, inputs, rows, folder)
    compiled.run()
    checked = min(CHECKED_STEPS, steps)
    share = searches(program, compiled.outputs[:checked], inputs[:checked], rows)
    stopwatches = [compiled.seconds, Compiled(shut(program), inputs, rows, folder).seconds]
    if rows <= LARGEST_SOFT:
        stopwatches += [soft(model, inputs, rows, batch) for batch in (1, BATCH)]
        stopwatches.append(reference(model, inputs, rows))
    contenders = dict(zip(CONTENDERS, stopwatches, strict=False))
    return Measurement(path.stem, rows, share, interleaved(contenders, rounds))


def _most_steps(program: NtmProgram, rows: int) -> int:
    """The longest sequence for which so many rows are enough."""
    rule = program.metadata.memory
    return (rows - rule.constant + 1) * rule.steps_per_row - 1


def table(measurements: Sequence[Measurement]) -> str:
    """The measurements in Markdown."""
    return markdown(HEADINGS, [measurement.cells() for measurement in measurements])


@one_line_errors
def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ntm", description=__doc__)
    models = sorted(Path(__file__).parents[1].glob("models/ntm-*.pt"))
    parser.add_argument("models", metavar="MODEL", nargs="*", type=Path, default=models)
    parser.add_argument("--rows", metavar="N", nargs="+", type=int, default=ROWS)
    parser.add_argument("--steps", type=int, default=COMPILED_STEPS, help="default %(default)s")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="default %(default)s")
    parser.add_argument("--into", type=Path, metavar="PAGE", help="such as docs/ntm.md")
    arguments = parser.parse_args(argv)
    torch.set_num_threads(1)
    if not arguments.models:
        raise HardmaxError("nothing to measure: expected models/ntm-*.pt")
    with tempfile.TemporaryDirectory(prefix="hardmax-") as folder:
        measurements = [
            measure(path, rows, arguments.steps, arguments.rounds, Path(folder))
            for path in arguments.models
            for rows in arguments.rows
        ]
    print(table(measurements))
    if arguments.into is not None:
        write_section(arguments.into, "time", f"{machine()}\n\n{table(measurements)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
