"""The verb ``reproduce``: the paper's table 1 beside ours, and its figure 3."""

from __future__ import annotations

import argparse
import itertools
import sys
from pathlib import Path

from hardmax.cli.argtypes import add_count
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.extras import expect_extra

SOFT_SAMPLES, COMPILED_SAMPLES = 256, 1000
"""Samples a point: a timestep of a soft model takes time in M squared, of compiled code none."""

DEFAULT_MINUTES = 30.0

TABLE, FIGURE = "table1.md", "figure3.svg"
"""What is written into the output folder."""

GRADIENT = "-gradient"
"""How the file of a model that gradient alone found ends; another of its task may lie beside it."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``hardmax reproduce``."""
    parser.add_argument("--tasks", nargs="+", metavar="TASK", help="by default all ten")
    parser.add_argument(
        "--models",
        type=Path,
        default=Path("models"),
        metavar="FOLDER",
        help=f"where TASK.pt and TASK{GRADIENT}.pt are (default models)",
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FOLDER",
        help=f"write the table ({TABLE}) and the figure ({FIGURE}) there",
    )
    parser.add_argument(
        "--retrain",
        action="store_true",
        help="train each model again with its recorded settings, into the output folder, and "
        "evaluate that",
    )
    parser.add_argument(
        "--minutes",
        type=float,
        default=DEFAULT_MINUTES,
        help=f"give up training a model again after this long (default {DEFAULT_MINUTES:.0f})",
    )
    add_count(parser, "--soft-samples", SOFT_SAMPLES, "samples a point for soft models")
    add_count(
        parser, "--compiled-samples", COMPILED_SAMPLES, "samples a point for compiled programs"
    )
    add_count(parser, "--seed", 0, "of the samples")


def run(arguments: argparse.Namespace) -> int:
    """Print and write; 1 where a model is missing, or training one again found none."""
    expect_extra("train")
    from hardmax.paper.figures import draw_errors
    from hardmax.paper.reproduction import evaluate, report, retrain
    from hardmax.paper.table1 import TABLE_1
    from hardmax.runtime.atomic_write import write_output
    from hardmax.trainer.nram.checkpoint import load_model, save_model
    from hardmax.trainer.nram.tasks import find_task

    output: Path | None = arguments.output
    if output is not None:
        if not output.is_dir():
            raise HardmaxError(f"{output}: expected an existing directory, found none")
        expect_extra("draw")
    elif arguments.retrain:
        raise HardmaxError("--retrain needs an output folder (-o) for what it trains")
    for option in ("soft_samples", "compiled_samples"):
        if getattr(arguments, option) < 1:
            raise HardmaxError(f"expected at least 1 for --{option.replace('_', '-')}, found 0")
    results, remarks, alone = [], [], []
    tasks = [find_task(name) for name in arguments.tasks or TABLE_1]
    for task, ending in itertools.product(tasks, ("", GRADIENT)):
        path: Path = arguments.models / f"{task.name}{ending}.pt"
        if not path.exists():
            if ending:
                alone.append(task.title)
            else:
                remarks.append(f"{task.title}: {path} is missing")
            continue
        model = load_model(path)
        if model.task is not task:
            raise HardmaxError(
                f"{path}: expected a model of {task.name}, found one of {model.task.name}"
            )
        if arguments.retrain:
            assert output is not None
            again = retrain(model, 60 * arguments.minutes)
            if again is None:
                remarks.append(f"{task.title}: no exact machine in {arguments.minutes:g} minutes")
                continue
            save_model(again, output / path.name)
            same = "the same weights" if again.digest() == model.digest() else "other weights"
            print(
                f"{task.title}: {same} after {again.provenance['seconds']} s, "
                f"recorded {model.provenance['seconds']} s",
                file=sys.stderr,
            )
            model = again
        print(f"{path}: evaluating", file=sys.stderr)
        results.append(
            evaluate(model, arguments.soft_samples, arguments.compiled_samples, arguments.seed)
        )
    if not results:
        raise HardmaxError("; ".join(remarks))
    notes = [f"Not found by gradient alone, so without a row: {', '.join(alone)}."] if alone else []
    text = report(results, [*notes, *remarks])
    print(text)
    if output is not None:
        write_output(output / TABLE, f"{text}\n".encode())
        write_output(output / FIGURE, draw_errors(results))
    return 1 if remarks else 0
