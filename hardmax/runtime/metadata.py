"""The metadata document: what a compiled program says about itself, written and read here only.

A JSON object, embedded as a C string that ``hardmax_metadata`` returns:

==================== =======================================================================
``abi_version``      the native interface it was compiled for (``ABI_VERSION``)
``compiler``         name and version of what compiled it
``target``           LLVM's triple of the machine that its code is for
``cpu``              LLVM's name of the CPU
``features``         LLVM's names of the CPU's features that the code may use
``kind``             the kind of machine, a key of ``hardmax.runtime.kinds.KINDS``
``task``             what the program is for
...                  what the kind adds: ``hardmax.runtime.nram.metadata``,
                     ``hardmax.runtime.sequence.metadata``
``trained_complexity``  largest complexity seen in training, 0 where unknown
``model_hash``       hash of the model that it was extracted from, empty where unknown
``versions``         versions of what made the Program
``program``          the Program's own text form
==================== =======================================================================

Whatever a document says of its program has to be what the program in it says: a reader uses one of
them for the size of an array, and the code the other.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hardmax.runtime.abi import ABI_VERSION
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.json_form import parsed
from hardmax.runtime.kinds import AnyProgram, find_kind
from hardmax.runtime.programs import read_program

METADATA_SECTION = ".hardmax.metadata"
"""The section of a shared library that holds the document, and the NUL after it."""

_CODE_FIELDS: dict[str, type] = {"compiler": str, "program": str}
_TARGET_FIELDS: dict[str, type] = {"target": str, "cpu": str, "features": list}
"""What a document says of the code, and not of its program; the latter since version 0.2."""


def write_metadata(
    program: AnyProgram, compiler: str, target: Mapping[str, Any] | None = None
) -> str:
    """The metadata document of a program as compiled by ``compiler``: ASCII, no NUL, stable.

    Args:
        target: the fields ``target``, ``cpu`` and ``features``.
    """
    return json.dumps(
        {
            "abi_version": ABI_VERSION,
            "compiler": compiler,
            **(target or {}),
            **_program_fields(program),
            "program": program.to_json(),
        }
    )


def _program_fields(program: AnyProgram) -> dict[str, Any]:
    """What a document says of its program."""
    metadata = program.metadata
    return {
        "kind": program.kind,
        "task": metadata.task,
        **find_kind(program.kind).metadata_fields(program),
        "trained_complexity": metadata.trained_complexity,
        "model_hash": metadata.model_hash,
        "versions": dict(sorted(metadata.versions.items())),
    }


def read_metadata(text: str) -> tuple[dict[str, Any], AnyProgram]:
    """Read the metadata document back, and the program in it.

    Raises:
        HardmaxError: the text is no metadata document, or one of another ABI version; names the
            first field that is missing, is of the wrong type, or is not what the program says.
    """
    try:
        document = parsed(text, "a document")
        if not isinstance(document, dict):
            raise HardmaxError(f"expected an object, found {type(document).__name__}")
        _expect_field(document, "abi_version", int)
        version = document["abi_version"]
        if version == ABI_VERSION:
            return document, _checked_program(document)
    except HardmaxError as error:
        raise HardmaxError(f"broken metadata: {error}") from None
    raise another_abi_version(version)


def another_abi_version(found: int) -> HardmaxError:
    """What to say of a library that has another native interface."""
    return HardmaxError(f"expected ABI version {ABI_VERSION}, found {found}; compile it again")


def _checked_program(document: dict[str, Any]) -> AnyProgram:
    """The program in a document that says the same of it as the program does."""
    for field, expected in _CODE_FIELDS.items():
        _expect_field(document, field, expected)
    for field, expected in _TARGET_FIELDS.items():
        if field in document:
            _expect_field(document, field, expected)
    if not all(isinstance(name, str) for name in document.get("features", ())):
        raise HardmaxError('"features" must be names, found something else')
    program = read_program(document["program"])
    # Libraries had no such field before there were many kinds.
    document.setdefault("kind", program.kind)
    for field, value in _program_fields(program).items():
        if field not in document:
            raise HardmaxError(f'"{field}" is missing')
        found = _text(document[field])
        if found != _text(value):
            raise HardmaxError(
                f'"{field}" must be {_text(value):.100} as in the program, found {found:.100}'
            )
    return program


def _expect_field(document: dict[str, Any], field: str, expected: type) -> None:
    if field not in document:
        raise HardmaxError(f'"{field}" is missing')
    if type(document[field]) is not expected:
        found = type(document[field]).__name__
        raise HardmaxError(f'"{field}" must be {expected.__name__}, found {found}')


def _text(value: object) -> str:
    """A value of JSON in one way: ``1``, ``1.0`` and ``true`` are different, as they are there."""
    return json.dumps(value, sort_keys=True)
