"""What a run over a sequence leaves, interpreted or compiled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hardmax.runtime.abi import Status
from hardmax.runtime.float32 import Floats
from hardmax.runtime.text import counted


@dataclass(frozen=True, eq=False, repr=False)
class SequenceResult:
    """What a run left.

    Attributes:
        outputs: float32 of shape (T, output_width), each 0..1; (B, T, output_width) of a batch. No
            step where the status is an error.
        addresses: where every head, writers first, stood in each step; int64 of shape (T, heads),
            or (B, T, heads).
        steps: completed steps, T or 0.
        status: how the run ended.
    """

    outputs: Floats
    addresses: NDArray[np.int64]
    steps: int
    status: Status

    def __repr__(self) -> str:
        status = self.status.name.lower().replace("_", " ")
        outputs = counted(self.outputs.shape[-1], "output")
        return f"<SequenceResult: {counted(self.steps, 'step')} of {outputs}, {status}>"
