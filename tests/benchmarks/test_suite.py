"""The benchmark of the suite: which attempt comes next, what is kept of it, and the pages."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import suite_pages
from benchmarks.mips_published import SOLVED_BY_GPT4
from benchmarks.solving import Outcome
from benchmarks.suite import BUDGETS, after, attempt, main, pending
from hardmax.trainer.nram.suite.registry import group, suite
from hardmax.trainer.nram.suite.results import (
    RESULTS,
    Result,
    Solution,
    read_results,
    results_text,
)

IDLES = Solution(4, 1, "grow", 10, 1.0, 2, 5, 900, False, 96, 0, 60)
HALTS = replace(IDLES, halts=True, halted=96)
FAILED = Outcome(None, 5, 100, 2.0, 3, 0.75)


def test_the_fewest_attempts_come_first_and_what_halts_gets_no_more() -> None:
    results = {
        "a": Result(attempts=2),
        "b": Result(attempts=1, solution=HALTS),
        "c": Result(attempts=1, solution=IDLES),
        "d": Result(),
    }
    assert pending(results, list(results), most=10) == ["d", "c", "a"]
    assert pending(results, list(results), most=2) == ["d", "c"]


def test_an_attempt_adds_up_and_keeps_the_furthest() -> None:
    result = after(Result(1, 2, 50, 1.0, 4, 0.5), FAILED, None)
    assert result == Result(2, 5, 150, 3.0, 4, 0.5)
    assert after(result, replace(FAILED, level=4, score=0.6), None).score == 0.6


def test_a_program_that_halts_takes_the_place_of_one_that_idles_and_not_the_reverse() -> None:
    idling = after(Result(), FAILED, IDLES)
    assert idling.solution == replace(IDLES, evaluations=100, seconds=2.0)
    assert idling.status == "solved, idles"
    halting = after(idling, FAILED, HALTS)
    assert halting.solution == replace(HALTS, evaluations=200, seconds=4.0)
    assert halting.status == "solved"
    assert after(halting, FAILED, IDLES).solution == halting.solution


def test_results_survive_their_file(tmp_path: Path) -> None:
    results = {"max": Result(), "sort": after(Result(), FAILED, HALTS)}
    path = tmp_path / "results.json"
    path.write_text(results_text(results))
    assert read_results(path) == results


def test_every_solution_that_comes_along_ran_without_a_mistake() -> None:
    for name, result in read_results().items():
        assert name in suite()
        if result.solution is not None:
            assert (result.solution.runs, result.solution.wrong) == (96, 0)


def test_the_committed_pages_are_made_of_the_committed_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = read_results(RESULTS)
    results = {name: found.get(name, Result()) for name in suite()}
    for name in ("SUITE", "MIPS"):
        page: Path = getattr(suite_pages, name)
        copy = tmp_path / page.name
        copy.write_text(page.read_text())
        monkeypatch.setattr(suite_pages, name, copy)
    suite_pages.write_pages(results)
    for name in ("suite.md", "mips.md"):
        assert (tmp_path / name).read_text() == (Path("docs") / name).read_text()


def test_what_is_published_names_tasks_of_mips() -> None:
    published = {f"mips-{name}" for name in SOLVED_BY_GPT4}
    assert len(published) == 30
    assert published <= set(group("mips"))


def test_an_unknown_task_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--tasks", "sort-of"]) == 1
    assert capsys.readouterr().err.startswith("error: unknown task 'sort-of', expected one of max")


@pytest.mark.slow
def test_an_attempt_finds_a_program_that_halts_and_makes_no_mistake(tmp_path: Path) -> None:
    outcome, solution = attempt("iota", Result(), tmp_path)
    assert solution is not None
    assert solution.halts
    assert (solution.wrong, solution.halted) == (0, solution.runs)
    assert (tmp_path / "iota.pt").exists()
    assert outcome.evaluations <= BUDGETS[0]
