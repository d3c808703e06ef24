"""Gradient, search, and turns of both: which finds exact machines of which task, and how fast.

    python -m benchmarks.methods --seeds 5 --minutes 10

A run counts when its machine passes the acceptance test within its time.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from benchmarks.one_line_errors import one_line_errors
from benchmarks.trials import compare
from hardmax.trainer.nram.session import METHODS


@one_line_errors
def main(argv: Sequence[str] | None = None) -> int:
    """Train and print."""
    return compare("methods", "Compare the methods of training.", "method", METHODS, argv)


if __name__ == "__main__":
    sys.exit(main())
