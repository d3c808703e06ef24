"""Arguments that more than one verb has."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import Any


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


MOST_SEEDS = 10_000


def seed_range(text: str) -> range:
    """The type of an argument that is seeds from one to another: ``0-9``, or one: ``3``."""
    first, dash, last = text.partition("-")
    seeds = range(count(first), count(last if dash else first) + 1)
    if not 1 <= len(seeds) <= MOST_SEEDS:
        raise argparse.ArgumentTypeError(f"expected 1 to {MOST_SEEDS} seeds, found {text!r}")
    return seeds


def add_count(parser: argparse.ArgumentParser, option: str, default: int, what: str) -> None:
    """Add an option that is a number of things, with a default and one line of help."""
    parser.add_argument(
        option, metavar="N", type=count, default=default, help=f"{what} (default %(default)s)"
    )


class _FormerSpelling(argparse.Action):
    """Does what the option of today does, and says on stderr what that is called."""

    def __init__(self, *args: Any, now: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = now

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        print(
            f"hardmax: {option_string} is now {self.now}; the next release knows only that",
            file=sys.stderr,
        )
        setattr(namespace, self.dest, values)


def add_former_spelling(
    parser: argparse.ArgumentParser,
    former: str,
    now: str,
    parse: Callable[[str], object] = str,
) -> None:
    """Let an option's former spelling, not shown in the help, work for one more release."""
    parser.add_argument(
        former,
        dest=now.removeprefix("--").replace("-", "_"),
        action=_FormerSpelling,
        now=now,
        type=parse,
        default=argparse.SUPPRESS,
        help=argparse.SUPPRESS,
    )
