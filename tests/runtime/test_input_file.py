"""Only regular files are read, and only so much of them."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.input_file import read_input
from hardmax.runtime.loader import load
from hardmax.runtime.programs import load_program
from hardmax.runtime.shared_library import inspect_library
from tests.support.refusals import refusal


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    (tmp_path / "link").symlink_to(path)
    assert read_input(path, 5) == b"12345"
    assert read_input(str(tmp_path / "link"), 9) == b"12345"
    with pytest.raises(HardmaxError, match=r"expected at most 4 bytes, found more$"):
        read_input(path, 4)


def test_a_file_that_does_not_say_its_size_is_read() -> None:
    assert read_input("/proc/self/status", 10**6).startswith(b"Name:")


@pytest.mark.parametrize("read", [load, inspect_library, load_program])
def test_what_has_no_end_is_refused(
    read: Callable[[Path], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with socket.socket(socket.AF_UNIX) as server:
        monkeypatch.chdir(tmp_path)  # the path of a socket must be short
        server.bind("socket")
        for path, found in (
            (pipe, "expected a regular file, found a named pipe"),
            (Path("/dev/zero"), "expected a regular file, found a character device"),
            (Path("/dev/urandom"), "expected a regular file, found a character device"),
            (tmp_path / "socket", "cannot read"),
            (tmp_path, "Is a directory"),
            (tmp_path / "missing", "No such file or directory"),
        ):
            assert found in refusal(read, path)


def test_a_name_is_shown_as_text(tmp_path: Path) -> None:
    with pytest.raises(HardmaxError) as error:
        read_input(tmp_path / "a\nb\x1b[2J", 1)
    assert str(error.value) == (f"cannot read {tmp_path}/a\\nb\\x1b[2J: No such file or directory")
    with pytest.raises(HardmaxError, match="embedded null byte"):
        read_input("a\0b", 1)
