"""Colours where somebody sees them, and nowhere else."""

from __future__ import annotations

import sys

import pytest

from hardmax.cli.main import main
from hardmax.cli.terminal import GOOD, fitting, marked, styled
from tests.support.paths import MODELS

CHECK = ["prove", "--check", str(MODELS / "access.proof"), str(MODELS / "access.pt")]


def write_to_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)


def test_a_terminal_gets_colours_and_lines_that_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    write_to_a_terminal(monkeypatch)
    assert styled("well", GOOD) == "\x1b[32mwell\x1b[0m"
    assert marked("ok   50 inputs", True) == "\x1b[1;32mok\x1b[0m   50 inputs"
    assert marked("verdict: no", False) == "\x1b[1;31mverdict:\x1b[0m no"
    monkeypatch.setenv("COLUMNS", "8")
    assert fitting("as long as that") == "as long…"


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_who_wants_none_gets_none(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    write_to_a_terminal(monkeypatch)
    monkeypatch.setenv(name, value)
    assert marked("verdict: no", False) == "verdict: no"


def test_what_is_piped_is_plain(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", str(MODELS / "access.pt")]) == 0
    assert main(["tasks"]) == 0
    assert main(CHECK) == 0
    assert "\x1b" not in capsys.readouterr().out


def test_a_verdict_is_coloured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_to_a_terminal(monkeypatch)
    assert main(CHECK) == 0
    assert capsys.readouterr().out.endswith("\x1b[1;32mverdict:\x1b[0m proved for every length\n")
