"""Comparing trainings: the plan, one short comparison, and what its table says."""

from __future__ import annotations

import dataclasses

import pytest

from benchmarks import discretizations, methods
from benchmarks.trials import Trial, table
from hardmax.extractor.markdown import markdown
from tests.trainer.nram.test_training import SMALL


def trial(discretization: str, seconds: float, exact: bool) -> Trial:
    return Trial(
        settings=dataclasses.replace(SMALL, discretization=discretization),
        seconds=seconds,
        cpu_seconds=2 * seconds,
        updates=7,
        evaluations=0,
        exact=exact,
        found_by="",
    )


def test_a_table_counts_all_runs_and_times_those_that_ended_exact() -> None:
    runs = [("mixed", 1, True), ("none", 9, False), ("mixed", 60, False), ("mixed", 2, True)]
    printed = table("discretization", [trial(*run) for run in runs])
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in printed.splitlines()]
    assert rows[2:] == [
        ["access", "mixed", "2 of 3", "67%", "1.5", "3.0", "4.0", "7", "0"],
        ["access", "none", "0 of 1", "0%", "", "", "", "", ""],
    ]


def test_a_table_is_aligned() -> None:
    assert markdown(["a", "bcde"], [["12", "3"]]) == (
        "|   a | bcde |\n| --: | ---: |\n|  12 |    3 |"
    )


def test_schemes_are_compared_seed_after_seed(capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--discretizations", "none", "gumbel", "--seeds", "2", "--minutes", "0.001"]
    assert discretizations.main(["--tasks", "merge", "--members", "2", *options]) == 0
    printed = capsys.readouterr()
    begun = [line.split(":")[0] for line in printed.err.splitlines()]
    assert begun == [
        "merge, none, seed 0",
        "merge, gumbel, seed 0",
        "merge, none, seed 1",
        "merge, gumbel, seed 1",
    ]
    assert "At most 0.001 minutes of CPU time a training, 1 thread" in printed.out


def test_an_unknown_task_is_refused_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert methods.main(["--tasks", "juggling"]) == 1
    assert "error: unknown task 'juggling'" in capsys.readouterr().err
