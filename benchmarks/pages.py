"""Figures in the documentation: written there by the command that measured them."""

from __future__ import annotations

from pathlib import Path

from hardmax.runtime.atomic_write import write_output
from hardmax.runtime.errors import HardmaxError


def write_section(page: Path, name: str, text: str) -> None:
    """Replace what stands between ``<!-- name -->`` and ``<!-- end of name -->`` on a page.

    Raises:
        HardmaxError: there is no such page or no such section, or it cannot be written.
    """
    first, last = f"<!-- {name} -->\n", f"<!-- end of {name} -->\n"
    try:
        before, begun, rest = page.read_text().partition(first)
    except OSError as error:
        raise HardmaxError(f"cannot read {page}: {error.strerror}") from None
    _, ended, after = rest.partition(last)
    if not begun or not ended:
        raise HardmaxError(f"{page}: expected the lines {first.strip()} and {last.strip()}")
    write_output(page, f"{before}{first}\n{text}\n\n{last}{after}".encode())
