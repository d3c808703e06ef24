"""A run over a sequence with every step kept, soft or discretized: what pictures show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hardmax.runtime.float32 import Floats


@dataclass(frozen=True, eq=False)
class Trace:
    """A run, step by step.

    Attributes:
        inputs: (T, V).
        outputs: (T, V'), probabilities.
        weightings: (T, heads, N), where every head stood, writers first; one-hot where it is hard.
        added: (T, write heads, W), what every writer added.
    """

    inputs: Floats
    outputs: Floats
    weightings: Floats
    added: Floats

    @property
    def addresses(self) -> NDArray[np.int64]:
        """(T, heads): the row at which each head mostly stood."""
        addresses: NDArray[np.int64] = self.weightings.argmax(-1)
        return addresses


def one_hot(addresses: NDArray[np.int64], rows: int) -> Floats:
    """(..., N): 1 at each address, 0..N-1, and 0 elsewhere."""
    places: Floats = (addresses[..., None] == np.arange(rows)).astype(np.float32)
    return places
