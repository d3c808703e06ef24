"""Where the time of an NTM's training goes: what is counted, and what the table says."""

from __future__ import annotations

import pytest

from benchmarks import ntm_training
from benchmarks.ntm_training import Measurement, fixed_seconds, main, table
from benchmarks.train_throughput import Limits


def test_the_fixed_share_is_read_off_a_line() -> None:
    small, large = (Measurement(n, 0.05 + 0.01 * n, 1000, 200, 6e6) for n in (2, 8))
    assert fixed_seconds(small, large) == pytest.approx(0.05)
    row = table([small], arithmetic=1e10).splitlines()[2].split("|")
    assert [cell.strip() for cell in row[1:-1]] == [
        *("2", "70 ms", "35.0 ms", "1000", "200", "58.3 us", "0.9%"),
    ]


def test_the_operations_of_an_update_hardly_depend_on_the_members(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ntm_training, "measure_limits", lambda device: Limits(1e10, 1e11))
    assert main(["--members", "1", "2", "--updates", "4"]) == 0
    lines = capsys.readouterr().out.splitlines()
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if "us" in line]
    few, many = (float(row[3]) for row in rows)
    assert few > 1000
    assert many == pytest.approx(few, rel=0.1)


def test_an_unknown_task_is_refused_in_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ntm_training, "measure_limits", lambda device: Limits(1e10, 1e11))
    assert main(["--task", "ntm-juggle"]) == 1
    assert "error: unknown task 'ntm-juggle'" in capsys.readouterr().err
