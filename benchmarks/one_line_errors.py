"""What a measurement does that cannot go on: one line on stderr, and an exit status but 0."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import ParamSpec

from hardmax.runtime.errors import HardmaxError

Arguments = ParamSpec("Arguments")

FAILED, INTERRUPTED = 1, 130


def _ending(interrupted: str) -> Callable[[Callable[Arguments, int]], Callable[Arguments, int]]:
    """A decorator for a ``main``, and the line in which it ends when it is interrupted."""

    def decorate(main: Callable[Arguments, int]) -> Callable[Arguments, int]:
        @functools.wraps(main)
        def guarded(*args: Arguments.args, **kwargs: Arguments.kwargs) -> int:
            try:
                return main(*args, **kwargs)
            except HardmaxError as error:
                print(f"error: {error}", file=sys.stderr)
                return FAILED
            except KeyboardInterrupt:
                print(interrupted, file=sys.stderr)
                return INTERRUPTED

        return guarded

    return decorate


one_line_errors = _ending("interrupted")
"""For the ``main`` of a measurement that begins anew."""

resumable = _ending("interrupted; the same command goes on")
"""For the ``main`` of a measurement that keeps what it has measured so far."""
