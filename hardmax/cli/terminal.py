"""What is printed, in colours where somebody sees them: plain in pipes, files and with NO_COLOR."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TextIO

STRONG, QUIET, GOOD, BAD = "1", "2", "32", "31"
"""Styles, as terminals know them."""


def styled(text: str, style: str, stream: TextIO | None = None) -> str:
    """Text in a style, where the stream, stdout by default, is a terminal that shows it."""
    terminal = (stream or sys.stdout).isatty()
    if not terminal or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return text
    return f"\x1b[{style}m{text}\x1b[0m"


def marked(line: str, good: bool) -> str:
    """A line with its first word, ``ok`` or ``verdict:``, in the colour of good or bad news."""
    word, blank, rest = line.partition(" ")
    return styled(word, f"{STRONG};{GOOD if good else BAD}") + blank + rest


def fitting(line: str) -> str:
    """A line that a terminal does not break: what is too much is cut. Elsewhere as it is."""
    if not sys.stdout.isatty():
        return line
    width = shutil.get_terminal_size().columns
    return line if len(line) <= width else f"{line[: width - 1]}…"
