"""The verb ``trace``: a run as a picture, soft beside discretized where there is a model."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hardmax.cli.argtypes import count
from hardmax.files import SHARED_LIBRARY, is_model_name, load_model, load_program, program_of
from hardmax.inputs import sequence_from_words
from hardmax.paper.figures import (
    TRACE_FORMATS,
    draw_memory_run,
    draw_soft_run,
    draw_structures,
    draw_traces,
    expect_drawable,
)
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.extras import expect_extra
from hardmax.shipped import locate

if TYPE_CHECKING:
    from hardmax.runtime.float32 import Floats
    from hardmax.runtime.symbols.interface import Symbols

LARGEST_SOFT_MEMORY = 128
"""Cells up to which the soft machine is run, too: a timestep takes time in their square."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``hardmax trace``."""
    parser.add_argument(
        "file",
        metavar="FILE",
        type=Path,
        help="a program, compiled (.so) or as text (.json), or a trained model (.pt): then soft "
        "beside discretized",
    )
    parser.add_argument(
        "input",
        metavar="INPUT",
        nargs="*",
        help="as that of run (default: a random input of the task)",
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

    path = locate(arguments.file)
    picture: Path = arguments.plot
    picture_format = picture.suffix.removeprefix(".")
    if picture_format not in TRACE_FORMATS:
        expected = " ".join(f".{name}" for name in TRACE_FORMATS)
        raise HardmaxError(f"{picture}: expected one of the extensions {expected}")
    expect_writable(picture)
    model: Any = load_model(path) if is_model_name(path) else None
    program: Any = load_program(path) if model is None else program_of(path, model)
    title = f"{program.metadata.task}, {find_kind(program.kind).title}"
    if program.metadata.model_hash:
        title += f", {program.metadata.model_hash[:12]}"
    interface = find_kind(program.kind).interface
    if interface is Interface.MEMORY:
        drawn = _memory_run(program, model, arguments, picture_format, title)
    elif interface is Interface.SYMBOLS:
        drawn = _symbol_run(program, arguments, picture_format, title)
    else:
        drawn = _sequence_run(path, program, model, arguments, picture_format, title)
    write_output(picture, drawn)
    return 0


def _memory_run(
    program: Any, model: Any, arguments: argparse.Namespace, picture_format: str, title: str
) -> bytes:
    """A run of a program that works on a memory."""
    import numpy as np
    import torch

    from hardmax.interfaces import find_tools
    from hardmax.trainer.kinds import find_learner
    from hardmax.trainer.nram.model import Model
    from hardmax.trainer.nram.soft_run import soft_run

    if arguments.rows is not None:
        raise HardmaxError(f"--rows is no option of a run of its kind, {program.kind}")
    tools = find_tools(program.kind)
    if arguments.input:
        _refuse_options_of_a_random_input(arguments)
        given = tools.input_from_words(program, arguments.input)
    else:
        name = program.metadata.task
        task: Any = find_learner(name).task(name) if model is None else model.task
        complexity = _complexity(program, task, arguments)
        generator = torch.Generator().manual_seed(arguments.seed or 0)
        size = task.minimum_size(complexity)
        given = task.sample(torch.tensor([complexity]), size, generator).inputs[0].tolist()
    trace: Any = tools.trace(program, given, None)
    result, timesteps = trace.result, trace.timesteps
    if not timesteps:
        raise HardmaxError(f"nothing to draw: {tools.outcome(given, result)}")
    expect_drawable(len(timesteps) + 1, len(result.memory))
    soft = None
    if isinstance(model, Model) and max(given) < len(given) <= LARGEST_SOFT_MEMORY:
        soft = soft_run(model, list(given), len(timesteps) + 1)
    if soft is not None:
        return draw_soft_run(soft, picture_format, title)
    memory = np.array([*(timestep.memory for timestep in timesteps), result.memory])
    registers = np.array([timestep.registers for timestep in timesteps])
    return draw_memory_run(memory[: len(registers)], registers, picture_format, title)


def _sequence_run(
    path: Path,
    program: Any,
    model: Any,
    arguments: argparse.Namespace,
    picture_format: str,
    title: str,
) -> bytes:
    """A run of a machine that answers sequences."""
    from hardmax.runtime.loader import load
    from hardmax.runtime.sequence.interface import checked_inputs, checked_rows
    from hardmax.runtime.sequence.kind import find_sequence_kind
    from hardmax.runtime.sequence.trace import one_hot
    from hardmax.trainer.decisions import SOFT

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
    return draw_traces(traces, program.head_names, picture_format, title)


def _symbol_run(
    program: Any, arguments: argparse.Namespace, picture_format: str, title: str
) -> bytes:
    """A run of a machine that answers symbols."""
    from hardmax.inputs import symbols_from_words
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
    return draw_structures(steps, program.structure_names, alphabets, picture_format, title)


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
    complexity = _complexity(program, task, arguments)
    generator = torch.Generator().manual_seed(arguments.seed or 0)
    batch = task.sample(torch.tensor([complexity]), generator)
    inputs: Floats = batch.inputs[0].numpy()
    return inputs


def _complexity(program: Any, task: Any, arguments: argparse.Namespace) -> int:
    """Of a random input."""
    complexity: int | None = arguments.complexity
    if complexity is None:
        complexity = program.metadata.trained_complexity or task.largest_training_complexity
    if complexity < task.smallest_complexity:
        raise HardmaxError(
            f"task {task.name}: expected a complexity of at least {task.smallest_complexity}, "
            f"found {complexity}"
        )
    return complexity
