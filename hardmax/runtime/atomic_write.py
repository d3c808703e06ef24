"""Output files: whole or absent, whatever happens while they are written."""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from pathlib import Path

from hardmax.runtime.errors import HardmaxError


def write_output(path: Path, data: bytes, *, executable: bool = False) -> None:
    """Write ``data`` beside ``path``, then rename it into place.

    A file that was there is replaced by a new one (a new inode), so a process that has the old one
    open or mapped keeps the old one. A symbolic link is followed.

    Raises:
        HardmaxError: the path is a directory or a device, or cannot be written.
    """
    target = _target(path)
    beside = os.path.join(os.path.dirname(target), f".hardmax-{secrets.token_hex(8)}")
    try:
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
            with open(os.open(beside, flags, 0o777 if executable else 0o666), "wb") as file:
                file.write(data)
            os.replace(beside, target)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(beside)
            raise
    except OSError as error:
        raise HardmaxError(f"cannot write {path}: {error.strerror}") from None


def expect_writable(path: Path) -> None:
    """Raise what :func:`write_output` would: for work so long that it is not to be in vain."""
    target = _target(path)
    try:
        with contextlib.suppress(FileNotFoundError):
            os.lstat(target)
        with tempfile.TemporaryFile(dir=os.path.dirname(target)):
            pass
    except OSError as error:
        raise HardmaxError(f"cannot write {path}: {error.strerror}") from None


def _target(path: Path) -> str:
    """The file that is meant, which is none or a regular one."""
    target = os.path.realpath(path)
    if os.path.exists(target) and not os.path.isfile(target):
        kind = "a directory" if os.path.isdir(target) else "not a regular file"
        raise HardmaxError(f"cannot write {path}: it is {kind}")
    return target
