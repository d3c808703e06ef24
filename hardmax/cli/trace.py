"""The verb ``trace``: a run of a Neural Turing Machine or a stack machine as a picture."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hardmax.cli.argtypes import count
from hardmax.files import SHARED_LIBRARY, is_model_name, load_model, load_program, program_of
from hardmax.inputs import sequence_from_words
from hardmax.paper.figures import TRACE_FORMATS, draw_traces, expect_drawable
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.extras import expect_extra
from hardmax.shipped import locate

if TYPE_CHECKING:
    from hardmax.runtime.float32 import Floats
    from hardmax.runtime.symbols.interface import Symbols


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``hardmax trace``."""
    parser.add_argument(
        "file",
        metavar="FILE",
        type=Path,
        help="a Neural Turing Machine, compiled (.so), as text (.json) or trained (.pt): then soft "
        "beside discretized; or a stack machine",
    )
    parser.add_argument(
        "input",
        metavar="INPUT",
        nargs="*",
        help="a file with a line of numbers for each step, or -; of a stack machine as for run "
        "(default: a random input of the task)",
    )
    parser.add_argument(
        "--plot",
        metavar="PICTURE",
        type=Path,
        required=True,
        help=f"what to draw ({', '.join(f'.{name}' for name in TRACE_FORMATS)})",
    )
    parser.add_argument(
        "--complexity",
        metavar="N",
        type=count,
        help="of the random input (default: the largest that it was trained on)",
    )
    parser.add_argument("--seed", metavar="N", type=count, help="of the random input (default 0)")
    parser.add_argument(
        "--rows", metavar="N", type=count, help="rows of the memory (default: what the steps need)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Draw a run: what a machine read, answered, and did to its memory or its structures."""
    expect_extra("draw")
    expect_extra("train")
    from hardmax.runtime.atomic_write import expect_writable, write_output
    from hardmax.runtime.kinds import Interface, find_kind
    from hardmax.runtime.loader import load
    from hardmax.runtime.sequence.interface import checked_inputs, checked_rows
    from hardmax.runtime.sequence.kind import find_sequence_kind
    from hardmax.runtime.sequence.trace import one_hot
    from hardmax.trainer.decisions import SOFT

    path = locate(arguments.file)
    picture: Path = arguments.plot
    picture_format = picture.suffix.removeprefix(".")
    if picture_format not in TRACE_FORMATS:
        expected = " ".join(f".{name}" for name in TRACE_FORMATS)
        raise HardmaxError(f"{picture}: expected one of the extensions {expected}")
    expect_writable(picture)
    model: Any = load_model(path) if is_model_name(path) else None
    program: Any = load_program(path) if model is None else program_of(path, model)
    if find_kind(program.kind).interface is Interface.SYMBOLS:
        write_output(picture, _drawn_structures(program, arguments, picture_format))
        return 0
    try:
        kind = find_sequence_kind(program.kind)
    except HardmaxError as error:
        raise HardmaxError(f"{path}: {error}") from None
    if not arguments.input:
        inputs = _random_input(program, arguments)
    else:
        _refuse_options_of_a_random_input(arguments)
        inputs = checked_inputs(sequence_from_words(arguments.input), program.input_width)
    needed = program.metadata.memory.rows(len(inputs))
    rows = checked_rows(needed if arguments.rows is None else arguments.rows)
    if rows < needed:
        raise HardmaxError(f"expected at least {needed} rows for {len(inputs)} steps, found {rows}")
    expect_drawable(len(inputs), rows)
    discretized = kind.trace(program, inputs, rows)
    traces = {"discretized": discretized}
    if model is not None:
        traces = {"soft": model.trace(inputs, rows, SOFT), **traces}
    elif path.suffix == SHARED_LIBRARY:
        result = load(path).run(inputs, rows)
        weightings = one_hot(result.addresses, rows)
        traces = {"compiled": replace(discretized, outputs=result.outputs, weightings=weightings)}
    write_output(picture, draw_traces(traces, program.head_names, picture_format))
    return 0


def _drawn_structures(program: Any, arguments: argparse.Namespace, picture_format: str) -> bytes:
    """A run of a machine that answers symbols, as a picture."""
    from hardmax.inputs import symbols_from_words
    from hardmax.paper.figures import draw_structures
    from hardmax.runtime.symbols.interface import checked_symbols, enough_cells
    from hardmax.runtime.symbols.kind import find_symbol_kind

    if arguments.rows is not None:
        raise HardmaxError(f"--rows is no option of a run of its kind, {program.kind}")
    if arguments.input:
        _refuse_options_of_a_random_input(arguments)
        words = symbols_from_words(arguments.input, program.alphabet)
        symbols = checked_symbols(words, program.alphabet)
    else:
        symbols = _random_symbols(program, arguments)
    expect_drawable(len(symbols), 1)
    kind = find_symbol_kind(program.kind)
    steps = tuple(kind.trace(program, symbols, enough_cells(program, len(symbols))))
    if not steps:
        raise HardmaxError("expected at least one step to draw, found none")
    alphabets = program.alphabet, program.output_alphabet
    return draw_structures(steps, program.structure_names, alphabets, picture_format)


def _random_symbols(program: Any, arguments: argparse.Namespace) -> Symbols:
    """One sample of the program's task, (T,)."""
    import torch

    from hardmax.trainer.stack.tasks.registry import find_symbol_task

    task = find_symbol_task(program.metadata.task)
    complexity = arguments.complexity
    if complexity is None:
        complexity = program.metadata.trained_complexity or task.largest_training_complexity
    if complexity < task.smallest_complexity:
        raise HardmaxError(
            f"task {task.name}: expected a complexity of at least {task.smallest_complexity}, "
            f"found {complexity}"
        )
    generator = torch.Generator().manual_seed(arguments.seed or 0)
    batch = task.sample(torch.tensor([complexity]), generator)
    symbols: Symbols = batch.inputs[0, : int(batch.steps[0])].numpy()
    return symbols


def _refuse_options_of_a_random_input(arguments: argparse.Namespace) -> None:
    for option, value in (("--complexity", arguments.complexity), ("--seed", arguments.seed)):
        if value is not None:
            raise HardmaxError(f"{option} is of a random input, and an input is given")


def _random_input(program: Any, arguments: argparse.Namespace) -> Floats:
    """One sample of the program's task, (T, V)."""
    import torch

    from hardmax.trainer.sequence.tasks.registry import task_of

    task = task_of(program.metadata.task, program.input_width, program.output_width)
    complexity = arguments.complexity
    if complexity is None:
        complexity = program.metadata.trained_complexity or task.largest_training_complexity
    if complexity < task.smallest_complexity:
        raise HardmaxError(
            f"task {task.name}: expected a complexity of at least {task.smallest_complexity}, "
            f"found {complexity}"
        )
    generator = torch.Generator().manual_seed(arguments.seed or 0)
    batch = task.sample(torch.tensor([complexity]), generator)
    inputs: Floats = batch.inputs[0].numpy()
    return inputs
