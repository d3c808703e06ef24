"""The one root of every error that a user of hardmax can meet."""

from __future__ import annotations


class HardmaxError(ValueError):
    """Something the user gave cannot be used; the message is one line: expected, found, where."""
