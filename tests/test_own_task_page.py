"""docs/own-task.md, step by step: its files are written, its commands typed, its outputs compared.

``UPDATE=1 pytest tests/test_own_task_page.py`` writes what the commands print now into the page.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from hardmax.cli.main import main
from hardmax.trainer.nram.tasks import LOADED
from tests.support.paths import ROOT

PAGE = ROOT / "docs" / "own-task.md"

FILE_OR_SESSION = re.compile(
    r"(?:^`(?P<file>[\w.-]+)`:\n\n)?^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.M | re.S
)

VARYING = re.compile(
    r"^code: \d+ bytes$|after [\d.]+ s;|inputs of the task up to complexity \d+", re.MULTILINE
)
"""What differs from one machine, or version of LLVM or hypothesis, to the next."""


def typed(command: str, status: int) -> str:
    """What a command prints on standard output; it has to end with this status."""
    words = shlex.split(command)
    if words[0] != "hardmax":
        return subprocess.run(words, check=True, capture_output=True, text=True).stdout
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        assert main(words[1:]) == status, command
    return printed.getvalue()


def session(text: str) -> str:
    """A console block with the outputs as they are now; ``?`` is before a command that fails."""
    commands = re.findall(r"^([$?]) (.*)$", text, re.MULTILINE)
    return "".join(
        f"{prompt} {command}\n{typed(command, int(prompt == '?'))}" for prompt, command in commands
    )


def test_what_the_page_says_is_true(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One after the other, in one directory, as a reader would."""
    monkeypatch.chdir(tmp_path)
    known = set(LOADED)
    said = PAGE.read_text()
    true = said
    for block in FILE_OR_SESSION.finditer(said):
        text = block["text"]
        if block["file"] is not None:
            Path(block["file"]).write_text(text)
        elif block["language"] == "console":
            true = true.replace(f"```console\n{text}```", f"```console\n{session(text)}```")
    for name in set(LOADED) - known:
        del LOADED[name]
    if os.environ.get("UPDATE"):
        PAGE.write_text(true)
    assert VARYING.sub("", said) == VARYING.sub("", true)
