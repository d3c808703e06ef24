"""The verb ``compile``: from a model or a program to native code."""

from __future__ import annotations

import argparse
from pathlib import Path

from hardmax.reading import load_program


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``hardmax compile`` and of ``compile``."""
    parser.add_argument(
        "file", metavar="FILE", type=Path, help="a model (.pt) or a program (.json, .so)"
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        help="a shared library (.so), object (.o), LLVM IR (.ll), assembly (.s) or program (.json)",
    )
    parser.add_argument(
        "-O",
        dest="level",
        type=int,
        choices=range(4),
        default=2,
        help="how hard LLVM optimizes (default 2)",
    )
    parser.add_argument("--header", action="store_true", help="write a C header beside the output")


def run(arguments: argparse.Namespace) -> int:
    """Compile."""
    from codegen.emit import kind_of, write_program

    kind_of(arguments.output)  # before the work, not after it
    write_program(
        load_program(arguments.file),
        arguments.output,
        level=arguments.level,
        with_header=arguments.header,
    )
    return 0
