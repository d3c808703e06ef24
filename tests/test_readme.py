"""The README says what is true: its commands are typed, its outputs compared, its code run.

``UPDATE=1 pytest tests/test_readme.py`` writes what the commands print now into the README.
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

from hardmax.cli.main import compile_main, main
from tests.support.paths import ROOT

README = ROOT / "README.md"

CODE_SIZE = re.compile(r"^code: \d+ bytes$", re.MULTILINE)
"""What differs from one version of LLVM to the next."""

Block = tuple[str, str]
"""Language and text of a fenced block."""


def blocks(text: str) -> list[Block]:
    return re.findall(r"^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def typed(command: str) -> str:
    """What a command prints; it has to succeed."""
    program, *arguments = shlex.split(command)
    entry = {"hardmax": main, "compile": compile_main}.get(program)
    if entry is None:
        done = subprocess.run(shlex.split(command), check=True, capture_output=True, text=True)
        return done.stdout
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        assert entry(arguments) == 0
    return printed.getvalue()


def session(text: str) -> str:
    """A console block with the outputs as they are now."""
    commands = re.findall(r"^\$ (.*)$", text, re.MULTILINE)
    return "".join(f"$ {command}\n{typed(command)}" for command in commands)


def evaluated(text: str) -> str:
    """What Python code prints."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(text, str(README), "exec"), {})
    return printed.getvalue()


def test_what_the_readme_says_is_true(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One after the other, in one directory, as a reader would."""
    (tmp_path / "models").symlink_to(ROOT / "models")
    monkeypatch.chdir(tmp_path)
    said = README.read_text()
    true, python = said, ""
    for language, text in blocks(said):
        match language:
            case "console":
                actual = session(text)
            case "python":
                actual, python = text, evaluated(text)
            case "text":
                actual = python
            case "c":
                actual = text
                Path("main.c").write_text(text)
        true = true.replace(f"```{language}\n{text}```", f"```{language}\n{actual}```")
    if os.environ.get("UPDATE"):
        README.write_text(true)
    assert CODE_SIZE.sub("", said) == CODE_SIZE.sub("", true)
    assert Path("copy.svg").read_text().count("<svg") == 1


def test_the_start_is_two_targets_of_the_makefile() -> None:
    commands = re.findall(r"^    (make \w+)$", README.read_text(), re.MULTILINE)
    assert commands == ["make demo", "make test"]
    makefile = (ROOT / "Makefile").read_text()
    for command in commands:
        assert f"\n{command.removeprefix('make ')}:" in makefile


def test_every_link_leads_somewhere() -> None:
    for page in (README, ROOT / "CONTRIBUTING.md"):
        for link in re.findall(r"\]\((?!http)([^)#]+)\)", page.read_text()):
            assert (ROOT / link).exists(), link


def test_every_directory_of_the_layout_is_there() -> None:
    layout = README.read_text().split("## Layout")[1].split("## Limits")[0]
    for directory in re.findall(r"`(\w+)/`", layout):
        assert (ROOT / directory).is_dir()
