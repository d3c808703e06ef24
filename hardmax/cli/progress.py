"""The live display of a training."""

from __future__ import annotations

import math
import sys
from collections import Counter
from types import TracebackType

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.text import Text

from hardmax.runtime.text import counted
from hardmax.trainer.progress import Progress, SearchProgress

LINE_EVERY = 15.0
"""Seconds between two lines where stderr is no terminal."""


def sign_of_life() -> None:
    """Say in a terminal that something happens, before what takes seconds is imported.

    Elsewhere it would stand beside the one line of what goes wrong.
    """
    if sys.stderr.isatty():
        print("hardmax: loading what trains ...", end="\r", file=sys.stderr, flush=True)


class ProgressDisplay:
    """Shows a training on stderr: a live panel in a terminal, now and then a line elsewhere."""

    def __init__(self, title: str, limit: float, highest_level: int, quiet: bool = False) -> None:
        """
        Args:
            limit: seconds after which the training gives up.
            highest_level: the largest complexity that is trained on.
            quiet: whether nothing is shown.
        """
        self.quiet = quiet
        self.title = title
        self.limit = limit
        self.highest_level = highest_level
        self.console = Console(stderr=True)
        self.live = Live(console=self.console, transient=True, auto_refresh=False)
        self.printed = 0.0

    def __enter__(self) -> ProgressDisplay:
        if self.quiet:
            return self
        if self.console.is_terminal:
            self.live.start()
            self.live.update(Text(f"{self.title}: begun"), refresh=True)
        else:
            print(f"{self.title}: begun", file=sys.stderr, flush=True)
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
        if self.quiet:
            return
        if self.console.is_terminal:
            bar = ProgressBar(total=1.0, completed=self.reached(progress), width=40)
            heading = Text(self.title, style="bold")
            lines = [Text(f"  {line}") for line in self._lines(progress)]
            self.live.update(Group(heading, bar, *lines), refresh=True)
        elif progress.seconds - self.printed >= LINE_EVERY:
            self.printed = progress.seconds
            print(f"{self.title}: " + "; ".join(self._lines(progress)), file=sys.stderr, flush=True)

    def reached(self, progress: Progress) -> float:
        """How near the goal is, 0..1: how far the best member, or the search, has come from the
        level that it began with to the highest."""
        search = progress.search
        if search is not None and search.found:
            return 1.0
        reached = 0.0
        if progress.updates > 0 and math.isfinite(progress.discretized_error):
            right = 1 - progress.discretized_error
            reached = self._share(progress.first_level, max(progress.levels), right)
        if search is not None:
            reached = max(reached, self._share(search.first_level, search.level, search.score))
        return min(reached, 0.99)

    def _share(self, first: int, level: int, right: float) -> float:
        """Of the way from one level to the highest, at a level of which this share is right."""
        return (level - first + right) / max(self.highest_level - first + 1, 1)

    def _lines(self, progress: Progress) -> list[str]:
        left = max(self.limit - progress.seconds, 0)
        lines = [
            f"{100 * self.reached(progress):.0f} % of the way; {progress.seconds:.0f} s, gives up "
            f"in {left:.0f} s",
            self._awaited(progress),
        ]
        if progress.updates > 0:
            lines += self._gradient(progress)
        if progress.search is not None:
            lines += self._search(progress.search)
        return lines

    def _awaited(self, progress: Progress) -> str:
        """What the training is waiting for."""
        rejected = counted(progress.rejected, "candidate")
        if progress.search is not None:
            if progress.search.found:
                return "found a program that makes no mistake; making it smaller"
            if progress.evaluations == 0 and progress.search.evaluations == 0:
                return "waiting for the search to be compiled, once for this installation"
            return f"waiting for a program that makes no mistake ({rejected} rejected)"
        if progress.updates > 0 and max(progress.levels) < self.highest_level:
            return f"waiting for a member to get to complexity {self.highest_level}"
        return f"waiting for a discretized machine that makes no mistake ({rejected} rejected)"

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
