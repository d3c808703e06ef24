"""The certificate: a proof as a file that can be read, and checked without the prover.

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
from hardmax.runtime.json_form import parsed, string
from hardmax.runtime.nram.program import Program
from hardmax.runtime.text import printable

FORMAT = "hardmax-proof"
FORMAT_VERSION = 1

START, HALT, NEVER = "start", "halt", "never"
"""Where a path begins, and two of the ways it ends; the third is a phase."""

PROOF = ".proof"
"""The extension of a certificate's file."""

LARGEST = 1 << 20
"""Bytes of a certificate: it is untrusted."""


def phase_name(number: int) -> str:
    """The name of a phase, the first of which is number 0."""
    return f"phase {number + 1}"


@dataclass(frozen=True)
class Path:
    """What a run does from one cut point to the next.

    Attributes:
        origin: ``start`` or a phase.
        through: names of the places that are executed, one each timestep; of a path that never
            happens the last one is not executed, since it is not reached.
        end: ``halt``, a phase, or ``never``.
    """

    origin: str
    through: tuple[str, ...]
    end: str

    def __str__(self) -> str:
        return " > ".join((self.origin, *self.through, self.end))


@dataclass(frozen=True)
class Certificate:
    """A proof that a program is right on every input of its task.

    Attributes:
        task: its name.
        program: :func:`program_digest` of the program.
        specification: the specification as data.
        head: the name of the place at which loops are cut, or None for a program without loops.
        phases: the atoms of the invariant at the head, phase by phase.
        right_from: the timestep from which on the outputs are right, a term; None where the run
            ends within its budget.
        paths: every path between cut points.
        obligations: the names of what has to be decided.
    """

    task: str
    program: str
    specification: dict[str, Any]
    head: str | None
    phases: tuple[tuple[str, ...], ...]
    right_from: str | None
    paths: tuple[Path, ...]
    obligations: tuple[str, ...]

    def to_json(self) -> str:
        """The text form, made for reading."""
        document = {
            "format": FORMAT,
            "version": FORMAT_VERSION,
            "task": self.task,
            "claim": self.claim,
            "program": self.program,
            "specification": self.specification,
            "head": self.head,
            "phases": [list(atoms) for atoms in self.phases],
            "right_from": self.right_from,
            "paths": [str(path) for path in self.paths],
            "obligations": list(self.obligations),
        }
        return json.dumps(document, indent=2) + "\n"

    @property
    def claim(self) -> str:
        """What is proved, in a sentence."""
        when = (
            "and halts within its step budget"
            if self.right_from is None
            else f"whenever it is stopped after timestep {self.right_from} or later, which is "
            "within its step budget, and halts"
        )
        return (
            "on every input of the task, of every length, in every memory, the program leaves the "
            f"right outputs {when}"
        )

    @staticmethod
    def from_json(text: str) -> Certificate:
        """Read the text form.

        Raises:
            HardmaxError: it is no certificate of a known version.
        """
        data = parsed(text, "a hardmax proof")
        if not (isinstance(data, dict) and data.get("format") == FORMAT):
            raise HardmaxError(f'expected a JSON object with "format": "{FORMAT}"')
        version = data.get("version")
        if type(version) is not int or version != FORMAT_VERSION:
            raise HardmaxError(
                f"expected proof format version {FORMAT_VERSION}, found {version!r:.40}"
            )
        try:
            certificate = Certificate(
                task=string(data["task"]),
                program=string(data["program"]),
                specification=_object(data["specification"]),
                head=None if data["head"] is None else string(data["head"]),
                phases=tuple(_texts(atoms) for atoms in _list(data["phases"])),
                right_from=None if data["right_from"] is None else string(data["right_from"]),
                paths=tuple(_path(path) for path in _texts(data["paths"])),
                obligations=_texts(data["obligations"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise HardmaxError(f"malformed proof: {type(error).__name__}: {error}") from None
        if data.get("claim") != certificate.claim:
            raise HardmaxError(f'malformed proof: expected the claim "{certificate.claim}"')
        return certificate


def program_digest(program: Program) -> str:
    """SHA-256 of the part of a program that decides what it does: table, task and budget."""
    metadata = replace(program.metadata, trained_complexity=0, model_hash="", versions={})
    text = replace(program, metadata=metadata).to_json()
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _path(text: str) -> Path:
    origin, *through, end = text.split(" > ")
    return Path(origin, tuple(through), end)


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError(f"expected a list, found {value!r:.40}")
    return value


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError(f"expected an object, found {value!r:.40}")
    return value


def _texts(value: object) -> tuple[str, ...]:
    return tuple(string(item) for item in _list(value))


def load_certificate(path: str | os.PathLike[str]) -> Certificate:
    """Read a certificate from a file.

    Raises:
        HardmaxError: the file cannot be read or holds no certificate.
    """
    shown = printable(os.fspath(path))
    try:
        return Certificate.from_json(read_input(path, LARGEST).decode())
    except UnicodeDecodeError:
        raise HardmaxError(f"{shown}: expected a hardmax proof in JSON, found binary") from None
    except HardmaxError as error:
        raise HardmaxError(f"{shown}: {error}") from None
