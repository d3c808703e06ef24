"""Stack machines with random weights, trained for nothing."""

from __future__ import annotations

import torch

from hardmax.trainer.layers import ControllerConfig
from hardmax.trainer.stack.machine import StackConfig, StackMachine
from hardmax.trainer.stack.model import StackModel
from hardmax.trainer.stack.tasks.registry import find_symbol_task


def random_model(
    seed: int,
    structures: tuple[str, ...] = ("stack",),
    depth: int = 1,
    state_bits: int = 0,
    task: str = "dyck",
    symbols: int = 3,
    controller: str = "mlp",
    hidden: int = 12,
) -> StackModel:
    """A model whose weights are so large that it does many different things."""
    learned = find_symbol_task(task)
    config = StackConfig(
        len(learned.alphabet),
        len(learned.output_alphabet),
        structures,
        depth,
        symbols,
        state_bits,
        ControllerConfig(controller, hidden),
    )
    machine = StackMachine(config, members=1)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in machine.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
    return StackModel(learned, machine, {"complexity": 5, "seed": seed})
