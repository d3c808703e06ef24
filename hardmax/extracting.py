"""The verb ``extract``: from a trained model to its program, listed for people."""

from __future__ import annotations

import argparse
from pathlib import Path

from hardmax.reading import PROGRAM_TEXT, load_extraction
from runtime.errors import HardmaxError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``hardmax extract``."""
    parser.add_argument("model", metavar="MODEL", type=Path, help="a trained model (.pt)")
    parser.add_argument("-o", "--output", type=Path, help="write the program as text (.json)")


def run(arguments: argparse.Namespace) -> int:
    """Print the listing and the smallest margin; write the program where that is asked for."""
    from extractor.listing import listing
    from runtime.output import write_output
    from runtime.program import Program

    output: Path | None = arguments.output
    if output is not None and output.suffix != PROGRAM_TEXT:
        raise HardmaxError(f"{output}: expected an output with the extension {PROGRAM_TEXT}")
    _, extraction = load_extraction(arguments.model)
    if output is not None:
        write_output(output, extraction.program.to_json().encode())
    if isinstance(extraction.program, Program):
        print(listing(extraction.program))
    print(f"form: {extraction.form}")
    print(f"smallest margin: {extraction.margin}")
    return 0
