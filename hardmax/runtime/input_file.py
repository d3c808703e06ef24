"""Files that are read: regular ones, and no more of them than is good for this computer."""

from __future__ import annotations

import os
import stat

from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.text import printable

_KINDS = (
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISCHR, "a character device"),
    (stat.S_ISBLK, "a block device"),
    (stat.S_ISSOCK, "a socket"),
)


def read_input(path: str | os.PathLike[str], at_most: int) -> bytes:
    """The contents of a regular file. A pipe or a device could have no end.

    Args:
        path: the file; a symbolic link is followed.
        at_most: how many bytes it may have.

    Raises:
        HardmaxError: it cannot be read, is no regular file or is larger.
    """
    shown = printable(os.fspath(path))
    try:
        # Without O_NONBLOCK, to open a pipe is to wait for somebody who writes to it.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_NONBLOCK", 0))
        with open(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise HardmaxError(f"{shown}: expected a regular file, found {_kind(status)}")
            # A regular file can say that it is empty and is not, as those of /proc do.
            content = file.read(at_most + 1)
    except (OSError, ValueError) as error:
        if isinstance(error, HardmaxError):
            raise
        reason = error.strerror if isinstance(error, OSError) else error
        raise HardmaxError(f"cannot read {shown}: {reason}") from None
    if len(content) > at_most:
        raise HardmaxError(f"{shown}: expected at most {at_most} bytes, found more")
    return content


def _kind(status: os.stat_result) -> str:
    return next((name for is_one, name in _KINDS if is_one(status.st_mode)), "another kind of file")
