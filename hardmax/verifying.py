"""The verb ``verify``: hold native code against the model that it was compiled from."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from hardmax.arguments import add_count
from hardmax.reading import load_extraction

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hardmax.verification import Counterexample

EXAMPLES, SAMPLES = 100, 1000
"""By default: memories of each kind that hypothesis draws, random samples of the task."""

LONGEST_COMMAND = 1000
"""Cells that are still printed as a command."""


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
    from hardmax.machines import Machines, compiled, reference_program
    from hardmax.verification import findings
    from runtime.loader import load_ram

    model, extraction = load_extraction(arguments.model)
    library: Path | None = arguments.library
    native = compiled(extraction.program) if library is None else load_ram(library)
    machines = Machines(model, reference_program(model, extraction, native), native)
    exact = True
    for finding in findings(machines, arguments.examples, arguments.samples, arguments.seed):
        counterexample = finding.counterexample
        outcome = finding.claim if counterexample is None else counterexample.difference
        verdict = "ok  " if counterexample is None else "FAIL"
        print(f"{verdict} {finding.examples} {finding.subject}: {outcome}", flush=True)
        if counterexample is not None:
            exact = False
            for line in _reproduction(counterexample, arguments):
                print(f"     {line}")
    print(f"smallest margin {extraction.margin}")
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
            yield shlex.join(("hardmax", "compile", str(arguments.model), "-o", str(library)))
        run = ("hardmax", "run", str(library), "--max-steps", str(counterexample.max_steps))
        yield f"{shlex.join(run)} {cells}"
    files = (str(path) for path in (arguments.model, arguments.library) if path is not None)
    options = ("examples", "samples", "seed")
    settings = (str(word) for name in options for word in (f"--{name}", getattr(arguments, name)))
    yield shlex.join(("hardmax", "verify", *files, *settings))
