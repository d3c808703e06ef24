"""The live display of a training."""

from __future__ import annotations

import sys
from collections import Counter
from types import TracebackType

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.text import Text

from hardmax.trainer.progress import Progress, SearchProgress

LINE_EVERY = 15.0
"""Seconds between two lines where stderr is no terminal."""


class ProgressDisplay:
    """Shows a training on stderr: a live panel in a terminal, now and then a line elsewhere."""

    def __init__(self, title: str, limit: float, highest_level: int) -> None:
        self.title = title
        self.limit = limit
        self.highest_level = highest_level
        self.console = Console(stderr=True)
        self.live = Live(console=self.console, transient=True, auto_refresh=False)
        self.printed = 0.0

    def __enter__(self) -> ProgressDisplay:
        if self.console.is_terminal:
            self.live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.live.stop()

    def show(self, progress: Progress) -> None:
        """Draw how the training stands."""
        if self.console.is_terminal:
            bar = ProgressBar(total=self.limit, completed=progress.seconds, width=40)
            lines = [Text(line) for line in self._lines(progress)]
            self.live.update(Group(Text(self.title, style="bold"), bar, *lines), refresh=True)
        elif progress.seconds - self.printed >= LINE_EVERY:
            self.printed = progress.seconds
            print(f"{self.title}: " + "; ".join(self._lines(progress)), file=sys.stderr, flush=True)

    def _lines(self, progress: Progress) -> list[str]:
        left = max(self.limit - progress.seconds, 0)
        lines = [f"{progress.seconds:.0f} s of at most {self.limit:.0f} s, {left:.0f} s left"]
        if progress.updates > 0:
            lines += self._gradient(progress)
        if progress.search is not None:
            lines += self._search(progress.search)
        waiting = "waiting for a discretized machine that makes no mistake"
        return [*lines, f"{waiting} ({progress.rejected} candidates rejected)"]

    def _gradient(self, progress: Progress) -> list[str]:
        rate = progress.samples / max(progress.seconds, 1e-9)
        members = Counter(progress.levels)
        levels = ", ".join(f"{members[level]} at {level}" for level in sorted(members))
        return [
            f"gradient: {progress.updates} updates, {rate:.0f} samples/s",
            f"members by level (highest {self.highest_level}): {levels}",
            f"best member: soft error {progress.soft_error:.3f}, "
            f"discretized error {progress.discretized_error:.3f}",
        ]

    def _search(self, search: SearchProgress) -> list[str]:
        rate = search.evaluations / max(search.seconds, 1e-9)
        return [
            f"search: start {search.start}, {search.plan} at complexity {search.level}, "
            f"score {search.score:.3f}, {rate:.0f} programs/s"
        ]
