"""``hardmax train``: its options, and what it leaves behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from hardmax.cli.main import main

Capture = pytest.CaptureFixture[str]


@pytest.mark.parametrize(
    ("former", "today", "value", "refused"),
    [
        ("--scheme", "--discretization", "hope", "unknown discretization method 'hope'"),
        ("--begin-from", "--init-from", "none.pt", "cannot read none.pt"),
    ],
)
def test_a_former_spelling_works_and_says_what_is_spelled_today(
    tmp_path: Path, capsys: Capture, former: str, today: str, value: str, refused: str
) -> None:
    command = ["train", "access", "-o", str(tmp_path / "out.pt")]
    assert main([*command, today, value]) == 1
    told = capsys.readouterr().err
    assert refused in told
    assert main([*command, former, value]) == 1
    first, rest = capsys.readouterr().err.split("\n", 1)
    assert first == f"hardmax: {former} is now {today}; the next release knows only that"
    assert rest == told


def test_former_spellings_are_not_in_the_help(capsys: Capture) -> None:
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    told = capsys.readouterr().out
    assert "--discretization" in told
    assert "--scheme" not in told
    assert "--begin-from" not in told
