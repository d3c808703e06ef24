"""The metrics of a training: a line a report, whatever the numbers, and nothing else is read."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from hardmax.runtime.errors import HardmaxError
from hardmax.trainer.metrics import load_metrics, metrics_path, recording
from hardmax.trainer.progress import Progress, SearchProgress


def progress(seconds: float, error: float) -> Progress:
    search = SearchProgress(1, "polish", 2, 0.5, 7, seconds)
    return Progress(seconds, 3, 48, (1, 2), error, error, 0, 7, search)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = metrics_path(tmp_path / "copy.pt")
    assert path.name == "copy.metrics.jsonl"
    path.write_text("of another training")
    told: list[Progress] = []
    record = recording(path, False, told.append)
    for seconds, error in ((0.5, math.inf), (1.0, 0.25)):
        record(progress(seconds, error))
    recording(path, True, told.append)(progress(2.0, 0.0))
    found = load_metrics(path)
    assert [line["seconds"] for line in found] == [0.5, 1.0, 2.0]
    assert [line["soft_error"] for line in found] == [None, 0.25, 0.0]
    assert found[1]["levels"] == [1, 2]
    assert found[1]["search"]["score"] == 0.5
    assert [one.seconds for one in told] == [0.5, 1.0, 2.0]


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        "{}",
        '{"seconds": "x", "levels": []}',
        '{"seconds": 1, "levels": 3}',
        '{"seconds": 1, "levels": ["a"]}',
        '{"seconds": 1, "levels": [], "soft_error": "0"}',
    ],
)
def test_another_file_is_refused_with_the_line(tmp_path: Path, line: str) -> None:
    path = tmp_path / "x.metrics.jsonl"
    path.write_text(f'{{"seconds": 1, "levels": []}}\n{line}\n')
    with pytest.raises(HardmaxError, match="line 2: expected"):
        load_metrics(path)
