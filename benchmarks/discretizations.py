"""How to train machines that discretize: every discretization method by gradient alone.

    python -m benchmarks.discretizations --tasks access copy --seeds 5 --minutes 3

A run counts when its discretized machine passes the acceptance test within its time.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from benchmarks.one_line_errors import one_line_errors
from benchmarks.trials import compare
from hardmax.trainer.population.population import DISCRETIZATIONS


@one_line_errors
def main(argv: Sequence[str] | None = None) -> int:
    """Train and print."""
    purpose = "Compare the discretization methods, by gradient alone."
    return compare(
        "discretizations",
        purpose,
        "discretization",
        tuple(DISCRETIZATIONS),
        argv,
        method="gradient",
    )


if __name__ == "__main__":
    sys.exit(main())
