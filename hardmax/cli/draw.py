"""The verb ``draw``: a program's circuits and states, or an NTM's moves, as a picture."""

from __future__ import annotations

import argparse
from pathlib import Path

from hardmax.files import load_program


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

    draw(load_program(arguments.file), arguments.output)
    return 0
