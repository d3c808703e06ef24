"""The verb ``verify``: hold native code against the model that it was compiled from."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from hardmax.cli.argtypes import add_count
from hardmax.files import extract_any, load_any_model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from hardmax.extractor.margin import Margin
    from hardmax.trainer.nram.model import Model
    from hardmax.trainer.sequence.model import SequenceModel
    from hardmax.verification.findings import Finding, Found
    from hardmax.verification.nram import Counterexample
    from hardmax.verification.sequence import NtmCounterexample

EXAMPLES, SAMPLES = 100, 1000
"""By default: memories of each kind that hypothesis draws, random samples of the task."""

LONGEST_COMMAND, LONGEST_SEQUENCE = 1000, 40
"""Cells that are still printed as a command, and steps."""


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
    add_count(parser, "--examples", EXAMPLES, "memories of each kind that hypothesis draws")
    add_count(parser, "--samples", SAMPLES, "random samples on which errors are measured")
    add_count(parser, "--seed", 0, "of everything drawn")


def run(arguments: argparse.Namespace) -> int:
    """Print a line for each kind of comparison and the verdict; 1 where one failed."""
    from hardmax.trainer.sequence.model import SequenceModel

    model = load_any_model(arguments.model)
    if isinstance(model, SequenceModel):
        return _verify_ntm(model, arguments)
    return _verify_ram(model, arguments)


def _verify_ram(model: Model, arguments: argparse.Namespace) -> int:
    from hardmax.runtime.loader import load_ram
    from hardmax.verification.nram import findings
    from hardmax.verification.nram_machines import Machines, compiled, reference_program

    extraction = extract_any(arguments.model, model)
    library: Path | None = arguments.library
    native = compiled(extraction.program) if library is None else load_ram(library)
    machines = Machines(model, reference_program(model, extraction, native), native)
    found = findings(machines, arguments.examples, arguments.samples, arguments.seed)
    return _report(found, _reproduction, (extraction.margin,), arguments)


def _verify_ntm(model: SequenceModel, arguments: argparse.Namespace) -> int:
    from hardmax.runtime.loader import load_ntm
    from hardmax.verification.nram_machines import compiled
    from hardmax.verification.sequence import findings
    from hardmax.verification.sequence_machines import NtmMachines

    extraction = extract_any(arguments.model, model)
    library: Path | None = arguments.library
    native = compiled(extraction.program) if library is None else load_ntm(library)
    machines = NtmMachines(model, extraction.program, native)
    found = findings(machines, arguments.examples, arguments.samples, arguments.seed)
    return _report(found, _ntm_reproduction, extraction.margins, arguments)


def _report(
    findings: Iterator[Finding[Found]],
    reproduction: Callable[[Found, argparse.Namespace], Iterator[str]],
    margins: Sequence[Margin],
    arguments: argparse.Namespace,
) -> int:
    """Print findings, margins and the verdict; return the exit status."""
    exact = True
    for finding in findings:
        counterexample = finding.counterexample
        outcome = finding.claim if counterexample is None else counterexample.difference
        verdict = "ok  " if counterexample is None else "FAIL"
        print(f"{verdict} {finding.examples} {finding.subject}: {outcome}", flush=True)
        if counterexample is not None:
            exact = False
            for line in reproduction(counterexample, arguments):
                print(f"     {line}")
    for margin in margins:
        print(f"smallest margin {margin}")
    print(f"verdict: {'exact' if exact else 'NOT exact'}")
    return 0 if exact else 1


def _reproduction(counterexample: Counterexample, arguments: argparse.Namespace) -> Iterator[str]:
    """Commands that show the difference again."""
    memory, library = counterexample.memory, arguments.library
    cells = " ".join(map(str, memory))
    if max(memory) >= len(memory):
        yield f"memory {cells} (not all addresses), at most {counterexample.max_steps} timesteps"
    elif len(memory) <= LONGEST_COMMAND:
        if library is None:
            library = arguments.model.with_suffix(".so")
            yield _compilation(arguments)
        run = ("hardmax", "run", str(library), "--max-steps", str(counterexample.max_steps))
        yield f"{shlex.join(run)} {cells}"
    yield _verification(arguments)


def _ntm_reproduction(
    counterexample: NtmCounterexample, arguments: argparse.Namespace
) -> Iterator[str]:
    """As :func:`_reproduction`, of a sequence."""
    sequence = counterexample.inputs
    if 0 < len(sequence) <= LONGEST_SEQUENCE:
        library = arguments.library
        if library is None:
            library = arguments.model.with_suffix(".so")
            yield _compilation(arguments)
        run = ("hardmax", "run", str(library), "-", "--trace", "--rows", str(counterexample.rows))
        yield f"{shlex.join(run)} << END"
        yield from (" ".join(map(repr, step)) for step in sequence)
        yield "END"
    yield _verification(arguments)


def _compilation(arguments: argparse.Namespace) -> str:
    """The command that compiles the model."""
    library = arguments.model.with_suffix(".so")
    return shlex.join(("hardmax", "compile", str(arguments.model), "-o", str(library)))


def _verification(arguments: argparse.Namespace) -> str:
    """The command that verifies the model in the same way."""
    files = (str(path) for path in (arguments.model, arguments.library) if path is not None)
    options = ("examples", "samples", "seed")
    settings = (str(word) for name in options for word in (f"--{name}", getattr(arguments, name)))
    return shlex.join(("hardmax", "verify", *files, *settings))
