"""The verb ``compile``: from a model or a program to native code."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from hardmax.files import SHARED_LIBRARY, load_program
from hardmax.runtime.errors import HardmaxError

if TYPE_CHECKING:
    from hardmax.runtime.kinds import AnyProgram

DEFAULT_CPU, DEFAULT_PREFIX = "generic", "hardmax"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``hardmax compile`` and of ``compile``."""
    parser.add_argument(
        "file", metavar="FILE", type=Path, help="a model (.pt) or a program (.json, .so)"
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        help="what to make: a library (.so, .a), object (.o), WebAssembly (.wasm), "
        "GPU kernel (.ptx), LLVM IR (.ll), assembly (.s) or program (.json); with --explain it may "
        "be left out",
    )
    parser.add_argument(
        "-O",
        dest="level",
        type=int,
        choices=range(4),
        default=2,
        help="how hard LLVM optimizes (default 2)",
    )
    parser.add_argument(
        "--explain",
        action="store_true",
        help="print what each pass removed, the program as pseudocode, its size and its cost",
    )
    parser.add_argument(
        "--print-after",
        metavar="PASS",
        help="print the program as text each time that PASS has run; all: each time that any has",
    )
    parser.add_argument("--header", action="store_true", help="write a C header beside the output")
    parser.add_argument(
        "--target",
        metavar="TRIPLE",
        help="the machine to compile for, such as aarch64 or riscv64-linux-gnu (default: this one)",
    )
    parser.add_argument(
        "--cpu",
        default=DEFAULT_CPU,
        metavar="NAME",
        help="generic: every CPU of the target (default); native: this one; or a name LLVM knows",
    )
    parser.add_argument(
        "--prefix",
        default=DEFAULT_PREFIX,
        metavar="NAME",
        help="begin every symbol with NAME, so that several programs link into one (default "
        "%(default)s)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Compile, or explain what would be compiled, or both."""
    output: Path | None = arguments.output
    explaining = arguments.explain or arguments.print_after is not None
    if output is None:
        _expect_explaining(arguments, explaining)
    else:
        from hardmax.codegen.driver import kind_of, target_for, write_program

        # Before the work, not after it.
        target_for(kind_of(output), arguments.target, arguments.cpu)
    program = load_program(arguments.file)
    explanation = "".join(_explanation(program, arguments)) if explaining else ""
    if output is not None:
        write_program(
            program,
            output,
            level=arguments.level,
            with_header=arguments.header,
            triple=arguments.target,
            cpu=arguments.cpu,
            prefix=arguments.prefix,
        )
        _warn_of_a_module(output)
    print(explanation, end="")
    return 0


def _expect_explaining(arguments: argparse.Namespace, explaining: bool) -> None:
    """Without an output there must be something to explain, and nothing that shapes an output.

    Raises:
        HardmaxError: it is not so.
    """
    if not explaining:
        raise HardmaxError("expected an output (-o), or --explain to look without compiling")
    for option, value in (
        ("--header", arguments.header or None),
        ("--target", arguments.target),
        ("--cpu", arguments.cpu if arguments.cpu != DEFAULT_CPU else None),
        ("--prefix", arguments.prefix if arguments.prefix != DEFAULT_PREFIX else None),
    ):
        if value is not None:
            raise HardmaxError(f"{option} needs an output (-o)")


def _warn_of_a_module(library: Path) -> None:
    """Python imports a ``queue.so`` beside a script in place of its own module ``queue``."""
    if library.suffix == SHARED_LIBRARY and library.stem in sys.stdlib_module_names:
        print(
            f"hardmax: warning: Python takes {library.name}, beside a script or in the current "
            f"folder, for its own module {library.stem}; lib{library.name} is a safe name",
            file=sys.stderr,
        )


def _explanation(program: AnyProgram, arguments: argparse.Namespace) -> Iterator[str]:
    from hardmax.codegen.kinds import find_kind

    kind = find_kind(program.kind)
    try:
        if arguments.print_after is not None:
            for name, text in kind.print_after(program, arguments.level, arguments.print_after):
                yield f"after {name}:\n{text}\n"
        if arguments.explain:
            yield kind.explain(program, arguments.level)
    except HardmaxError as error:
        raise HardmaxError(f"{arguments.file}: {error}") from None
