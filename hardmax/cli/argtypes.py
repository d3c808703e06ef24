"""Arguments that more than one verb has."""

from __future__ import annotations

import argparse


def integer(text: str) -> int:
    """The type of an argument that is an integer."""
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected an integer, found {text!r}") from None


def count(text: str) -> int:
    """The type of an argument that is a number of things."""
    number = integer(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"expected an integer of at least 0, found {number}")
    return number


def add_count(parser: argparse.ArgumentParser, option: str, default: int, what: str) -> None:
    """Add an option that is a number of things, with a default and one line of help."""
    parser.add_argument(
        option, metavar="N", type=count, default=default, help=f"{what} (default %(default)s)"
    )
