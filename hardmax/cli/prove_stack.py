"""The verb ``prove`` of stack machines."""

from __future__ import annotations

import argparse
import shlex
import sys
from typing import Any

from hardmax.cli.terminal import marked
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.text import counted


def run(program: Any, arguments: argparse.Namespace, proved: str) -> int:
    """Print the verdict as the last line; 0 only where the machine is proved right.

    Args:
        proved: the verdict of a machine that is.
    """
    verdict = _check(program, arguments) if arguments.check else _prove(program, arguments)
    print(marked(verdict or proved, verdict is None))
    return 1 if verdict else 0


def _prove(program: Any, arguments: argparse.Namespace) -> str | None:
    """The verdict where it is not proved."""
    from hardmax.prover.failure import NotProvedError
    from hardmax.prover.stack.check import check
    from hardmax.prover.stack.prove import prove
    from hardmax.prover.stack.pushdown import Wrong
    from hardmax.runtime.atomic_write import expect_writable, write_output

    if arguments.output is not None:
        expect_writable(arguments.output)
    try:
        outcome = prove(program, arguments.time_limit, _progress)
    except NotProvedError as error:
        return f"verdict: not proved: {error}"
    if isinstance(outcome, Wrong):
        print(f"step {len(outcome.word)}: {outcome.reason}")
        symbols = [program.alphabet[symbol] for symbol in outcome.word]
        command = shlex.join(("hardmax", "run", str(arguments.file), *symbols))
        return f"verdict: refuted: {command}"
    try:  # the prover's word is not trusted
        check(outcome, program, arguments.time_limit)
    except HardmaxError as error:
        return f"verdict: not proved: what was found does not pass the independent check: {error}"
    if arguments.output is not None:
        write_output(arguments.output, outcome.to_json().encode())
    print(outcome.claim)
    print(f"{outcome.method}: {counted(len(outcome.facts), 'fact')}")
    return None


def _check(program: Any, arguments: argparse.Namespace) -> str | None:
    """The verdict where the certificate is no proof."""
    from hardmax.prover.stack.certificate import load_stack_certificate
    from hardmax.prover.stack.check import check

    certificate = load_stack_certificate(arguments.check)
    try:
        check(certificate, program, arguments.time_limit)
    except HardmaxError as error:
        return f"verdict: rejected: {error}"
    print(certificate.claim)
    print(f"{certificate.method}: {counted(len(certificate.facts), 'fact')} checked")
    return None


def _progress(message: str) -> None:
    print(message, file=sys.stderr, flush=True)
