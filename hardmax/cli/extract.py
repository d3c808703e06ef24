"""The verb ``extract``: from a trained model to its program, listed for people."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from hardmax.files import PROGRAM_TEXT, extract_from, load_model
from hardmax.runtime.errors import HardmaxError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``hardmax extract``."""
    parser.add_argument("model", metavar="MODEL", type=Path, help="a trained model (.pt)")
    parser.add_argument("-o", "--output", type=Path, help="write the program as text (.json)")
    parser.add_argument(
        "--json", action="store_true", help="print the program, its form and margins as JSON"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the listing and the smallest margin; write the program where that is asked for."""
    from hardmax.runtime.atomic_write import write_output

    output: Path | None = arguments.output
    if output is not None and output.suffix != PROGRAM_TEXT:
        raise HardmaxError(f"{output}: expected an output with the extension {PROGRAM_TEXT}")
    extraction = extract_from(arguments.model, load_model(arguments.model))
    text = extraction.program.to_json()
    if output is not None:
        write_output(output, text.encode())
    if arguments.json:
        document = {
            "program": json.loads(text),
            "form": extraction.form,
            "margins": [asdict(margin) for margin in extraction.margins],
        }
        print(json.dumps(document, indent=2))
        return 0
    if listing := extraction.listing():
        print(listing)
    print(f"form: {extraction.form}")
    for margin in extraction.margins:
        print(f"smallest margin: {margin}")
    return 0
