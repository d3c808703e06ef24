"""The verb ``draw``: a program's circuits and states, or an NTM's moves, as a picture."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from hardmax.files import load_program
from hardmax.runtime.errors import HardmaxError

if TYPE_CHECKING:
    from hardmax.runtime.ntm.program import NtmProgram


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``hardmax draw``."""
    parser.add_argument(
        "file", metavar="FILE", type=Path, help="a model (.pt) or a program (.json, .so)"
    )
    parser.add_argument(
        "-o", "--output", type=Path, required=True, help="the drawing (.svg, .pdf, .png, .dot)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the drawing."""
    from hardmax.extractor.nram.drawing import draw
    from hardmax.runtime.nram.program import Program
    from hardmax.runtime.ntm.program import NtmProgram

    program = load_program(arguments.file)
    if isinstance(program, NtmProgram):
        _draw_moves(program, arguments.output)
    elif isinstance(program, Program):
        draw(program, arguments.output)
    else:
        raise HardmaxError(
            f"{arguments.file}: expected a lookup table, found an LSTM that has none"
        )
    return 0


def _draw_moves(program: NtmProgram, output: Path) -> None:
    """What the heads do in random inputs of the program's task."""
    from hardmax.extractor.ntm.drawing import draw_moves
    from hardmax.extractor.ntm.extract import moves, observe
    from hardmax.verification.sequence_machines import task_of

    task = task_of(program)
    draw_moves(moves(task, program, observe(task, program)), task.name, output)
