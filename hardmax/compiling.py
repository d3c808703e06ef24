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
        help="what to make: a library (.so, .a), object (.o), WebAssembly (.wasm), "
        "GPU kernel (.ptx), LLVM IR (.ll), assembly (.s) or program (.json)",
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
    parser.add_argument(
        "--target",
        metavar="TRIPLE",
        help="the machine to compile for, such as aarch64 or riscv64-linux-gnu (default: this one)",
    )
    parser.add_argument(
        "--cpu",
        default="generic",
        metavar="NAME",
        help="generic: every CPU of the target (default); native: this one; or a name LLVM knows",
    )
    parser.add_argument(
        "--prefix",
        default="hardmax",
        metavar="NAME",
        help="begin every symbol with NAME, so that several programs link into one (default "
        "%(default)s)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Compile."""
    from codegen.emit import kind_of, target_for, write_program

    # Before the work, not after it.
    target_for(kind_of(arguments.output), arguments.target, arguments.cpu)
    write_program(
        load_program(arguments.file),
        arguments.output,
        level=arguments.level,
        with_header=arguments.header,
        triple=arguments.target,
        cpu=arguments.cpu,
        prefix=arguments.prefix,
    )
    return 0
