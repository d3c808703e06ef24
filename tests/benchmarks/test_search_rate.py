"""The benchmark of the search: it judges the same programs in two ways, and earlier commits too."""

from __future__ import annotations

import pytest

from benchmarks import search_rate


def test_machine_code_and_definition_are_compared_on_the_same_programs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(search_rate, "PROGRAMS", 3)
    assert search_rate.speedup("reverse", 4, 1) > 0


def test_programs_that_are_not_judged_alike_end_the_benchmark(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(search_rate, "PROGRAMS", 3)
    monkeypatch.setattr(search_rate, "evaluate", lambda *arguments: -2)
    with pytest.raises(AssertionError, match="lost by machine code"):
        search_rate.speedup("reverse", 4, 1)


@pytest.mark.slow
def test_a_commit_is_measured_as_this_one_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_rate, "CASES", (("reverse", 4, 1),))
    monkeypatch.setattr(search_rate, "EVALUATIONS", 60_000)
    (before,) = search_rate.rates_of_commit("HEAD")
    (after,) = search_rate.rates_of_this()
    assert before > 0
    assert after > 0
