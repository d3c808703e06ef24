"""How fast a program is beside C that a person would write: what the benchmark of the speed found.

``python -m benchmarks.speed --figures hardmax/pages/speed.json`` writes the file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from hardmax.pages.kinds import Section
from hardmax.pages.page import rendered

FIGURES = Path(__file__).with_name("speed.json")
"""``machine``, ``compiler``, ``complexity``; and of each model that was measured, by its hash,
``cells``, ``timesteps``, ``learned`` and ``handwritten`` in seconds, ``ratio`` of the two."""


def speed(model_hash: str) -> Iterator[Section]:
    """A section about the program of a model, where it was measured."""
    figures = _figures()
    found = figures["models"].get(model_hash)
    if found is None:
        return
    body = rendered(
        "speed.html",
        times=[
            ("C by hand", _human(found["handwritten"]), found["handwritten"]),
            ("learned, compiled", _human(found["learned"]), found["learned"]),
        ],
        longest=max(found["learned"], found["handwritten"]),
        found=found,
        **{name: figures[name] for name in ("machine", "compiler", "complexity")},
    )
    yield Section("speed", "How fast it is", body)


@cache
def _figures() -> Any:
    return json.loads(FIGURES.read_text(encoding="utf-8"))


def _human(seconds: float) -> str:
    """Three digits and a unit."""
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"
