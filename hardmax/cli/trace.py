"""The verb ``trace``: a run of a Neural Turing Machine as a picture."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from hardmax.cli.argtypes import add_count, count
from hardmax.files import SHARED_LIBRARY, is_model_name, load_any_model, load_program
from hardmax.paper.figures import TRACE_KINDS, draw_traces, expect_drawable
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.extras import expect_extra
from hardmax.show.sequence import read_sequence

if TYPE_CHECKING:
    from hardmax.runtime.float32 import Floats
    from hardmax.runtime.kinds import AnyProgram
    from hardmax.runtime.ntm.program import NtmProgram


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``hardmax trace``."""
    parser.add_argument(
        "file",
        metavar="FILE",
        type=Path,
        help="a Neural Turing Machine, compiled (.so), as text (.json) or trained (.pt): then soft "
        "beside discretized",
    )
    parser.add_argument(
        "input",
        metavar="ROWS",
        type=Path,
        nargs="?",
        help="a file with a line of numbers for each step, or - (default: a random input of the "
        "task)",
    )
    parser.add_argument(
        "--plot",
        metavar="PICTURE",
        type=Path,
        required=True,
        help=f"what to draw ({', '.join(f'.{kind}' for kind in TRACE_KINDS)})",
    )
    parser.add_argument(
        "--complexity",
        metavar="N",
        type=count,
        help="of the random input (default: the largest that it was trained on)",
    )
    add_count(parser, "--seed", 0, "of the random input")
    parser.add_argument(
        "--rows", metavar="N", type=count, help="rows of the memory (default: what the steps need)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Draw inputs, outputs, what was added to the memory and where every head stood."""
    expect_extra("draw")
    expect_extra("train")
    from hardmax.extractor.ntm.extract import ntm_program
    from hardmax.runtime.atomic_write import expect_writable, write_output
    from hardmax.runtime.loader import load_ntm
    from hardmax.runtime.ntm.program import NtmProgram
    from hardmax.runtime.sequence.interface import (
        checked_inputs,
        checked_rows,
    )
    from hardmax.trainer.decisions import SOFT
    from hardmax.trainer.sequence.model import NtmModel
    from hardmax.verification.sequence_machines import compiled_trace, interpreted, run_model

    path, picture = arguments.file, arguments.plot
    kind = picture.suffix.removeprefix(".")
    if kind not in TRACE_KINDS:
        expected = " ".join(f".{kind}" for kind in TRACE_KINDS)
        raise HardmaxError(f"{picture}: expected one of the extensions {expected}")
    expect_writable(picture)
    model = load_any_model(path) if is_model_name(path) else None
    if isinstance(model, NtmModel):
        program: AnyProgram = ntm_program(model)
    else:
        program = load_program(path)
    if not isinstance(program, NtmProgram):
        raise HardmaxError(f"{path}: expected a Neural Turing Machine, found another machine")
    if arguments.input is None:
        inputs = _random_input(program, arguments)
    else:
        inputs = checked_inputs(read_sequence(arguments.input), program.input_width)
    needed = program.metadata.memory.rows(len(inputs))
    rows = checked_rows(needed if arguments.rows is None else arguments.rows)
    if rows < needed:
        raise HardmaxError(f"expected at least {needed} rows for {len(inputs)} steps, found {rows}")
    expect_drawable(len(inputs), rows)
    discretized = interpreted(program, inputs, rows)
    traces = {"discretized": discretized}
    if isinstance(model, NtmModel):
        traces = {"soft": run_model(model.ntm, inputs, rows, SOFT), **traces}
    elif path.suffix == SHARED_LIBRARY:
        traces = {"compiled": compiled_trace(load_ntm(path), discretized)}
    write_output(picture, draw_traces(traces, program.head_names, kind))
    return 0


def _random_input(program: NtmProgram, arguments: argparse.Namespace) -> Floats:
    """One sample of the program's task, (T, V)."""
    import torch

    from hardmax.verification.sequence_machines import task_of

    task = task_of(program)
    complexity = arguments.complexity
    if complexity is None:
        complexity = program.metadata.trained_complexity or task.largest_training_complexity
    if complexity < task.smallest_complexity:
        raise HardmaxError(
            f"task {task.name}: expected a complexity of at least {task.smallest_complexity}, "
            f"found {complexity}"
        )
    generator = torch.Generator().manual_seed(arguments.seed)
    batch = task.sample(torch.tensor([complexity]), generator)
    inputs: Floats = batch.inputs[0].numpy()
    return inputs
