"""The certificate of a stack machine: what can be reached, as a file that is checked in one pass.

docs/proofs.md says what each field means. Nothing here proves or checks anything.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, replace
from typing import Any

from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.input_file import read_input
from hardmax.runtime.json_form import array, integer, parsed, string
from hardmax.runtime.stack.program import StackProgram
from hardmax.runtime.symbols.interface import SymbolMetadata
from hardmax.runtime.text import printable

FORMAT = "hardmax-stack-proof"
FORMAT_VERSION = 1

PUSHDOWN, FRONTS = "summaries of a pushdown system", "over-approximation of the front of a queue"
"""How it was proved."""

LARGEST = 1 << 26
"""Bytes of a certificate: it is untrusted."""

Numbers = tuple[Any, ...]
"""Numbers in tuples of tuples, as deep as a fact needs them."""


@dataclass(frozen=True)
class StackCertificate:
    """A proof that a machine is right on every input of its task.

    Attributes:
        task: its name.
        method: PUSHDOWN or FRONTS.
        program: :func:`stack_program_digest` of the machine.
        specification: the text form of the specification, as data.
        pairs: of FRONTS, the pairs of values that are ever pushed; of PUSHDOWN, none.
        facts: of PUSHDOWN (entry's control, entry's window, control, window), of FRONTS (control,
            window); a control is two states, a window is pairs of values.
    """

    task: str
    method: str
    program: str
    specification: dict[str, Any]
    pairs: Numbers
    facts: Numbers

    def to_json(self) -> str:
        """The text form: a line a fact."""
        document = {
            "format": FORMAT,
            "version": FORMAT_VERSION,
            "task": self.task,
            "claim": self.claim,
            "method": self.method,
            "program": self.program,
            "specification": self.specification,
            "pairs": self.pairs,
        }
        lines = [f'  "{key}": {json.dumps(value)}' for key, value in document.items()]
        facts = ",\n".join(f"    {json.dumps(fact)}" for fact in self.facts)
        return "{\n" + ",\n".join([*lines, f'  "facts": [\n{facts}\n  ]']) + "\n}\n"

    @property
    def claim(self) -> str:
        """What is proved, in a sentence."""
        return (
            "on every input of the task, of every length, every output that counts is the right "
            "one, as long as the capacity lasts"
        )

    @staticmethod
    def from_data(data: dict[str, Any]) -> StackCertificate:
        """Read the parsed text form.

        Raises:
            HardmaxError: it is no certificate of a known version.
        """
        version = data.get("version")
        if type(version) is not int or version != FORMAT_VERSION:
            raise HardmaxError(
                f"expected stack proof format version {FORMAT_VERSION}, found {version!r:.40}"
            )
        try:
            specification = data["specification"]
            if not isinstance(specification, dict):
                raise TypeError(f"expected an object, found {specification!r:.40}")
            certificate = StackCertificate(
                task=string(data["task"]),
                method=string(data["method"]),
                program=string(data["program"]),
                specification=specification,
                pairs=tuple(map(_pair, array(data["pairs"]))),
                facts=tuple(map(_fact, array(data["facts"]))),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise HardmaxError(f"malformed proof: {type(error).__name__}: {error}") from None
        if certificate.method not in (PUSHDOWN, FRONTS):
            raise HardmaxError(
                f'malformed proof: expected method "{PUSHDOWN}" or "{FRONTS}", '
                f"found {certificate.method!r:.40}"
            )
        if data.get("claim") != certificate.claim:
            raise HardmaxError(f'malformed proof: expected the claim "{certificate.claim}"')
        return certificate


def load_stack_certificate(path: str | os.PathLike[str]) -> StackCertificate:
    """Read a certificate from a file.

    Raises:
        HardmaxError: the file cannot be read or holds no certificate.
    """
    shown = printable(os.fspath(path))
    try:
        data = parsed(read_input(path, LARGEST).decode(), "a hardmax proof")
        if not (isinstance(data, dict) and data.get("format") == FORMAT):
            raise HardmaxError(f'expected a JSON object with "format": "{FORMAT}"')
        return StackCertificate.from_data(data)
    except UnicodeDecodeError:
        raise HardmaxError(f"{shown}: expected a hardmax proof in JSON, found binary") from None
    except HardmaxError as error:
        raise HardmaxError(f"{shown}: {error}") from None


def stack_program_digest(program: StackProgram) -> str:
    """SHA-256 of the part of a program that decides what it does."""
    text = replace(program, metadata=SymbolMetadata(program.metadata.task)).to_json()
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _pair(value: object) -> tuple[int, int]:
    first, second = array(value)
    return integer(first), integer(second)


def _fact(value: object) -> Numbers:
    """Controls and windows by turns."""
    parts = array(value)
    if len(parts) not in (2, 4):
        raise ValueError(f"expected 2 or 4 parts of a fact, found {len(parts)}")
    return tuple(
        _pair(part) if number % 2 == 0 else tuple(map(_pair, array(part)))
        for number, part in enumerate(parts)
    )
