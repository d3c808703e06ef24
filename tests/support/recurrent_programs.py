"""Random machines with an LSTM controller."""

from __future__ import annotations

import numpy as np

from hardmax.runtime.float32 import Layer
from hardmax.runtime.nram.gates import GATES, STANDARD_MODULES, Gate
from hardmax.runtime.nram.lstm import RecurrentProgram
from hardmax.runtime.nram.program import Metadata, StepBudget

METADATA = Metadata("any", StepBudget(2, 8), 5, "5ca1ab1e", {"torch": "2"})


def random_program(
    seed: int,
    registers: int = 3,
    hidden: int = 5,
    modules: tuple[Gate, ...] = STANDARD_MODULES,
    scale: float = 1.0,
) -> RecurrentProgram:
    """Normal weights; a run halts now and then."""
    random = np.random.default_rng(seed)

    def layer(inputs: int, outputs: int) -> Layer:
        weight = scale * random.normal(size=(inputs, outputs))
        return Layer(weight.astype(np.float32), random.normal(size=outputs).astype(np.float32))

    logits = sum(
        (registers + module) * GATES[gate].arity for module, gate in enumerate(modules)
    ) + registers * (registers + len(modules))
    return RecurrentProgram(
        registers,
        modules,
        layer(registers, hidden),
        layer(2 * hidden, 4 * hidden),
        layer(hidden, logits),
        Layer(random.normal(size=(hidden, 1)), np.array([-1.5])),
        METADATA,
    )
