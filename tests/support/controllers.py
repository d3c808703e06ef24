"""Random controllers, and one member's weights in the form that the reference takes."""

from __future__ import annotations

import torch

from hardmax.trainer.layers import ControllerConfig
from hardmax.trainer.nram.controller import Controller
from hardmax.trainer.nram.reference import Weights
from hardmax.trainer.nram.wiring import Wiring


def random_controller(
    *,
    kind: str = "mlp",
    registers: int = 3,
    repetitions: int = 1,
    hidden: int = 6,
    members: int = 1,
    seed: int = 0,
    dtype: torch.dtype = torch.float64,
) -> Controller:
    """A controller whose members have different weights and biases that are not 0."""
    controller = Controller(Wiring(registers, repetitions), ControllerConfig(kind, hidden), members)
    generator = torch.Generator().manual_seed(seed)
    for member in range(members):
        controller.initialise(member, generator)
    with torch.no_grad():
        for parameter in controller.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator), alpha=0.5)
    return controller.to(dtype)


def member_weights(controller: Controller, member: int) -> Weights:
    """The weights of one member as float64 arrays; changing them does not change the controller."""
    state = controller.state_dict()
    return {name: tensor[member].double().numpy().copy() for name, tensor in state.items()}
