"""The verb ``import``: from a machine that was trained elsewhere to its program."""

from __future__ import annotations

import argparse
from pathlib import Path

from hardmax.files import PROGRAM_TEXT
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.extras import expect_extra


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``hardmax import``."""
    parser.add_argument(
        "file", metavar="FILE", type=Path, help="an NRAM of DENN-LITE's executor (.json)"
    )
    parser.add_argument(
        "-o", "--output", type=Path, required=True, help="the program to write (.json)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the program and print its listing."""
    expect_extra("train")
    from hardmax.extractor.nram.denn_lite import import_denn_lite
    from hardmax.extractor.nram.listing import listing
    from hardmax.runtime.atomic_write import write_output

    output: Path = arguments.output
    if output.suffix != PROGRAM_TEXT:
        raise HardmaxError(f"{output}: expected an output with the extension {PROGRAM_TEXT}")
    program = import_denn_lite(arguments.file)
    write_output(output, program.to_json().encode())
    print(listing(program))
    return 0
