"""A step of a stack machine: compiled, in C written by hand over the same table, and soft.

    python -m benchmarks.stack models/stack-reversal.pt            # or any program's .json
    python -m benchmarks.stack --soft 100 models/stack-reversal.pt # and the model in torch

Every way answers the same symbols, and its answers are compared. The C loop is what a person would
write for the table: a byte a cell, branches, a dense array of rows; ``cc -O3 -march=native``
compiles it. Seconds are those that the processor worked for this process, the least of REPEATS.
"""

from __future__ import annotations

import argparse
import ctypes
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import hardmax
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.stack.program import StackProgram, Structure
from hardmax.runtime.symbols.abi import STACK_C_TYPES, STACK_RUN, STACK_STATE_SIZE
from hardmax.runtime.symbols.interface import enough_cells

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


def handwritten(program: StackProgram, symbols: NDArray[np.uint32], folder: Path) -> Way:
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--length", type=int, default=1_000_000)
    parser.add_argument("--soft", type=int, default=0, metavar="LENGTH", help="of the soft run")
    arguments = parser.parse_args()
    program: Any = hardmax.load_program(arguments.file)
    symbols = copying(program, arguments.length)
    with tempfile.TemporaryDirectory() as name:
        ways = {
            title: way(program, symbols.astype(np.uint32), Path(name))
            for title, way in (("compiled", compiled), ("C by hand", handwritten))
        }
        times = {title: float("inf") for title in ways}
        for _ in range(REPEATS):
            for title, way in ways.items():
                times[title] = min(times[title], seconds(way.work))
    wrong = int((ways["compiled"].outputs != ways["C by hand"].outputs).sum())
    print(f"{len(symbols)} steps; the two differ in {wrong} answers")
    for title, took in times.items():
        print(f"{title:<10} {took / len(symbols) * 1e9:10.1f} ns a step")
    if arguments.soft:
        _soft(arguments.file, arguments.soft)


def _soft(file: Path, length: int) -> None:
    import torch

    from hardmax.trainer.decisions import SOFT

    model: Any = hardmax.load_model(file)
    symbols = torch.from_numpy(copying(hardmax.extract(model).program, length))[None]
    took = seconds(lambda: model.answers(symbols, SOFT)) / symbols.shape[1]
    print(f"{'soft':<10} {took * 1e9:10.1f} ns a step, at {symbols.shape[1]} steps")


if __name__ == "__main__":
    main()
