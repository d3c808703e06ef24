"""The verb ``draw``: a program's circuits and states, or an NTM's moves, as a picture."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from hardmax.files import load_program

if TYPE_CHECKING:
    from hardmax.runtime.kinds import AnyProgram


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
    from hardmax.drawing import draw

    program = load_program(arguments.file)
    draw(program, arguments.output, _proved(arguments.file, program))
    return 0


def _proved(path: Path, program: AnyProgram) -> str:
    """What the certificate beside a file adds to the title; nothing where there is none of it."""
    from hardmax.prover.kinds import certificate_beside

    proof = certificate_beside(path, program)
    if proof is None or not proof.is_of:
        return ""
    return f"proved for every length ({proof.digest[:19]})"
