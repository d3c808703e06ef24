"""What a measurement does that cannot go on: one line on stderr, and an exit status but 0."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import ParamSpec

from hardmax.runtime.errors import HardmaxError

Arguments = ParamSpec("Arguments")

FAILED, INTERRUPTED = 1, 130


def one_line_errors(main: Callable[Arguments, int]) -> Callable[Arguments, int]:
    """The ``main`` of a measurement, which ends in one line where it raises a HardmaxError or is
    interrupted."""

    @functools.wraps(main)
    def guarded(*args: Arguments.args, **kwargs: Arguments.kwargs) -> int:
        try:
            return main(*args, **kwargs)
        except HardmaxError as error:
            print(f"error: {error}", file=sys.stderr)
            return FAILED
        except KeyboardInterrupt:
            print("interrupted", file=sys.stderr)
            return INTERRUPTED

    return guarded
