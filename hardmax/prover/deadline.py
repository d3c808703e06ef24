"""When an attempt at a proof is given up."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic

from hardmax.prover.failure import TimeUpError


@dataclass(frozen=True)
class Deadline:
    """A moment of the monotonic clock."""

    moment: float

    @staticmethod
    def after(seconds: float) -> Deadline:
        """So many seconds from now."""
        return Deadline(monotonic() + seconds)

    @property
    def passed(self) -> bool:
        """Whether no time is left."""
        return monotonic() >= self.moment

    def left(self) -> float:
        """Seconds until then; whatever works for long asks now and then.

        Raises:
            TimeUpError: there are none.
        """
        left = self.moment - monotonic()
        if left <= 0:
            raise TimeUpError("the time limit")
        return left
