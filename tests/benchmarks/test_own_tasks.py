"""The benchmark of files of examples: what it writes into them, what it keeps, and its tables."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import own_tasks
from benchmarks.own_tasks import INVENTED, Case, Measured, example_lines, main, task_of

FOUND = Measured(True, 2.5, 12_000, "halts by itself", (0, 0, 0))


@pytest.mark.parametrize("name", INVENTED)
def test_examples_of_invented_tasks_differ_and_change_something(name: str) -> None:
    examples = [json.loads(line) for line in example_lines(task_of(name), 50)]
    assert len({tuple(example["before"]) for example in examples}) == 50
    changed = [
        any(a not in (None, b) for b, a in zip(example["before"], example["after"], strict=True))
        for example in examples
    ]
    assert sum(changed) >= 10


def test_the_same_file_is_written_each_time() -> None:
    assert [*example_lines(task_of("copy"), 20)] == [*example_lines(task_of("copy"), 20)]


def test_a_run_goes_on_where_it_was_and_writes_its_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, results, made = tmp_path / "page.md", tmp_path / "results.json", []
    names = ("files of the paper's tasks", "files of invented tasks")
    page.write_text("".join(f"<!-- {name} -->\n<!-- end of {name} -->\n" for name in names))

    def measure(case: Case) -> Measured:
        made.append(case)
        return replace(FOUND, wrong=(0, 1, 32)) if case.seed == 1 else FOUND

    monkeypatch.setattr(own_tasks, "PAGE", page)
    monkeypatch.setattr(own_tasks, "measure", measure)
    arguments = ["--results", str(results), "--tasks", "copy", "triple"]
    assert main(arguments) == 0
    assert len(made) == 7
    assert main(arguments) == 0
    assert len(made) == 7
    written = page.read_text()
    assert "2 of 3" in written
    assert "three times each element" in written


def test_an_interrupted_run_keeps_what_was_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def measure(case: Case) -> Measured:
        if case.seed == 1:
            raise KeyboardInterrupt
        return FOUND

    monkeypatch.setattr(own_tasks, "measure", measure)
    results = tmp_path / "results.json"
    assert main(["--results", str(results), "--tasks", "copy"]) == 130
    assert [*own_tasks.read_results(results)] == ["copy, 50 examples, seed 0"]
