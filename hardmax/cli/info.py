"""The verb ``info``: what a file of ours is."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

from hardmax.cli.terminal import QUIET, styled
from hardmax.files import (
    MODEL,
    PROGRAM_TEXT,
    SHARED_LIBRARY,
    extract_from,
    is_model_name,
    load_model,
    load_program,
    unknown_extension,
)
from hardmax.runtime.kinds import AnyProgram, find_kind
from hardmax.runtime.text import printable
from hardmax.shipped import locate

LONGEST_VALUE = 1000
"""Characters of a value that are shown."""

BUILD = ("compiler", "target", "cpu", "features")
"""Fields of a library's metadata that say how it was made."""

Fact = tuple[str, object]
"""What is known of a file: a name of one or more words, and the value."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``hardmax info``."""
    parser.add_argument(
        "file", metavar="FILE", type=Path, help="a model (.pt), program (.json) or library (.so)"
    )
    parser.add_argument("--json", action="store_true", help="print the facts as a JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Print what is known about the file, one fact a line."""
    path = locate(arguments.file)
    describe = {
        MODEL: _model,
        PROGRAM_TEXT: _program_text,
        SHARED_LIBRARY: _shared_library,
    }.get(MODEL if is_model_name(path) else path.suffix)
    if describe is None:
        raise unknown_extension(path)
    facts = tuple(describe(path))
    if arguments.json:
        document = {
            name.replace(" ", "_"): value if isinstance(value, int | float) else str(value)
            for name, value in facts
        }
        print(json.dumps(document, indent=2))
        return 0
    width = max(len(name) for name, _ in facts) + 1
    for name, value in facts:
        print(styled(f"{name + ':':<{width}}", QUIET), printable(value, LONGEST_VALUE))
    return 0


def _model(path: Path) -> Iterator[Fact]:
    model = load_model(path)
    yield "kind", f"trained model ({find_kind(model.kind).title})"
    yield "task", f"{model.task.name}: {model.task.summary}"
    yield from model.facts()
    extraction = extract_from(path, model)
    yield "form", extraction.form
    yield from extraction.program.facts()
    yield from _proof(path, extraction.program)
    yield "model hash", model.digest()
    yield from (("smallest margin", margin) for margin in extraction.margins)
    yield from ((f"training {name}", value) for name, value in model.provenance.items())


def _program_text(path: Path) -> Iterator[Fact]:
    program = load_program(path)
    yield "kind", f"program text ({find_kind(program.kind).title})"
    yield from _program(program)
    yield from _proof(path, program)


def _shared_library(path: Path) -> Iterator[Fact]:
    from hardmax.runtime.shared_library import inspect_library

    library = inspect_library(path)
    yield "kind", f"shared library ({library.kind.title})"
    yield "ABI version", library.abi_version
    yield "architecture", library.architecture
    yield from ((name, library.metadata[name]) for name in BUILD if name in library.metadata)
    yield from _program(library.program)
    yield from _proof(path, library.program)


def _program(program: AnyProgram) -> Iterator[Fact]:
    metadata = program.metadata
    yield "task", metadata.task
    yield from program.facts()
    yield "trained complexity", metadata.trained_complexity or "unknown"
    yield "model hash", metadata.model_hash or "unknown"
    yield from sorted(metadata.versions.items())


def _proof(path: Path, program: AnyProgram) -> Iterator[Fact]:
    """What the certificate says that lies beside a file: only its program's hash is compared."""
    from hardmax.prover.kinds import certificate_beside

    proof = certificate_beside(path, program)
    if proof is None:
        return
    if not proof.is_of:
        yield "proved", f"no: {proof.path} is of another program"
        return
    yield "proved", f"for every length, by {proof.path} (hardmax prove --check checks it)"
    yield "proof hash", proof.digest
