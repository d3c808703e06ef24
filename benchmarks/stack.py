"""A step of a stack machine: compiled, in C written by hand over the same table, and soft.

    python -m benchmarks.stack          # the table in docs/stacks.md
    python -m benchmarks.stack --length 1000 models/queue-copy.pt

A million random symbols, then as many blanks, in which the machine answers; what it puts out there
is held against the task's definition. The C loop is what a person would write for the table: a byte
a cell, branches, a dense array of rows; ``cc -O3 -march=native`` compiles it. The soft machine, in
torch, gets fewer symbols, as each step of it takes longer than the one before. Seconds are those
that the processor worked for this process, the least of REPEATS, in which all ways take turns.
"""

from __future__ import annotations

import argparse
import ctypes
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

import hardmax
from benchmarks.one_line_errors import one_line_errors
from benchmarks.pages import write_section
from hardmax.extractor.markdown import markdown
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.stack.program import StackProgram, Structure
from hardmax.runtime.symbols.abi import STACK_C_TYPES, STACK_RUN, STACK_STATE_SIZE
from hardmax.runtime.symbols.interface import enough_cells
from hardmax.trainer.decisions import SOFT
from hardmax.trainer.stack.tasks.transductions import Transduction

PAGE, SECTION = Path("docs/stacks.md"), "steps"
DEFAULT_MODELS = (Path("models/stack-reversal.pt"), Path("models/queue-copy.pt"))

LENGTH, SOFT_LENGTH = 1_000_000, 100
REPEATS = 7
HANDWRITTEN = Path(__file__).parent / "handwritten" / "stack.c"

Symbols = NDArray[np.int64]


def copying(program: StackProgram, length: int) -> Symbols:
    """Random symbols, the end of the input, as many blanks."""
    values = len(program.alphabet) - 2
    symbols = np.random.default_rng(0).integers(values, size=length)
    return np.concatenate([symbols, [values], np.full(length, values + 1)])


@dataclass(frozen=True, eq=False)
class Way:
    """One way to answer symbols; every array is there before it is measured.

    Attributes:
        outputs: what it answers, once it has worked.
        work: does it.
        others: what else it works on, kept for as long.
    """

    outputs: NDArray[np.uint32]
    work: Callable[[], object]
    others: tuple[object, ...]


def compiled(program: StackProgram, symbols: NDArray[np.uint32], folder: Path) -> Way:
    """What hardmax makes of the program."""
    hardmax.compile(program, folder / "program.so", level=3)
    library = ctypes.CDLL(str(folder / "program.so"))
    size_of, function = library[STACK_STATE_SIZE], library[STACK_RUN]
    size_of.restype, *size_of.argtypes = STACK_C_TYPES[STACK_STATE_SIZE]
    function.restype, *function.argtypes = STACK_C_TYPES[STACK_RUN]
    capacity = enough_cells(program, len(symbols))
    state = np.zeros(size_of(capacity) // 8, dtype=np.uint64)
    outputs = np.zeros_like(symbols)
    pointers = state.ctypes.data, outputs.ctypes.data, None
    run = partial(function, symbols.ctypes.data, len(symbols), capacity, *pointers)
    return Way(outputs, run, (symbols, state))


def by_hand(program: StackProgram, symbols: NDArray[np.uint32], folder: Path) -> Way:
    """The C loop over the table of a program with one stack or queue that is read one cell deep."""
    if len(program.structures) > 1 or program.cells_read > 1 or program.symbols > 255:
        raise HardmaxError("the loop by hand is for one stack or queue, read one cell deep")
    (structure,) = program.structures
    shape = (program.states, len(program.alphabet), program.symbols + 1, 5)
    table = np.zeros(shape, dtype=np.int32)
    for (state, symbol, (read,)), action in program.rows:
        (operation,) = action.operations
        push = operation.push_top if structure is Structure.STACK else operation.push_bottom
        table[state, symbol, read] = (
            1,
            operation.pop_top,
            0 if push is None else push + 1,
            action.output,
            action.next_state,
        )
    library = folder / "handwritten.so"
    subprocess.run(
        ["cc", "-O3", "-march=native", "-shared", "-fPIC", "-o", str(library), str(HANDWRITTEN)],
        check=True,
    )
    function = ctypes.CDLL(str(library))[structure.value]
    outputs = np.zeros_like(symbols)
    cells = np.zeros(len(symbols), dtype=np.uint8)
    pointers = (ctypes.c_void_p(array.ctypes.data) for array in (table, cells, symbols))
    sizes = (ctypes.c_uint32(n) for n in (*table.shape[1:3], len(cells)))
    steps, answers = ctypes.c_uint64(len(symbols)), ctypes.c_void_p(outputs.ctypes.data)
    run = partial(function, *pointers, steps, answers, *sizes)
    return Way(outputs, run, (symbols, table, cells))


def seconds(work: Callable[[], object]) -> float:
    """The processor time of a run."""
    begin = time.process_time()
    work()
    return time.process_time() - begin


@dataclass(frozen=True)
class Measurement:
    """What the ways took with one model.

    Attributes:
        wrong: outputs that are not what the task's definition says, of compiled code and C loop.
        compiled, by_hand, soft: seconds a step.
    """

    model: str
    steps: int
    wrong: int
    compiled: float
    by_hand: float
    soft: float


def measure(file: Path, length: int, soft_length: int) -> Measurement:
    """Let all ways answer.

    Raises:
        HardmaxError: the file is no model of a transduction with one stack or queue, read one cell
            deep.
    """
    model: Any = hardmax.load_model(file)
    program: Any = hardmax.extract(model).program
    if not isinstance(program, StackProgram) or not isinstance(model.task, Transduction):
        raise HardmaxError(f"{file}: expected a stack machine that answers after its input")
    symbols, few = copying(program, length), copying(program, soft_length)
    expected = model.task.solve(symbols.tolist())
    places, answers = list(expected), list(expected.values())
    soft_inputs = torch.from_numpy(few)[None]
    with tempfile.TemporaryDirectory() as name:
        ways = [way(program, symbols.astype(np.uint32), Path(name)) for way in (compiled, by_hand)]
        works = [*(way.work for way in ways), lambda: model.answers(soft_inputs, SOFT)]
        taken = [[seconds(work) for work in works] for _ in range(REPEATS)]
    wrong = sum(int((way.outputs[places] != answers).sum()) for way in ways)
    native, loop, soft = map(min, zip(*taken, strict=True))
    steps = len(symbols)
    return Measurement(file.stem, steps, wrong, native / steps, loop / steps, soft / len(few))


def table(measurements: Sequence[Measurement], soft_length: int) -> str:
    """A row in Markdown for each."""
    headings = ("model", "steps", "wrong", "compiled", "C by hand", f"soft, {soft_length} symbols")
    rows = [
        [
            m.model,
            f"{m.steps:,}",
            f"{m.wrong}",
            *(f"{1e9 * took:.1f} ns" for took in (m.compiled, m.by_hand)),
            f"{1e6 * m.soft:,.0f} us",
        ]
        for m in measurements
    ]
    return markdown(headings, rows)


@one_line_errors
def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print, and write the page where the models and sizes are the default ones."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.stack", description=__doc__.split("\n")[0]
    )
    parser.add_argument("files", nargs="*", type=Path, metavar="MODEL", help="by default two")
    parser.add_argument("--length", type=int, default=LENGTH, help="symbols (default %(default)s)")
    parser.add_argument(
        "--soft", type=int, default=SOFT_LENGTH, help="of the soft machine (default %(default)s)"
    )
    arguments = parser.parse_args(argv)
    torch.set_num_threads(1)
    measurements = [
        measure(file, arguments.length, arguments.soft)
        for file in arguments.files or DEFAULT_MODELS
    ]
    found = table(measurements, arguments.soft)
    print(found)
    if (arguments.files, arguments.length, arguments.soft) == ([], LENGTH, SOFT_LENGTH):
        write_section(PAGE, SECTION, found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
