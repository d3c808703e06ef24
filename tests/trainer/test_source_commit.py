"""A model's provenance names a commit of hardmax, and of nothing else."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from hardmax.trainer.source_commit import UNKNOWN, source_commit

GIT = ("git", "-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")
VARIABLES = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}


def repository(folder: Path, project: str) -> Path:
    folder.mkdir()
    (folder / "pyproject.toml").write_text(f'[project]\nname = "{project}"\n')
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "first"]):
        subprocess.run([*GIT, *command], cwd=folder, check=True, env=VARIABLES)
    return folder


def test_the_commit_of_hardmaxs_own_tree(tmp_path: Path) -> None:
    tree = repository(tmp_path / "ours", "hardmax")
    assert re.fullmatch("[0-9a-f]{12}", source_commit(tree))
    (tree / "pyproject.toml").write_text('[project]\nname = "hardmax"\nversion = "2"\n')
    assert re.fullmatch("[0-9a-f]{12}-dirty", source_commit(tree))


def test_an_environment_that_lies_in_another_repository(tmp_path: Path) -> None:
    packages = repository(tmp_path / "theirs", "theirs") / ".venv" / "site-packages"
    packages.mkdir(parents=True)
    assert source_commit(packages) == UNKNOWN
    assert source_commit(tmp_path / "theirs") == UNKNOWN


def test_a_copy_of_hardmax_in_another_repository(tmp_path: Path) -> None:
    copy = repository(tmp_path / "theirs", "theirs") / "vendored"
    copy.mkdir()
    (copy / "pyproject.toml").write_text('[project]\nname = "hardmax"\n')
    assert source_commit(copy) == UNKNOWN


def test_git_is_not_led_to_another_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = repository(tmp_path / "ours", "hardmax")
    commit = source_commit(ours)
    theirs = repository(tmp_path / "theirs", "theirs")
    monkeypatch.setenv("GIT_DIR", str(theirs / ".git"))
    assert source_commit(ours) == commit
    (ours / "more").touch()
    subprocess.run([*GIT, "add", "."], cwd=ours, check=True, env=VARIABLES)
    subprocess.run([*GIT, "commit", "-q", "-m", "second"], cwd=ours, check=True, env=VARIABLES)
    assert source_commit(ours) != commit


def test_where_there_is_no_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = repository(tmp_path / "ours", "hardmax")
    monkeypatch.setenv("PATH", "")
    assert source_commit(tree) == UNKNOWN
    (tree / "pyproject.toml").write_text("no TOML")
    assert source_commit(tree) == UNKNOWN
