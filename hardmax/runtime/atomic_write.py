"""Output files: whole or absent, whatever happens while they are written."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from hardmax.runtime.errors import HardmaxError


def write_output(path: Path, data: bytes, *, executable: bool = False) -> None:
    """Write ``data`` beside ``path``, then rename it into place.

    A file that was there is replaced by a new one (a new inode), so a process that has the old one
    open or mapped keeps the old one. A symbolic link is followed.

    Raises:
        HardmaxError: the path is a directory or a device, or cannot be written.
    """
    target = _target(path)
    try:
        _sweep(target)
        beside, file = _create_beside(target, 0o777 if executable else 0o666)
        try:
            with file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
                os.replace(beside, target)
            _sync_folder(target)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(beside)
            raise
    except OSError as error:
        raise HardmaxError(f"cannot write {path}: {error.strerror}") from None


def _create_beside(target: str, mode: int) -> tuple[str, BinaryIO]:
    """A new file beside the target, locked for as long as it is open, and its path."""
    while True:
        beside = _prefix(target) + secrets.token_hex(8)
        file = os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb")
        with contextlib.suppress(OSError):  # some file systems have no locks
            fcntl.flock(file, fcntl.LOCK_EX)
        if _is_at(file, beside):
            return beside, file
        file.close()  # swept before it was locked


def _sweep(target: str) -> None:
    """Remove what runs that were killed while they wrote the target have left beside it."""
    folder, prefix = os.path.split(_prefix(target))
    left: list[str] = []
    with contextlib.suppress(OSError):
        left = os.listdir(folder)
    for name in left:
        if name.startswith(prefix):
            path = os.path.join(folder, name)
            # Who still writes has it locked; another's file cannot be opened.
            with contextlib.suppress(OSError), open(path, "rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.unlink(path)


def _prefix(target: str) -> str:
    """How the paths of temporary files of a target begin."""
    folder, name = os.path.split(target)
    return os.path.join(folder, f".{name[:200]}.hardmax-")


def _is_at(file: BinaryIO, path: str) -> bool:
    """Whether an open file is (still) the one at a path."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), os.stat(path))
    except FileNotFoundError:
        return False


def _sync_folder(target: str) -> None:
    """Make a rename outlast a power failure, where folders can be synchronised."""
    with contextlib.suppress(OSError):
        folder = os.open(os.path.dirname(target), os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


@contextlib.contextmanager
def exclusive(path: Path, otherwise: str) -> Iterator[None]:
    """Hold a lock on an output, which ends with this process if not before.

    Args:
        otherwise: what it means that somebody has it, for people.

    Raises:
        HardmaxError: somebody has it, or there can be no lock beside the path.
    """
    lock = _lock_path(_target(path))
    while True:
        try:
            file = os.fdopen(os.open(lock, os.O_RDWR | os.O_CREAT, 0o666), "rb+")
        except OSError as error:
            raise HardmaxError(f"cannot write {path}: {error.strerror}") from None
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise HardmaxError(f"cannot write {path}: {otherwise}") from None
        except OSError:
            pass  # some file systems have no locks
        if _is_at(file, lock):
            break
        file.close()  # the one who had it removed it meanwhile
    try:
        yield
    finally:
        os.unlink(lock)
        file.close()


def _lock_path(target: str) -> str:
    folder, name = os.path.split(target)
    return os.path.join(folder, f".{name[:200]}.lock")


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
