"""An HTML page that is whole in itself: templates filled, styles and scripts put in."""

from __future__ import annotations

import html
import json
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from hardmax.runtime.atomic_write import write_output

_STATIC = Path(__file__).parent / "static"


@dataclass(frozen=True)
class Page:
    """A page.

    Attributes:
        title: for people.
        html: the whole file; it fetches nothing.
    """

    title: str
    html: str

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the file; whole, or as it was.

        Raises:
            HardmaxError: it cannot be written.
        """
        write_output(Path(path), self.html.encode())

    def __repr__(self) -> str:
        return f"<Page {self.title!r}: {len(self.html)} characters>"

    def _repr_html_(self) -> str:
        """In a notebook, a frame of its own: neither side's styles reach the other."""
        return (
            f'<iframe srcdoc="{html.escape(self.html)}" title="{html.escape(self.title)}" '
            'style="width:100%;height:45rem;border:1px solid #8888" '
            'sandbox="allow-scripts"></iframe>'
        )


def rendered(template: str, **values: Any) -> str:
    """A template filled. Everything is escaped that is not ``Markup``."""
    return _environment().get_template(template).render(**values)


def static(*names: str) -> Markup:
    """Styles or scripts of this package, one after the other, as they stand."""
    return Markup("\n".join((_STATIC / name).read_text(encoding="utf-8") for name in names))


def embedded(data: Any) -> Markup:
    """Data as JSON that can stand in a script element, whatever text is in it."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(static=static)
    environment.filters["embedded"] = embedded
    return environment
