"""The verb ``prove``: right on every input, of every length where there is a specification."""

from __future__ import annotations

import _thread
import argparse
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hardmax.cli.argtypes import add_count, count
from hardmax.cli.terminal import marked
from hardmax.files import load_program
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.extras import expect_extra
from hardmax.runtime.text import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hardmax.runtime.kinds import AnyProgram
    from hardmax.runtime.nram.program import Program

STACK = "stack"
"""The kind of machine that is proved right by reachability; the others are by solvers."""

TIME_LIMIT = 300
"""Seconds, by default."""

BOUND = 8
"""Cells up to which every memory is tried where there is no specification."""

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
    action.add_argument(
        "--bound",
        metavar="M",
        type=count,
        help="try every memory of up to M cells instead, against the task's definition (without a "
        f"specification of the task: {BOUND})",
    )
    action.add_argument(
        "--code",
        action="store_true",
        help="prove instead that the LLVM IR that is compiled does what the program does",
    )
    parser.add_argument(
        "-O", dest="level", type=int, choices=range(4), help="with --code: of which level (0)"
    )
    parser.add_argument(
        "--task",
        metavar="TASK",
        help="where the task is none of hardmax: FILE.py:CLASS, or a name from a package",
    )
    add_count(parser, "--time-limit", TIME_LIMIT, "seconds after which to give up")


def run(arguments: argparse.Namespace) -> int:
    """Print the verdict as the last line; 0 only where what was asked for is proved."""
    if arguments.level is not None and not arguments.code:
        raise HardmaxError("-O says of which code: expected --code with it")
    _leave_out_half_made_terms()
    program = load_program(arguments.file)
    if program.kind == STACK:
        from hardmax.cli import prove_stack

        return prove_stack.run(program, arguments, PROVED)
    program = _with_table(arguments.file, program)
    if arguments.check is not None:
        return _check(program, arguments)
    if arguments.code:
        return _code(program, arguments)
    if arguments.bound is None and arguments.task is None:
        expect_extra("prove")
        from hardmax.prover.specifications.registry import SPECIFICATIONS

        metadata = program.metadata
        if metadata.description is None and metadata.task in SPECIFICATIONS:
            return _prove(program, arguments)
    return _bounded(program, arguments)


def _prove(program: Program, arguments: argparse.Namespace) -> int:
    from hardmax.prover.checker.check import check
    from hardmax.prover.failure import NotProvedError
    from hardmax.prover.prove import prove
    from hardmax.prover.specifications.registry import SPECIFICATIONS
    from hardmax.prover.traces import Wrong
    from hardmax.runtime.atomic_write import expect_writable, write_output

    if arguments.output is not None:
        expect_writable(arguments.output)
    specification = SPECIFICATIONS[program.metadata.task]
    try:
        outcome = prove(program, specification, arguments.time_limit, _progress)
    except NotProvedError as error:
        return _verdict(f"not proved: {error}")
    if isinstance(outcome, Wrong):
        return _refuted(arguments.file, outcome.memory, outcome.reason)
    try:  # the prover's word is not trusted
        check(outcome, program, arguments.time_limit)
    except HardmaxError as error:
        return _verdict(f"not proved: what was found does not pass the independent check: {error}")
    if arguments.output is not None:
        write_output(arguments.output, outcome.to_json().encode())
    print(outcome.claim)
    for number, atoms in enumerate(outcome.phases, start=1):
        print(f"invariant at {outcome.head}, phase {number}:")
        for atom in atoms:
            print(f"    {atom}")
    print(f"{len(outcome.obligations)} obligations confirmed by cvc5")
    print(marked(PROVED, True))
    return 0


def _check(program: Program, arguments: argparse.Namespace) -> int:
    expect_extra("prove")
    from hardmax.prover.checker.check import check
    from hardmax.runtime.nram.certificate import load_certificate

    certificate = load_certificate(arguments.check)
    try:
        check(certificate, program, arguments.time_limit)
    except HardmaxError as error:
        return _verdict(f"rejected: {error}")
    print(certificate.claim)
    print(f"{len(certificate.obligations)} obligations confirmed by cvc5")
    print(marked(PROVED, True))
    return 0


def _bounded(program: Program, arguments: argparse.Namespace) -> int:
    """Every memory of up to some cells; 0 only where that was asked for."""
    if arguments.output is not None:
        task = program.metadata.task
        return _verdict(f"not proved: there is no specification of task {task!r:.40}")
    # The task of a program with a description is its user's, whatever it is called.
    own = program.metadata.description is not None
    known = None if own else program.metadata.task
    definition = _definition(arguments.task or known)
    if definition is None:
        return _verdict(
            f"not proved: there is neither a specification nor a definition of task "
            f"{program.metadata.task!r:.40}: expected --task FILE.py:CLASS"
        )
    from hardmax.verification.every_memory import every_memory
    from hardmax.verification.native import compiled

    asked: int | None = arguments.bound
    largest = BOUND if asked is None else asked
    native = compiled(program)
    outcome = every_memory(definition, native, largest, arguments.time_limit, _progress)
    if outcome.mistake is not None:
        return _refuted(arguments.file, outcome.mistake.memory, outcome.mistake.reason)
    if outcome.inputs == 0:
        return _verdict(f"not proved: no memory of up to {outcome.largest} cells is an input")
    print(f"{outcome.inputs} of {outcome.memories} memories are inputs of the task")
    if outcome.endless > 0:
        print(f"{outcome.endless} times the definition did not end: those count as no inputs")
    if outcome.stopped:
        print("stopped by the time limit")
    print(marked(f"verdict: right on every input up to M = {outcome.largest}", True))
    return 0 if asked is not None and not outcome.stopped else 1


def _definition(task: str | None) -> Any:
    """The task of this name with its definition, or None where there is none."""
    if task is None:
        return None
    from hardmax.trainer.kinds import find_kind
    from hardmax.trainer.nram.own_tasks.written_task import WrittenTask
    from hardmax.trainer.nram.tasks import TASKS
    from hardmax.trainer.train import known_name

    found = find_kind("nram").tasks.get(known_name(task))
    return found if found in TASKS.values() or isinstance(found, WrittenTask) else None


def _code(program: Program, arguments: argparse.Namespace) -> int:
    from hardmax.validation.validate import COVERED, NOT_COVERED, NotShownError, validate

    level = arguments.level or 0
    try:
        shown = validate(program, level, arguments.time_limit, _progress)
    except NotShownError as error:
        return _verdict(f"not shown at -O{level}: {error}")
    print(COVERED)
    print(f"not covered: {NOT_COVERED}")
    print(
        f"-O{level}: {counted(shown.cuts, 'cut')}, {shown.paths} paths followed, {shown.queries} "
        "queries answered by z3"
    )
    print(marked("verdict: the code does what the program does", True))
    return 0


def _leave_out_half_made_terms() -> None:
    """Ctrl-C may come while z3's Python makes or drops a term. The ``__del__`` of a half-made one
    fails, which is nothing to tell a user; and an interrupt in a ``__del__`` would be lost."""
    tell = sys.unraisablehook

    def hook(unraisable: sys.UnraisableHookArgs) -> None:
        if unraisable.exc_type is KeyboardInterrupt:
            _thread.interrupt_main()
        elif not (getattr(unraisable.object, "__module__", None) or "").startswith("z3"):
            tell(unraisable)

    sys.unraisablehook = hook


def _refuted(path: Path, memory: Sequence[int], reason: str) -> int:
    print(reason)
    command = shlex.join(("hardmax", "run", str(path)))
    return _verdict(f"refuted: {command} {' '.join(map(str, memory))}")


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
    print(marked(" ".join(("verdict:", *text.splitlines())), False))
    return 1
