"""Yields of stack machines: what a run trains, what it keeps, what the table says."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import stack_training
from benchmarks.stack_training import Attempt, Case, attempt, main, read_results, table

DYCK = Case("stack", "dyck", (("depth", 1), ("structures", "stack+queue")))


def test_a_case_is_read_as_it_is_written() -> None:
    assert str(DYCK) == "stack:dyck,depth=1,structures=stack+queue"
    assert Case.parse(str(DYCK)) == DYCK


def test_a_training_ends_with_its_cpu_seconds() -> None:
    found = attempt(Case("stack", "reversal", (("members", 2), ("hidden", 4))), 3, limit=0.1)
    assert not found.exact
    assert found.proved is None
    assert 0.1 <= found.seconds < 20
    assert found.updates > 0


def test_the_table_counts_what_was_found_in_time() -> None:
    attempts = {
        "0": Attempt(20, 300, exact=True, proved=True),
        "1": Attempt(31, 500, exact=True, proved=False),
        "2": Attempt(130, 900, exact=True, proved=True),
        "3": Attempt(121, 1000, exact=False),
    }
    last = table([DYCK, Case("queue", "copy")], {str(DYCK): attempts}, 120).splitlines()[-1]
    cells = [cell.strip() for cell in last.split("|")[1:-1]]
    options = "dyck (depth 1, structures stack+queue)"
    assert cells == ["stack", options, "2 of 4", "1 of 2", "26", "400"]


def test_an_interrupted_run_goes_on_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, results, trained = tmp_path / "page.md", tmp_path / "results.json", []
    page.write_text("<!-- yields -->\nold\n<!-- end of yields -->\n")
    monkeypatch.setattr(stack_training, "PAGE", page)

    def pretend(case: Case, seed: int, limit: float) -> Attempt:
        trained.append((seed, limit))
        if trained == [(0, 10.0), (1, 10.0)]:
            raise KeyboardInterrupt
        return Attempt(limit, 7, exact=seed == 0)

    monkeypatch.setattr(stack_training, "attempt", pretend)
    command = ["--cases", str(DYCK), "--results", str(results), "--seeds", "2", "--seconds"]
    assert main([*command, "10"]) == 130
    assert main([*command, "10"]) == 0
    assert main([*command, "10"]) == 0
    assert main([*command, "20"]) == 0  # tried for less before
    assert trained == [(0, 10.0), (1, 10.0), (1, 10.0), (1, 20.0)]
    assert read_results(results)[str(DYCK)]["1"] == Attempt(20, 7, exact=False)
    assert "1 of 2" in page.read_text()
