"""The command line: verbs, their arguments, and how they end.

Exit status: 0 done, 1 a :class:`HardmaxError`, a verification that failed or a run that did not
come to its end, 2 a command that cannot be understood, 70 an error of hardmax itself, 130
interrupted, 143 terminated. Whatever goes wrong is one line on stderr.

This module and those of the verbs are imported for every ``--help``, so they import nothing that
takes time; what a verb needs it imports when it runs.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import NoReturn

from hardmax.cli import compile as compile_verb
from hardmax.cli import (
    draw,
    extract,
    gallery,
    import_program,
    info,
    prove,
    report,
    reproduce,
    run,
    tasks,
    trace,
    train,
    verify,
)
from hardmax.cli.completion import SHELLS, PrintCompletion
from hardmax.cli.terminal import BAD, styled
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.text import printable
from hardmax.runtime.version import VERSION

FAILED, INTERNAL_ERROR, INTERRUPTED, TERMINATED = 1, 70, 130, 143

LONGEST_ERROR = 4000
"""Characters of an error that are shown."""

TRACEBACK = "HARDMAX_TRACEBACK"
"""With this environment variable set, an error of hardmax itself is shown in full."""


@dataclass(frozen=True)
class Verb:
    """A subcommand: its name, one line of help, what adds its arguments, and what runs it."""

    name: str
    summary: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]


VERBS = (
    Verb("train", "find a machine from a task's examples", train.add_arguments, train.run),
    Verb("tasks", "list what can be learned", tasks.add_arguments, tasks.run),
    Verb(
        "extract",
        "discretize a model and list its program",
        extract.add_arguments,
        extract.run,
    ),
    Verb(
        "import",
        "take over the program of a machine that was trained elsewhere",
        import_program.add_arguments,
        import_program.run,
    ),
    Verb("draw", "draw a program's circuits and states", draw.add_arguments, draw.run),
    Verb(
        "compile", "compile a program to native code", compile_verb.add_arguments, compile_verb.run
    ),
    Verb("run", "run a program on a memory", run.add_arguments, run.run),
    Verb("trace", "draw a run, soft beside discretized", trace.add_arguments, trace.run),
    Verb("info", "say what a file is", info.add_arguments, info.run),
    Verb("verify", "hold native code against its model", verify.add_arguments, verify.run),
    Verb("prove", "prove a program right on every input", prove.add_arguments, prove.run),
    Verb("report", "make a page about a model, which runs it", report.add_arguments, report.run),
    Verb("gallery", "make pages about many models", gallery.add_arguments, gallery.run),
    Verb(
        "reproduce",
        "print the paper's table 1 beside ours",
        reproduce.add_arguments,
        reproduce.run,
    ),
)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"hardmax: error: {message}; see {self.prog} --help\n")


def main(argv: Sequence[str] | None = None) -> int:
    """``hardmax VERB ...``."""
    parser = _Parser(
        prog="hardmax", description="A compiler from trained neural machines to native programs."
    )
    parser.add_argument("--version", action="version", version=f"hardmax {VERSION}")
    parser.add_argument(
        "--print-completion",
        action=PrintCompletion,
        choices=SHELLS,
        help="print what makes a shell complete verbs, options, files and names",
    )
    subparsers = parser.add_subparsers(metavar="VERB", required=True)
    for verb in VERBS:
        subparser = subparsers.add_parser(verb.name, help=verb.summary, description=verb.summary)
        verb.add_arguments(subparser)
        subparser.set_defaults(run=verb.run)
    arguments = parser.parse_args(argv)
    return finish(arguments.run, arguments)


def compile_main(argv: Sequence[str] | None = None) -> int:
    """``compile ...``, the same as ``hardmax compile ...``."""
    parser = _Parser(prog="compile", description="Compile a trained model to native code.")
    compile_verb.add_arguments(parser)
    return finish(compile_verb.run, parser.parse_args(argv))


def finish(run: Callable[[argparse.Namespace], int], arguments: argparse.Namespace) -> int:
    """Run a verb; whatever it meets becomes an exit status and at most one line."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # whatever the terminal can show
    try:
        with _terminated_as_interrupted():
            status = run(arguments)
        sys.stdout.flush()
    except HardmaxError as error:
        told = printable(" ".join(str(error).splitlines()), LONGEST_ERROR)
        print(styled("hardmax: error:", BAD, sys.stderr), told, file=sys.stderr)
        return FAILED
    except _TerminatedError:
        return TERMINATED
    except KeyboardInterrupt:
        return INTERRUPTED
    except OSError as error:  # of stdout: it has no room, or nobody reads it any more
        if not isinstance(error, BrokenPipeError):
            where = error.filename or "cannot write the output"
            print(f"hardmax: error: {where}: {error.strerror}", file=sys.stderr)
        # Without this, Python complains when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except MemoryError:
        print("hardmax: error: not enough memory for what was asked", file=sys.stderr)
        return FAILED
    except Exception as error:
        if os.environ.get(TRACEBACK):
            raise
        reason = printable(" ".join(str(error).split()))
        print(
            f"hardmax: internal error: {type(error).__name__}: {reason}; this is a fault of "
            f"hardmax {VERSION}: please report the command ({TRACEBACK}=1 shows where it arose)",
            file=sys.stderr,
        )
        return INTERNAL_ERROR
    return status


class _TerminatedError(KeyboardInterrupt):
    """SIGTERM has come."""


@contextlib.contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    """Let SIGTERM end a verb as Ctrl-C does: with nothing half-written, and saved to be resumed."""

    def end(number: int, frame: FrameType | None) -> None:
        raise _TerminatedError

    try:
        before = signal.signal(signal.SIGTERM, end)
    except ValueError:  # not the main thread, which alone hears of signals
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
