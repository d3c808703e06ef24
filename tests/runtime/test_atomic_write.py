"""An output file is whole or absent, and an error is one line."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from hardmax.runtime.atomic_write import expect_writable, write_output
from hardmax.runtime.errors import HardmaxError


def test_a_file_is_replaced_by_a_new_one(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_output(path, b"old")
    with path.open("rb") as old:
        write_output(path, b"new")
        assert old.read() == b"old"
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(("executable", "mode"), [(False, 0o640), (True, 0o750)])
def test_the_umask_decides_who_may_use_it(tmp_path: Path, executable: bool, mode: int) -> None:
    path = tmp_path / "file"
    before = os.umask(0o027)
    try:
        write_output(path, b"", executable=executable)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == mode


def test_a_symbolic_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"old")
    (tmp_path / "link").symlink_to("target")
    write_output(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_bytes() == b"new"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("folder", "it is a directory"),
        ("pipe", "it is not a regular file"),
        ("missing/file", "No such file or directory"),
        ("file/file", "Not a directory"),
        ("x" * 300, "File name too long"),
    ],
)
@pytest.mark.parametrize("refuse", [expect_writable, lambda path: write_output(path, b"new")])
def test_a_path_that_cannot_be_written_is_refused(
    tmp_path: Path, refuse: Callable[[Path], None], name: str, message: str
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(b"content")
    os.mkfifo(tmp_path / "pipe")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(HardmaxError, match=rf"^cannot write {tmp_path}/{name}: {message}$"):
        refuse(tmp_path / name)
    assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / "file").read_bytes() == b"content"


def test_a_write_that_fails_half_way_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def full(source: object, target: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(HardmaxError, match=r": No space left on device$"):
        write_output(path, b"new")
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == b"old"


def test_a_path_that_can_be_written_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "file"
    expect_writable(path)
    assert list(tmp_path.iterdir()) == []
    path.write_bytes(b"old")
    expect_writable(path)
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == b"old"
    with pytest.raises(HardmaxError, match=r"^cannot write /proc/file: "):
        expect_writable(Path("/proc/file"))


def test_what_a_killed_run_left_is_swept_by_the_next_write(tmp_path: Path) -> None:
    path = tmp_path / "file"
    left, others = tmp_path / ".file.hardmax-0123456789abcdef", tmp_path / ".filed.hardmax-01"
    written_now = tmp_path / ".file.hardmax-fedcba9876543210"
    for file in (left, others, written_now):
        file.write_bytes(b"half")
    with written_now.open("rb") as open_file:
        fcntl.flock(open_file, fcntl.LOCK_EX)
        write_output(path, b"whole")
    assert set(tmp_path.iterdir()) == {path, others, written_now}


def test_a_file_is_synchronised_before_it_is_renamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    sync, replace = os.fsync, os.replace

    def noted_sync(file: int) -> None:
        done.append("fsync")
        sync(file)

    def noted_replace(source: str, target: str) -> None:
        done.append("replace")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", noted_sync)
    monkeypatch.setattr(os, "replace", noted_replace)
    write_output(tmp_path / "file", b"new")
    assert done == ["fsync", "replace", "fsync"]
