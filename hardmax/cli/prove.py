"""The verb ``prove``: right on every input of every length, with a certificate of it."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from hardmax.cli.argtypes import add_count
from hardmax.files import load_program
from hardmax.runtime.errors import HardmaxError

if TYPE_CHECKING:
    from hardmax.runtime.kinds import AnyProgram
    from hardmax.runtime.nram.program import Program

STACK = "stack"
"""The kind of machine that is proved right by reachability; the others are by solvers."""

TIME_LIMIT = 300
"""Seconds, by default."""

PROVED = "verdict: proved for every length"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``hardmax prove``."""
    parser.add_argument(
        "file", metavar="FILE", type=Path, help="a model (.pt) or a program (.json, .so)"
    )
    action = parser.add_mutually_exclusive_group()
    action.add_argument("-o", "--output", type=Path, metavar="PROOF", help="write the certificate")
    action.add_argument(
        "--check", type=Path, metavar="PROOF", help="check a certificate instead of looking for one"
    )
    add_count(parser, "--time-limit", TIME_LIMIT, "seconds after which to give up")


def run(arguments: argparse.Namespace) -> int:
    """Print the verdict as the last line; 0 only where the program is proved right."""
    import hardmax.prover  # first of all what is missing, if anything is  # noqa: F401

    program = load_program(arguments.file)
    if program.kind == STACK:
        from hardmax.cli import prove_stack

        return prove_stack.run(program, arguments, PROVED)
    program = _with_table(arguments.file, program)
    return _check(program, arguments) if arguments.check else _prove(program, arguments)


def _prove(program: Program, arguments: argparse.Namespace) -> int:
    from hardmax.prover.failure import NotProvedError
    from hardmax.prover.prove import prove
    from hardmax.prover.specifications.registry import SPECIFICATIONS
    from hardmax.prover.traces import Wrong
    from hardmax.runtime.atomic_write import expect_writable, write_output

    if arguments.output is not None:
        expect_writable(arguments.output)
    task = program.metadata.task
    if task not in SPECIFICATIONS:
        return _verdict(f"not proved: there is no specification of task {task!r:.40}")
    try:
        outcome = prove(program, SPECIFICATIONS[task], arguments.time_limit, _progress)
    except NotProvedError as error:
        return _verdict(f"not proved: {error}")
    if isinstance(outcome, Wrong):
        print(outcome.reason)
        command = shlex.join(("hardmax", "run", str(arguments.file)))
        return _verdict(f"refuted: {command} {' '.join(map(str, outcome.memory))}")
    if arguments.output is not None:
        write_output(arguments.output, outcome.to_json().encode())
    print(outcome.claim)
    for number, atoms in enumerate(outcome.phases, start=1):
        print(f"invariant at {outcome.head}, phase {number}:")
        for atom in atoms:
            print(f"    {atom}")
    print(f"{len(outcome.obligations)} obligations")
    print(PROVED)
    return 0


def _check(program: Program, arguments: argparse.Namespace) -> int:
    from hardmax.prover.certificate import load_certificate
    from hardmax.prover.checker.check import check

    certificate = load_certificate(arguments.check)
    try:
        check(certificate, program, arguments.time_limit)
    except HardmaxError as error:
        return _verdict(f"rejected: {error}")
    print(certificate.claim)
    print(f"{len(certificate.obligations)} obligations confirmed by cvc5")
    print(PROVED)
    return 0


def _with_table(path: Path, program: AnyProgram) -> Program:
    from hardmax.runtime.nram.program import Program

    if not isinstance(program, Program):
        raise HardmaxError(
            f"{path}: expected a program with a table to prove, found one in which a neural "
            "network decides"
        )
    return program


def _progress(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


def _verdict(text: str) -> int:
    """Print a verdict that is not the wanted one, on one line."""
    print("verdict:", *text.splitlines())
    return 1
