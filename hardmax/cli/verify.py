"""The verb ``verify``: hold native code against the model that it was compiled from."""

from __future__ import annotations

import argparse
import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from hardmax.cli.argtypes import add_count
from hardmax.evidence import EXAMPLES, SAMPLES
from hardmax.runtime.extras import expect_extra

if TYPE_CHECKING:
    from hardmax.verification.findings import Reproduction


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``hardmax verify``."""
    parser.add_argument("model", metavar="MODEL", type=Path, help="a trained model (.pt)")
    parser.add_argument(
        "library",
        metavar="LIBRARY",
        type=Path,
        nargs="?",
        help="what was compiled from it (.so); by default it is compiled now",
    )
    add_count(parser, "--examples", EXAMPLES, "inputs of each kind that hypothesis draws")
    add_count(parser, "--samples", SAMPLES, "random samples on which errors are measured")
    add_count(parser, "--seed", 0, "of everything drawn")
    parser.add_argument("--json", action="store_true", help="print the report as JSON, at the end")


def run(arguments: argparse.Namespace) -> int:
    """Print a line for each kind of comparison and the verdict; 1 where one failed."""
    expect_extra("train")
    from hardmax.extractor.kinds import find_kind
    from hardmax.files import extract_from, load_model
    from hardmax.interfaces import find_tools
    from hardmax.runtime.loader import load
    from hardmax.verification.native import compiled, expect_kind
    from hardmax.verification.report import (
        Report,
        checked_findings,
        closing_lines,
        finding_line,
        origin,
    )

    library: Path | None = arguments.library
    model = load_model(arguments.model)
    extraction = extract_from(arguments.model, model)
    if library is None:
        native = compiled(extraction.program)
    else:
        native = expect_kind(load(library), model.kind)
    program = find_kind(model.kind).reference(model, extraction, native.program)
    verification = find_tools(model.kind).verification(model, program, native)
    findings = []
    for finding in checked_findings(
        verification, arguments.examples, arguments.samples, arguments.seed
    ):
        findings.append(finding)
        if arguments.json:
            continue
        print(finding_line(finding), flush=True)
        if finding.counterexample is not None:
            for line in _again(finding.counterexample.reproduction(), arguments):
                print(f"     {line}")
    report = Report(tuple(findings), tuple(extraction.margins), origin(model.provenance))
    if arguments.json:
        print(json.dumps({"model": str(arguments.model), **report.to_data()}, indent=2))
    else:
        for line in closing_lines(report):
            print(line)
    return 0 if report.exact else 1


def _again(reproduction: Reproduction | None, arguments: argparse.Namespace) -> Iterator[str]:
    """Commands that show a difference again."""
    if reproduction is not None and reproduction.note:
        yield reproduction.note
    elif reproduction is not None:
        library = arguments.library
        if library is None:
            library = Path(f"lib{arguments.model.stem}.so")
            yield shlex.join(("hardmax", "compile", str(arguments.model), "-o", str(library)))
        run = shlex.join(("hardmax", "run", str(library), *reproduction.arguments))
        if reproduction.standard_input:
            yield f"{run} << END"
            yield from reproduction.standard_input
            yield "END"
        else:
            yield run
    files = (str(path) for path in (arguments.model, arguments.library) if path is not None)
    options = ("examples", "samples", "seed")
    settings = (str(word) for name in options for word in (f"--{name}", getattr(arguments, name)))
    yield shlex.join(("hardmax", "verify", *files, *settings))
