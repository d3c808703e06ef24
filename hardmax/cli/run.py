"""The verb ``run``: a program on a memory given on the command line, or on a sequence."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from hardmax.cli.argtypes import count
from hardmax.files import SHARED_LIBRARY, load_program
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.nram.gates import GATES, Gate
from hardmax.runtime.nram.program import Program
from hardmax.runtime.text import printable
from hardmax.show.sequence import answer, lines, read_sequence

if TYPE_CHECKING:
    from hardmax.runtime.nram.interpreter import Timestep
    from hardmax.runtime.nram.native import NativeProgram
    from hardmax.runtime.nram.programs import RamProgram
    from hardmax.runtime.ntm.program import NtmProgram
    from hardmax.runtime.sequence.native import NativeNtm


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``hardmax run``."""
    parser.add_argument(
        "file", metavar="FILE", type=Path, help="compiled (.so), or to be interpreted (.json, .pt)"
    )
    parser.add_argument(
        "input",
        metavar="CELL",
        nargs="+",
        help="the memory: M numbers, 0..M-1; of a Neural Turing Machine, a file with a line of "
        "numbers for each step, or -, standard input",
    )
    parser.add_argument(
        "--max-steps",
        type=count,
        metavar="N",
        help="stop after so many timesteps (default: the program's step budget)",
    )
    parser.add_argument(
        "--trace",
        action="store_true",
        help="print memory, registers, READs and WRITEs of every timestep before the final memory; "
        "of a Neural Turing Machine, where its heads are",
    )
    parser.add_argument(
        "--rows",
        metavar="N",
        type=count,
        help="of a Neural Turing Machine: rows of its memory (default: what the steps need)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the final memory, or every step's outputs; with ``--trace`` how they came about."""
    from hardmax.runtime.loader import load
    from hardmax.runtime.nram.native import NativeProgram
    from hardmax.runtime.nram.programs import RamProgram
    from hardmax.runtime.ntm.program import NtmProgram
    from hardmax.runtime.sequence.native import NativeNtm

    path: Path = arguments.file
    native = load(path) if path.suffix == SHARED_LIBRARY else None
    if isinstance(native, NativeNtm):
        return _run_on_sequence(native, arguments)
    if isinstance(native, NativeProgram) and not arguments.trace:
        return _run_on_memory(native, arguments)
    program = load_program(path)
    if isinstance(program, NtmProgram):
        return _run_on_sequence(program, arguments)
    assert isinstance(program, RamProgram)
    return _run_on_memory(program, arguments)


def _run_on_memory(machine: NativeProgram | RamProgram, arguments: argparse.Namespace) -> int:
    from hardmax.runtime.nram.abi import STATUS_TEXT
    from hardmax.runtime.nram.interpreter import Result, trace
    from hardmax.runtime.nram.interpreter import run as interpret
    from hardmax.runtime.nram.native import (
        NativeProgram,
        NativeResult,
        checked_memory,
    )

    path: Path = arguments.file
    max_steps: int | None = arguments.max_steps
    result: Result | NativeResult
    cells = [_cell(word) for word in arguments.input]
    if isinstance(machine, NativeProgram):
        result = machine.run(cells, max_steps)
    else:
        memory = checked_memory(cells).tolist()
        if max_steps is None:
            max_steps = machine.metadata.budget.steps(len(memory))
        if arguments.trace:
            for line in table(machine, len(memory), trace(machine, memory, max_steps)):
                print(line)
        result = interpret(machine, memory, max_steps)
    if result.status < 0:
        raise HardmaxError(f"{path}: after {result.steps} timesteps {STATUS_TEXT[result.status]}")
    print(*result.memory)
    return 0


def _run_on_sequence(machine: NativeNtm | NtmProgram, arguments: argparse.Namespace) -> int:
    from hardmax.runtime.ntm.program import NtmProgram

    if len(arguments.input) > 1:
        raise HardmaxError(
            f"{arguments.file}: expected a file with a line for each step (or -), found "
            f"{len(arguments.input)} arguments"
        )
    (path,) = map(Path, arguments.input)
    result = answer(machine, read_sequence(path), arguments.rows)
    names = None
    if arguments.trace:
        program = machine if isinstance(machine, NtmProgram) else load_program(arguments.file)
        names = program.head_names if isinstance(program, NtmProgram) else None
    for line in lines(result, names):
        print(line)
    return 0


def _cell(word: str) -> int:
    try:
        return int(word)
    except ValueError:
        raise HardmaxError(
            f"expected an integer in every cell, found '{printable(word, 40)}'"
        ) from None


def table(program: RamProgram, size: int, timesteps: Iterable[Timestep]) -> Iterator[str]:
    """A run as lines of text, a timestep each, in the manner of the paper's Table 2.

    Args:
        program: the program that is run.
        size: M, the cells of its memory.
        timesteps: as :func:`hardmax.runtime.nram.interpreter.trace` yields them.
    """
    width = len(str(size - 1))
    registers = [f"r{i + 1}" for i in range(program.registers)]
    cell_widths = [width] * size
    register_widths = [max(width, len(name)) for name in registers]
    reads = _most_reads(program)
    read_width = max(len("READ"), reads * (width + len("p:, ")) - len(", "))

    def line(step: object, cells: Iterable[object], values: Iterable[object], *uses: str) -> str:
        return "  ".join(
            (
                f"{step:>4}",
                " ".join(f"{cell:>{w}}" for cell, w in zip(cells, cell_widths, strict=True)),
                " ".join(f"{value:>{w}}" for value, w in zip(values, register_widths, strict=True)),
                f"{uses[0]:<{read_width}}",
                uses[1],
            )
        ).rstrip()

    yield line("Step", range(size), registers, "READ", "WRITE")
    for number, timestep in enumerate(timesteps, start=1):
        uses = (_uses(timestep, gate) for gate in (Gate.READ, Gate.WRITE))
        yield line(number, timestep.memory, timestep.registers, *uses)


def _most_reads(program: RamProgram) -> int:
    """How often a timestep READs at most."""
    if not isinstance(program, Program):
        return program.modules.count(Gate.READ)
    return max(
        sum(operation.gate is Gate.READ for operation in circuit.operations)
        for circuit in program.circuits()
    )


def _uses(timestep: Timestep, gate: Gate) -> str:
    """``p:6 a:2`` for every time that a timestep used a gate."""
    return ", ".join(
        " ".join(
            f"{name}:{value}" for name, value in zip(GATES[gate].operands, values, strict=True)
        )
        for used, values in timestep.accesses
        if used is gate
    )
