"""The verb ``info``: what a file of ours is."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from hardmax.files import (
    MODEL,
    PROGRAM_TEXT,
    SHARED_LIBRARY,
    extract_any,
    is_model_name,
    load_any_model,
    load_program,
    unknown_kind,
)
from hardmax.runtime.nram.program import Program

if TYPE_CHECKING:
    from hardmax.runtime.kinds import AnyProgram
    from hardmax.runtime.nram.programs import RamProgram
    from hardmax.runtime.ntm.program import NtmProgram

Fact = tuple[str, object]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``hardmax info``."""
    parser.add_argument(
        "file", metavar="FILE", type=Path, help="a model (.pt), program (.json) or library (.so)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print what is known about the file, one fact a line."""
    path: Path = arguments.file
    describe = {
        MODEL: _model,
        PROGRAM_TEXT: _program_text,
        SHARED_LIBRARY: _shared_library,
    }.get(MODEL if is_model_name(path) else path.suffix)
    if describe is None:
        raise unknown_kind(path)
    facts = tuple(describe(path))
    width = max(len(name) for name, _ in facts) + 1
    for name, value in facts:
        print(f"{name + ':':<{width}} {value}")
    return 0


def _model(path: Path) -> Iterator[Fact]:
    from hardmax.trainer.sequence.model import NtmModel

    model = load_any_model(path)
    yield "kind", f"trained model ({'NTM' if isinstance(model, NtmModel) else 'NRAM'})"
    yield "task", f"{model.task.name}: {model.task.summary}"
    if isinstance(model, NtmModel):
        yield "preset", model.preset
        machine = extract_any(path, model)
        yield from _ntm_size(machine.program)
        margins = machine.margins
    else:
        wiring, config = model.controller.wiring, model.controller.config
        yield "registers", wiring.registers
        yield "modules", len(wiring.modules)
        yield "controller", f"{config.kind}, {config.hidden} units a layer"
        extraction = extract_any(path, model)
        yield "form", extraction.form
        yield from _size(extraction.program)
        margins = (extraction.margin,)
    yield "model hash", model.digest()
    yield from (("smallest margin", margin) for margin in margins)
    yield from ((f"training {name}", value) for name, value in model.provenance.items())


def _program_text(path: Path) -> Iterator[Fact]:
    yield "kind", "program text"
    yield from _program(load_program(path))


def _shared_library(path: Path) -> Iterator[Fact]:
    from hardmax.runtime.loader import load

    native = load(path)
    yield "kind", "shared library"
    yield "ABI version", native.abi_version
    yield "compiler", native.metadata["compiler"]
    yield from _program(load_program(path))


def _program(program: AnyProgram) -> Iterator[Fact]:
    metadata = program.metadata
    yield "task", metadata.task
    yield from program.facts()
    yield "trained complexity", metadata.trained_complexity or "unknown"
    yield "model hash", metadata.model_hash or "unknown"
    yield from sorted(metadata.versions.items())


def _size(program: RamProgram) -> Iterator[Fact]:
    budget = program.metadata.budget
    if isinstance(program, Program):
        yield "states", len(program.table)
        yield "circuits", len(program.circuits())
        yield "rows", sum(1 for _ in program.rows())
    else:
        yield "modules", len(program.modules)
        yield "LSTM cells", program.hidden
    yield "step budget", f"{budget.per_cell} * size + {budget.constant} timesteps"


def _ntm_size(program: NtmProgram) -> Iterator[Fact]:
    kind = "lstm" if program.recurrent else "mlp"
    yield "inputs", program.input_width
    yield "outputs", program.output_width
    yield "controller", f"{kind}, {program.hidden} units"
    yield "heads", f"{len(program.write_heads)} writing, {len(program.read_heads)} reading"
    yield "memory", f"{program.metadata.memory} rows of {program.width} numbers"
