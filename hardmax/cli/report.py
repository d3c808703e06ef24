"""The verb ``report``: a page about a model, which runs it before your eyes."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from hardmax.runtime.errors import HardmaxError

PAGE = ".html"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``hardmax report``."""
    parser.add_argument("model", metavar="MODEL", type=Path, help="a trained model (.pt)")
    parser.add_argument(
        "-o", "--output", type=Path, required=True, help="the page to write (.html)"
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="have the certificate beside the model confirmed by a second solver first",
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the page."""
    # The machines are small: threads would wait for each other. Read when torch is imported.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    from hardmax.pages.report import report
    from hardmax.runtime.atomic_write import expect_writable

    output: Path = arguments.output
    if output.suffix != PAGE:
        raise HardmaxError(f"{output}: expected an output with the extension {PAGE}")
    expect_writable(output)
    report(arguments.model, check=arguments.check).save(output)
    return 0
