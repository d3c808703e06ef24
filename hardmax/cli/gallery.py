"""The verb ``gallery``: pages about all models of a folder, with an index."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``hardmax gallery``."""
    parser.add_argument("models", metavar="FOLDER", type=Path, help="a folder with models (.pt)")
    parser.add_argument(
        "-o", "--output", metavar="SITE", type=Path, required=True, help="the folder to write to"
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="have the certificates beside the models confirmed by a second solver first",
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the pages; a line on stderr for each."""
    # The machines are small: threads would wait for each other. Read when torch is imported.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    from hardmax.pages.gallery import gallery

    gallery(
        arguments.models,
        arguments.output,
        check=arguments.check,
        progress=lambda told: print(told, file=sys.stderr, flush=True),
    )
    return 0
