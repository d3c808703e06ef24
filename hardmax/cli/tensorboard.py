"""How a training stands, for TensorBoard: one run in its folder, beside those that are there."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.extras import expect_extra
from hardmax.trainer.progress import Progress


class EventLog:
    """Writes what is reported of a training as scalars over its seconds."""

    def __init__(self, folder: Path) -> None:
        """
        Raises:
            HardmaxError: TensorBoard is not installed, or the folder cannot be written to.
        """
        expect_extra("tensorboard")
        from torch.utils.tensorboard import SummaryWriter

        try:
            self.writer = SummaryWriter(str(folder))
        except OSError as error:
            raise HardmaxError(f"cannot write to {folder}: {error.strerror}") from None

    def __enter__(self) -> EventLog:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.writer.close()

    def show(self, progress: Progress) -> None:
        """Add how the training stands."""
        for name, value in scalars(progress):
            self.writer.add_scalar(name, value, int(progress.seconds))


def scalars(progress: Progress) -> Iterator[tuple[str, float]]:
    """Yield names and numbers, those that are known and finite."""
    known: dict[str, float | None] = {"candidates rejected": progress.rejected}
    if progress.updates > 0:
        known |= {
            "error/soft": progress.soft_error,
            "error/discretized": progress.discretized_error,
            "error/gap": progress.discretized_error - progress.soft_error,
            "level/highest": max(progress.levels),
            "level/mean": sum(progress.levels) / len(progress.levels),
            "loss": progress.loss,
            "penalty": progress.penalty,
        }
    if progress.search is not None:
        known |= {"search/score": progress.search.score, "search/level": progress.search.level}
    for name, value in known.items():
        if value is not None and math.isfinite(value):
            yield name, value
