"""``hardmax tasks``: the list of what can be learned."""

from __future__ import annotations

import json

import pytest

from hardmax.cli.main import main
from hardmax.shipped import shipped_models
from hardmax.trainer.nram.suite.registry import suite
from hardmax.trainer.nram.suite.results import read_results


def test_lists_every_task_a_line_with_group_status_and_what_it_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["tasks"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len({line.split()[1] for line in lines}) >= 15 + len(suite())
    line = next(line for line in lines if line.split()[1] == "copy")
    assert line.split()[:3] == ["nram", "copy", "shipped"]
    assert line.endswith("copy an array to a given address")


def test_as_json_says_what_the_results_say(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tasks", "--json"]) == 0
    tasks = {task["name"]: task for task in json.loads(capsys.readouterr().out)}
    results = read_results()
    for name in suite():
        expected = results[name].status if name in results else "not tried"
        assert tasks[name]["status"] == expected
    assert {name for name, task in tasks.items() if task["status"] == "shipped"} <= set(
        shipped_models()
    )
    assert tasks["list-reverse"]["group"] == "lists"
