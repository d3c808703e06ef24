"""Random Neural Turing Machines, trained for nothing."""

from __future__ import annotations

import numpy as np

from hardmax.runtime.float32 import Layer
from hardmax.runtime.ntm.program import NtmProgram
from hardmax.runtime.sequence.interface import (
    MemoryRule,
    SequenceMetadata,
)

METADATA = SequenceMetadata("any", MemoryRule(2, 3), 5, "5ca1ab1e", {"torch": "2"})


def random_ntm(
    seed: int,
    inputs: int = 3,
    outputs: int = 2,
    width: int = 4,
    hidden: int = 5,
    *,
    writers: int = 1,
    readers: int = 1,
    recurrent: bool = False,
    memory: MemoryRule = METADATA.memory,
) -> NtmProgram:
    """Normal weights and initial values: heads move, search and write in all ways."""
    random = np.random.default_rng(seed)

    def layer(entries: int, results: int) -> Layer:
        return Layer(random.normal(size=(entries, results)), random.normal(size=results))

    seen = inputs + readers * width
    return NtmProgram(
        recurrent=recurrent,
        controller=layer(seen + hidden, 4 * hidden) if recurrent else layer(seen, hidden),
        write_heads=tuple(layer(hidden, 3 * width + 4) for _ in range(writers)),
        read_heads=tuple(layer(hidden, width + 4) for _ in range(readers)),
        output=layer(hidden + readers * width, outputs),
        initial_row=random.normal(size=width),
        initial_reads=random.normal(size=(readers, width)),
        metadata=SequenceMetadata("any", memory, 5, "5ca1ab1e", {"torch": "2"}),
    )
