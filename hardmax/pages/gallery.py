"""Pages about all models of a folder, and one that leads to them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from hardmax.files import MODEL
from hardmax.pages.page import Page, rendered
from hardmax.pages.report import Card, report_with_card
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.version import VERSION

INDEX = "index.html"


def gallery(
    models: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    check: bool = False,
    progress: Callable[[str], None] = lambda told: None,
) -> Page:
    """Write a page for every model of a folder, and last the index.

    Args:
        models: a folder with models (.pt).
        output: the folder to write to, which is made where it is missing.
        check: as that of :func:`hardmax.api.report`.
        progress: told what is being done, a line at a time.

    Returns:
        the index.

    Raises:
        HardmaxError: there are no models, or one of them has no page.
    """
    folder, site = Path(models), Path(output)
    paths = sorted(folder.glob(f"*{MODEL}"), key=lambda path: path.stem)
    if not paths:
        raise HardmaxError(f"{folder}: expected a folder with models (*{MODEL}), found none")
    try:
        site.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise HardmaxError(f"cannot make {site}: {error.strerror}") from None
    cards: dict[str, list[Card]] = {}
    for number, path in enumerate(paths, start=1):
        progress(f"{number} of {len(paths)}: {path.stem}")
        page, card = report_with_card(path, check=check)
        page.save(site / f"{path.stem}.html")
        cards.setdefault(card.machine, []).append(card)
    html = rendered(
        "gallery.html",
        title="Models",
        cards=cards,
        count=len(paths),
        styles=("page.css", "gallery.css", "print.css"),
        version=VERSION,
    )
    index = Page("Models", html)
    index.save(site / INDEX)
    return index
