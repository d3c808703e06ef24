"""The verb ``verify``: hold native code against its model, and anything against examples."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from hardmax.cli.argtypes import add_count, count
from hardmax.cli.terminal import QUIET, marked, styled
from hardmax.evidence import EXAMPLES, SAMPLES
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.extras import expect_extra

if TYPE_CHECKING:
    from hardmax.runtime.memory.examples import ExampleFile
    from hardmax.verification.findings import Reproduction


FORMER_COUNT = "hardmax: --examples N is now --inputs N; the next release takes a file there only"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``hardmax verify``."""
    parser.add_argument(
        "file",
        metavar="MODEL",
        type=Path,
        help="a trained model (.pt); with --examples also a library (.so) or a program (.json)",
    )
    parser.add_argument(
        "library",
        metavar="LIBRARY",
        type=Path,
        nargs="?",
        help="what was compiled from it (.so); by default it is compiled now",
    )
    parser.add_argument(
        "--examples",
        metavar="FILE",
        type=_file_or_count,
        help="examples that it has to get right (.jsonl, .csv, .npz)",
    )
    parser.add_argument(
        "--task",
        metavar="TASK",
        help="what the model was trained from, where that is no task of hardmax: FILE.py:CLASS, "
        "a file of examples, or a name from a package",
    )
    add_count(parser, "--inputs", EXAMPLES, "inputs of each kind that hypothesis draws")
    add_count(parser, "--samples", SAMPLES, "random samples on which errors are measured")
    add_count(parser, "--seed", 0, "of everything drawn")
    parser.add_argument("--json", action="store_true", help="print the report as JSON, at the end")


def _file_or_count(text: str) -> Path | int:
    """A file of examples; or a number, which is what this option was until version 0.2."""
    return count(text) if text.lstrip("-").isdecimal() else Path(text)


def run(arguments: argparse.Namespace) -> int:
    """Print a line for each kind of comparison and the verdict; 1 where one failed."""
    from hardmax.files import MODEL, is_model_name
    from hardmax.runtime.memory.examples import read_examples
    from hardmax.shipped import locate

    if isinstance(arguments.examples, int):
        print(FORMER_COUNT, file=sys.stderr)
        arguments.inputs, arguments.examples = arguments.examples, None
    examples = None if arguments.examples is None else read_examples(arguments.examples)
    path = locate(arguments.file)
    if not is_model_name(path):
        if examples is None:
            raise HardmaxError(f"{path}: expected a trained model ({MODEL}), or --examples FILE")
        return _program(arguments, examples)
    return _model(arguments, examples)


def _program(arguments: argparse.Namespace, examples: ExampleFile) -> int:
    """Hold a library, or a program, against a file of examples."""
    from hardmax.files import SHARED_LIBRARY, load_program
    from hardmax.interfaces import hold_against
    from hardmax.runtime.loader import load

    path: Path = arguments.file
    if arguments.library is not None or arguments.task is not None:
        raise HardmaxError(f"{path}: expected a trained model before a library or --task")
    machine = load(path) if path.suffix == SHARED_LIBRARY else load_program(path)
    report = hold_against(machine, examples, f"examples of {arguments.examples}")
    if arguments.json:
        print(json.dumps({"file": str(path), **report.to_data()}, indent=2))
        return 0 if report.right else 1
    print(marked(f"{'ok  ' if report.right else 'FAIL'} {report}", report.right))
    if report.wrong:
        words = report.wrong[0].words()
        if words is not None:
            print(f"     {shlex.join(('hardmax', 'run', str(path), *words))}")
    print(marked(f"verdict: {report.verdict}", report.right))
    return 0 if report.right else 1


def _model(arguments: argparse.Namespace, examples: ExampleFile | None) -> int:
    """Hold native code against its model, and both against examples where there are any."""
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
    model = load_model(arguments.file)
    if arguments.task is not None:
        from hardmax.trainer.train import with_task

        model = with_task(model, arguments.task)
    extraction = extract_from(arguments.file, model)
    if library is None:
        native = compiled(extraction.program)
    else:
        native = expect_kind(load(library), model.kind)
    program = find_kind(model.kind).reference(model, extraction, native.program)
    named = () if examples is None else ((f"examples of {arguments.examples}", examples.examples),)
    verification = find_tools(model.kind).verification(model, program, native, named)
    findings = []
    for finding in checked_findings(
        verification, arguments.inputs, arguments.samples, arguments.seed
    ):
        findings.append(finding)
        if arguments.json:
            continue
        print(marked(finding_line(finding), finding.counterexample is None), flush=True)
        if finding.counterexample is not None:
            for line in _again(finding.counterexample.reproduction(), arguments):
                print(f"     {line}")
    margins, provenance = tuple(extraction.margins), origin(model.provenance)
    report = Report(tuple(findings), margins, provenance, verification.right())
    if arguments.json:
        print(json.dumps({"model": str(arguments.file), **report.to_data()}, indent=2))
    else:
        *others, verdict = closing_lines(report)
        for line in others:
            print(styled(line, QUIET))
        print(marked(verdict, report.exact))
    return 0 if report.exact else 1


def _again(reproduction: Reproduction | None, arguments: argparse.Namespace) -> Iterator[str]:
    """Commands that show a difference again."""
    if reproduction is not None and reproduction.note:
        yield reproduction.note
    elif reproduction is not None:
        library = arguments.library
        if library is None:
            library = Path(f"lib{arguments.file.stem}.so")
            yield shlex.join(("hardmax", "compile", str(arguments.file), "-o", str(library)))
        run = shlex.join(("hardmax", "run", str(library), *reproduction.arguments))
        if reproduction.standard_input:
            yield f"{run} << END"
            yield from reproduction.standard_input
            yield "END"
        else:
            yield run
    files = (str(path) for path in (arguments.file, arguments.library) if path is not None)
    options = ("examples", "task", "inputs", "samples", "seed")
    given = {name: value for name in options if (value := getattr(arguments, name)) is not None}
    settings = (str(word) for name, value in given.items() for word in (f"--{name}", value))
    yield shlex.join(("hardmax", "verify", *files, *settings))
