"""How an attempt at a proof ends without one."""

from __future__ import annotations


class NotProvedError(Exception):
    """This attempt has failed; the message is the reason."""


class NoHaltError(NotProvedError):
    """A run goes on for so long that the program seems not to halt on that input."""


class TimeUpError(NotProvedError):
    """There is no time left for any attempt."""
