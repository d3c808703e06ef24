"""How a training went, as a file: JSON, a line for each report of its progress."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.input_file import read_input
from hardmax.runtime.json_form import parsed
from hardmax.trainer.progress import Progress

METRICS_SUFFIX = ".metrics.jsonl"

NUMBERS = ("soft_error", "discretized_error", "loss", "penalty")
"""The fields that are a number or null; a file of an earlier version need not have all."""

LARGEST = 1 << 28
"""Bytes of a file that is still read: it is untrusted."""


def metrics_path(output: Path) -> Path:
    """Where the metrics of the training of an output lie: ``copy.metrics.jsonl`` of ``copy.pt``."""
    return output.with_suffix(METRICS_SUFFIX)


def recording(
    path: Path, resumed: bool, report: Callable[[Progress], None]
) -> Callable[[Progress], None]:
    """A report that also adds a line to a file; the file begins with the first one.

    Args:
        resumed: whether the file that is there is continued rather than begun anew.
        report: what is told, too.
    """
    mode = "a" if resumed else "w"

    def tell(progress: Progress) -> None:
        nonlocal mode
        line = json.dumps(_finite(asdict(progress)), separators=(",", ":"))
        try:
            with path.open(mode, encoding="utf-8") as file:
                file.write(f"{line}\n")
        except OSError as error:
            raise HardmaxError(f"cannot write {path}: {error.strerror}") from None
        mode = "a"
        report(progress)

    return tell


def _finite(value: Any) -> Any:
    """JSON has no numbers that are infinite or none: null stands for them."""
    if isinstance(value, dict):
        return {name: _finite(part) for name, part in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value


def load_metrics(path: Path) -> list[dict[str, Any]]:
    """The lines of a file, each with the fields of :class:`hardmax.trainer.progress.Progress`.

    Raises:
        HardmaxError: it cannot be read, or a line is none of that.
    """
    try:
        lines = read_input(path, LARGEST).decode().splitlines()
    except UnicodeDecodeError:
        raise HardmaxError(f"{path}: expected lines of JSON, found binary") from None
    found = []
    for number, line in enumerate(lines, start=1):
        try:
            data = parsed(line, "the progress of a training")
        except HardmaxError as error:
            raise HardmaxError(f"{path}, line {number}: {error}") from None
        if not isinstance(data, dict) or not _is_progress(data):
            raise HardmaxError(f"{path}, line {number}: expected the progress of a training")
        found.append(data)
    return found


def _is_progress(data: dict[str, Any]) -> bool:
    def is_number(value: object) -> bool:
        return value is None or (isinstance(value, int | float) and not isinstance(value, bool))

    search, levels = data.get("search"), data.get("levels")
    return (
        isinstance(data.get("seconds"), int | float)
        and all(is_number(data.get(name)) for name in NUMBERS)
        and isinstance(levels, list)
        and all(isinstance(level, int) for level in levels)
        and (search is None or (isinstance(search, dict) and is_number(search.get("score"))))
    )
