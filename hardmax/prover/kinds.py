"""The kinds of machines whose programs can be proved right, and how a certificate of each is read.

Reading needs no solver. Confirming a certificate needs cvc5 where its obligations are formulas.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hardmax.prover.stack.certificate import load_stack_certificate, stack_program_digest
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.extras import expect_extra
from hardmax.runtime.nram.certificate import PROOF, load_certificate, program_digest
from hardmax.runtime.nram.program import Program
from hardmax.runtime.text import counted


@dataclass(frozen=True)
class ReadCertificate:
    """A certificate of any kind of machine, held against a program.

    Attributes:
        path: the file.
        is_of: whether it is of the program, by the program's hash.
        claim: what it says is proved.
        size: how many obligations or facts it has, for people.
        checker: what confirms them, for people.
        confirm: check all of them in so many seconds; raises HardmaxError where it is no proof.
    """

    path: Path
    is_of: bool
    claim: str
    size: str
    checker: str
    confirm: Callable[[float], None]

    @property
    def digest(self) -> str:
        """SHA-256 of what is in the file."""
        with self.path.open("rb") as file:
            return "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()


def _nram(path: Path, program: Any) -> ReadCertificate:
    certificate = load_certificate(path)

    def confirm(seconds: float) -> None:
        expect_extra("prove")
        from hardmax.prover.checker.check import check

        check(certificate, program, seconds)

    return ReadCertificate(
        path,
        isinstance(program, Program) and certificate.program == program_digest(program),
        certificate.claim,
        counted(len(certificate.obligations), "obligation"),
        "a second solver, cvc5,",
        confirm,
    )


def _stack(path: Path, program: Any) -> ReadCertificate:
    certificate = load_stack_certificate(path)

    def confirm(seconds: float) -> None:
        from hardmax.prover.stack.check import check

        check(certificate, program, seconds)

    return ReadCertificate(
        path,
        certificate.program == stack_program_digest(program),
        certificate.claim,
        counted(len(certificate.facts), "fact"),
        "a checker that knows nothing of the search",
        confirm,
    )


_READERS = {"nram": _nram, "stack": _stack}


def certificate_beside(path: str | os.PathLike[str], program: Any) -> ReadCertificate | None:
    """The certificate that lies beside a program's file, with its name; None where there is none.

    Raises:
        HardmaxError: what has its name is no certificate, or machines of the program's kind are
            not proved.
    """
    file = Path(path).with_suffix(PROOF)
    if not file.is_file():
        return None
    read = _READERS.get(program.kind)
    if read is None:
        raise HardmaxError(f"{file}: expected none, as machines of {path}'s kind are not proved")
    return read(file, program)
