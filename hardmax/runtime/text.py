"""Text that came from a file or a user, made fit to be shown to people."""

from __future__ import annotations

from collections.abc import Sequence

LONGEST_SHOWN = 200
"""Characters of one piece of untrusted text that :func:`printable` shows at most."""


def counted(number: int, noun: str) -> str:
    """A number of things in words: ``1 row``, ``6 rows``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def listed(values: Sequence[object], longest: int = 16) -> str:
    """The first values with blanks between them, and dots where there are more."""
    return " ".join(map(str, values[:longest])) + (" ..." if len(values) > longest else "")


def printable(text: object, longest: int = LONGEST_SHOWN) -> str:
    r"""Text on one line, with no effect but to be read.

    What is no printable character stands as Python writes it in a literal: ``\n``, ``\x1b``,
    ``\u202e``, ``\udc80``. That is every control character, line break, change of writing direction
    and surrogate, so the text neither steers a terminal, nor forges a line, nor breaks an encoder.

    Args:
        text: anything; what is no string is shown as ``str`` shows it.
        longest: characters that are shown; where there are more, dots stand for the rest.

    Examples:
        >>> printable("copy\x1b[2J")
        'copy\\x1b[2J'
    """
    shown = str(text)
    if len(shown) > longest:
        shown = f"{shown[:longest]}..."
    return "".join(
        character
        if character.isprintable()
        else character.encode("unicode_escape", "surrogatepass").decode("ascii")
        for character in shown
    )
