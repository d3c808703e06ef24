"""The verb ``extract``: from a trained model to its program, listed for people."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from hardmax.cli.markdown import markdown
from hardmax.files import PROGRAM_TEXT, extract_any, load_any_model
from hardmax.runtime.errors import HardmaxError

if TYPE_CHECKING:
    from hardmax.extractor.nram.extract import Extraction
    from hardmax.extractor.ntm.extract import NtmExtraction
    from hardmax.runtime.kinds import AnyProgram


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``hardmax extract``."""
    parser.add_argument("model", metavar="MODEL", type=Path, help="a trained model (.pt)")
    parser.add_argument("-o", "--output", type=Path, help="write the program as text (.json)")


def run(arguments: argparse.Namespace) -> int:
    """Print the listing and the smallest margin; write the program where that is asked for."""
    from hardmax.runtime.atomic_write import write_output
    from hardmax.trainer.sequence.model import SequenceModel

    output: Path | None = arguments.output
    if output is not None and output.suffix != PROGRAM_TEXT:
        raise HardmaxError(f"{output}: expected an output with the extension {PROGRAM_TEXT}")
    model = load_any_model(arguments.model)
    if isinstance(model, SequenceModel):
        machine = extract_any(arguments.model, model)
        program: AnyProgram = machine.program
        lines = _ntm_listing(machine)
    else:
        extraction = extract_any(arguments.model, model)
        program = extraction.program
        lines = _listing(extraction)
    if output is not None:
        write_output(output, program.to_json().encode())
    for line in lines:
        print(line)
    return 0


def _listing(extraction: Extraction) -> Iterator[str]:
    from hardmax.extractor.nram.listing import listing
    from hardmax.runtime.nram.program import Program

    if isinstance(extraction.program, Program):
        yield listing(extraction.program)
    yield f"form: {extraction.form}"
    yield f"smallest margin: {extraction.margin}"


def _ntm_listing(extraction: NtmExtraction) -> Iterator[str]:
    moves = extraction.moves
    yield markdown(("situation", "steps", *moves.head_names), list(moves.rows()))
    determined = "by the situation alone" if moves.determined else "by more than the situation"
    yield f"form: the network itself, every head at one row and moved {determined}"
    yield from (f"smallest margin: {margin}" for margin in extraction.margins)
