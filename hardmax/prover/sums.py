"""Sums of multiples as text."""

from __future__ import annotations

from collections.abc import Sequence


def sum_text(parts: Sequence[tuple[int, str]], constant: int) -> str:
    """A sum of multiples as text, what is added before what is taken away: ``n - j + 1``."""
    text = ""
    for factor, name in sorted(parts, key=lambda part: part[0] < 0):
        if factor == 0:
            continue
        size = name if abs(factor) == 1 else f"{abs(factor)} * {name}"
        sign = "-" if factor < 0 else "+"
        text = f"{text} {sign} {size}" if text else (f"-{size}" if factor < 0 else size)
    if not text:
        return str(constant)
    return text if constant == 0 else f"{text} {'-' if constant < 0 else '+'} {abs(constant)}"
