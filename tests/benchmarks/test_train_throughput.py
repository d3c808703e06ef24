"""The benchmark of training counts what it says it counts, and prints it."""

from __future__ import annotations

import pytest
import torch

from benchmarks import train_throughput
from benchmarks.train_throughput import (
    COMPILED,
    EAGER,
    NATIVE,
    Limits,
    Load,
    Measurement,
    _TrafficMode,
    count,
    table,
)
from tests.trainer.nram.test_training import gradient_run


def cells(printed: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in printed.splitlines()]


def test_traffic_is_what_is_read_and_written_and_a_view_is_neither() -> None:
    x = torch.ones(10)
    with _TrafficMode() as traffic:
        (x + x).view(2, 5)
    assert traffic.bytes == 3 * 10 * 4


def test_the_load_is_the_same_for_the_same_updates_and_more_for_more() -> None:
    once, again, twice = (count(gradient_run(1), updates) for updates in (1, 1, 2))
    assert once == again
    assert twice.timesteps > once.timesteps > 0
    assert once.timesteps % (3 * 4) == 0  # members and samples
    assert twice.traffic > once.traffic > 0
    assert twice.work > once.work > 0
    assert once.work > once.native_work > 0
    assert twice.native_work > once.native_work


def test_ratios_are_to_the_same_population() -> None:
    load, limits = Load(1000, 10**9, 10**9, 10**8), Limits(2e9, 4e9)
    measurements = [
        Measurement("CPU", 16, EAGER, load, limits, 2.0, 2.0, ""),
        Measurement("CPU", 16, COMPILED, load, limits, 9.0, 1.0, ""),
        Measurement("CPU", 16, NATIVE, load, limits, 2.1, 0.1, ""),
        Measurement("GPU", 16, EAGER, load, limits, 0.5, 0.5, ""),
        Measurement("GPU", 16, COMPILED, load, limits, 0.0, 0.0, "RuntimeError: no"),
        Measurement("GPU", 64, COMPILED, load, limits, 1.0, 0.5, ""),
    ]
    assert cells(table(measurements))[2:] == [
        ["CPU", "16", EAGER, "500", "1.00", "1.00", "25.0%", "12.5%", ""],
        ["CPU", "16", COMPILED, "1,000", "2.00", "2.00", "50.0%", "25.0%", "8.0 s"],
        ["CPU", "16", NATIVE, "10,000", "20.00", "20.00", "", "25.0%", "2.0 s"],
        ["GPU", "16", EAGER, "2,000", "1.00", "4.00", "100.0%", "50.0%", ""],
        ["GPU", "16", COMPILED, "RuntimeError: no", "", "", "", "", ""],
        ["GPU", "64", COMPILED, "2,000", "", "", "100.0%", "50.0%", "0.5 s"],
    ]


def test_it_measures_and_says_that_there_was_no_gpu(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(train_throughput, "COPIED", 1 << 12)
    monkeypatch.setattr(train_throughput, "MULTIPLIED", {"cpu": 16})
    options = ["--members", "2", "--batch", "2", "--updates", "1", "--contenders", EAGER, NATIVE]
    assert train_throughput.main(["--task", "access", *options]) == 0
    printed = capsys.readouterr().out
    assert "There was no GPU" in printed
    assert [row[1:3] for row in cells(printed)[-2:]] == [["2", EAGER], ["2", NATIVE]]
