"""Where the time of an NTM's training goes: PyTorch's operations an update, and what each takes.

    python -m benchmarks.ntm_training --task ntm-copy --members 2 8 32

All members stand at the highest level. CPU seconds of one thread; the median of the updates. An
operation is one that PyTorch dispatches, forward, backward or in the optimizer; one that only
looks at a tensor differently (a view) counts by itself. What an update takes with no members is
read off the two smallest populations, as if the rest were proportional to their sizes: so much goes
into calls, whatever the size of what is computed.
"""

from __future__ import annotations

import argparse
import dataclasses
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.one_line_errors import one_line_errors
from benchmarks.train_throughput import measure_limits
from hardmax.extractor.markdown import markdown
from hardmax.trainer.ntm.default_configs import ntm_default_settings
from hardmax.trainer.ntm.session import NtmSession
from hardmax.trainer.population.updates import MEASURE_EVERY

COUNTED = MEASURE_EVERY
"""Updates over which operations are counted: in one of them the discretized error is measured."""


class _Operations(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts what is dispatched."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.work = self.views = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func.is_view:
            self.views += 1
        else:
            self.work += 1
        return func(*args, **(kwargs or {}))


@dataclass(frozen=True)
class Measurement:
    """What an update of a population takes.

    Attributes:
        seconds: of CPU.
        operations, views: dispatched.
        products: floating-point operations of matrix products.
    """

    members: int
    seconds: float
    operations: float
    views: float
    products: float


def measure(task: str, members: int, updates: int) -> Measurement:
    """Train a population for some updates."""
    settings = dataclasses.replace(ntm_default_settings(task), members=members)
    trainer = NtmSession(settings, "benchmark").trainer
    trainer.population.level.fill_(settings.complexity)
    with _Operations() as operations, FlopCounterMode(display=False) as products:
        for _ in range(COUNTED):
            trainer.update()
    seconds = []
    for _ in range(updates // COUNTED):
        start = time.process_time()
        for _ in range(COUNTED):
            trainer.update()
        seconds.append((time.process_time() - start) / COUNTED)
    return Measurement(
        members,
        statistics.median(seconds),
        operations.work / COUNTED,
        operations.views / COUNTED,
        products.get_total_flops() / COUNTED,
    )


def table(measurements: Sequence[Measurement], arithmetic: float) -> str:
    """A row in Markdown for each.

    Args:
        arithmetic: floating-point operations a second that the device can do.
    """
    rows = [
        [
            f"{m.members}",
            f"{1e3 * m.seconds:.0f} ms",
            f"{1e3 * m.seconds / m.members:.1f} ms",
            f"{m.operations:.0f}",
            f"{m.views:.0f}",
            f"{1e6 * m.seconds / (m.operations + m.views):.1f} us",
            f"{m.products / m.seconds / arithmetic:.1%}",
        ]
        for m in measurements
    ]
    headings = ("members", "an update", "a member", "operations", "views", "each", "arithmetic")
    return markdown(headings, rows)


def fixed_seconds(small: Measurement, large: Measurement) -> float:
    """What an update would take with no members, on the line through two populations."""
    slope = (large.seconds - small.seconds) / (large.members - small.members)
    return small.seconds - slope * small.members


@one_line_errors
def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ntm_training")
    parser.add_argument("--task", default="ntm-copy", help="default %(default)s")
    parser.add_argument("--members", type=int, nargs="+", default=[2, 8, 32], help="sizes")
    parser.add_argument("--updates", type=int, default=60, help="each (default %(default)s)")
    arguments = parser.parse_args(argv)
    torch.set_num_threads(1)
    sizes = sorted(set(arguments.members))
    if len(sizes) < 2 or sizes[0] < 1 or arguments.updates < COUNTED:
        parser.error(f"expected two sizes of populations, and at least {COUNTED} updates")
    arithmetic = measure_limits(torch.device("cpu")).arithmetic
    measurements = [measure(arguments.task, size, arguments.updates) for size in sizes]
    fixed = fixed_seconds(*measurements[:2])
    print(f"{arguments.task}, one thread, {arithmetic / 1e9:.0f} GFLOP/s multiplied (float32).\n")
    print(table(measurements, arithmetic))
    print(f"\nWith no members an update would take {1e3 * fixed:.0f} ms.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
