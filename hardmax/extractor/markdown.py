"""Tables in Markdown that are also readable as they are."""

from __future__ import annotations

from collections.abc import Sequence


def markdown(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table, every column as wide as its widest text."""
    widths = [max(3, *map(len, column)) for column in zip(headings, *rows, strict=True)]
    rule = [f"{'-' * (width - 1)}:" for width in widths]
    return "\n".join(
        f"| {' | '.join(f'{text:>{width}}' for text, width in zip(line, widths, strict=True))} |"
        for line in (headings, rule, *rows)
    )
