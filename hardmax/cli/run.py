"""The verb ``run``: a program on a memory, on a sequence of numbers or of symbols."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from hardmax.cli.argtypes import count
from hardmax.runtime.errors import HardmaxError
from hardmax.shipped import locate

OPTIONS = {"max_steps": "--max-steps", "rows": "--rows", "capacity": "--capacity"}
"""The one option of a run that each interface has, as it is typed."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``hardmax run``."""
    parser.add_argument(
        "file", metavar="FILE", type=Path, help="compiled (.so), or to be interpreted (.json, .pt)"
    )
    parser.add_argument(
        "input",
        metavar="INPUT",
        nargs="+",
        help="the memory: M numbers, 0..M-1, or a file of them; of a machine that answers "
        "sequences, a file with a line of numbers for each step; of one that answers symbols, "
        "their names or numbers ('' for none), or a file of them; - is standard input, a file may "
        "also be an array of NumPy (.npy)",
    )
    parser.add_argument(
        "--max-steps",
        type=count,
        metavar="N",
        help="of a program that works on a memory: stop after so many timesteps (default: the "
        "program's step budget)",
    )
    parser.add_argument(
        "--rows",
        metavar="N",
        type=count,
        help="of a machine that answers sequences: rows of its memory (default: what the steps "
        "need)",
    )
    parser.add_argument(
        "--capacity",
        metavar="N",
        type=count,
        help="of a machine that answers symbols: cells of each of its structures (default: as many "
        "as the steps can need)",
    )
    parser.add_argument(
        "--trace",
        action="store_true",
        help="print memory, registers, READs and WRITEs of every timestep before the final memory; "
        "of a machine that answers sequences, where its heads are; of one that answers symbols, "
        "what its structures hold and what is done to them",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the final memory, or every step's outputs; 1 where the run did not come to its end."""
    from hardmax.files import SHARED_LIBRARY, load_program
    from hardmax.interfaces import find_tools
    from hardmax.runtime.abi import Status
    from hardmax.runtime.loader import load

    path = locate(arguments.file)
    native = load(path) if path.suffix == SHARED_LIBRARY else None
    program = load_program(path) if native is None else native.program
    kind = program.kind
    tools = find_tools(kind)
    for option, typed in OPTIONS.items():
        if option != tools.option and getattr(arguments, option) is not None:
            raise HardmaxError(f"{path}: {typed} is no option of a run of its kind, {kind}")
    given = tools.input_from_words(program, arguments.input)
    limit: int | None = getattr(arguments, tools.option)
    if arguments.trace:
        trace = (
            tools.trace(program, given, limit)
            if native is None
            else tools.native_trace(native, program, given, limit)
        )
        result, text = trace.result, str(trace)
    else:
        result = (
            tools.interpret(program, given, limit) if native is None else native.run(given, limit)
        )
        text = "\n".join(tools.lines(program, result))
    ended = f"{path}: {tools.outcome(given, result)}"
    if result.status < 0:
        raise HardmaxError(ended)
    print(text)
    if result.status is not Status.HALTED:
        print(f"hardmax: {ended}", file=sys.stderr)
        return 1
    return 0
