"""A step of a stack machine, three ways: all answer right, and the table has all of them."""

from __future__ import annotations

import pytest

from benchmarks.stack import main
from tests.support.paths import MODELS


def test_all_ways_answer_right(capsys: pytest.CaptureFixture[str]) -> None:
    files = [str(MODELS / f"{name}.pt") for name in ("stack-reversal", "queue-copy")]
    assert main([*files, "--length", "300", "--soft", "3"]) == 0
    rows = [line.split("|")[1:-1] for line in capsys.readouterr().out.splitlines()[2:]]
    assert [[cell.strip() for cell in row[:3]] for row in rows] == [
        ["stack-reversal", "601", "0"],
        ["queue-copy", "601", "0"],
    ]
    assert all("ns" in cell for row in rows for cell in row[3:5])
    assert all("us" in row[5] for row in rows)


@pytest.mark.parametrize("name", ["copy", "stack-dyck"])
def test_what_does_not_answer_after_its_input_is_refused(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(MODELS / f"{name}.pt")]) == 1
    assert "expected a stack machine that answers after its input" in capsys.readouterr().err
