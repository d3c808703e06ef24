"""From a model with an LSTM controller to the RecurrentProgram with the same weights."""

from __future__ import annotations

from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.float32 import Layer
from hardmax.runtime.nram.lstm import RecurrentProgram
from hardmax.runtime.nram.program import Metadata
from hardmax.trainer.nram.controller import Controller


def recurrent_program(controller: Controller, metadata: Metadata) -> RecurrentProgram:
    """The exact LSTM of a population of one, without the logits that no decision may choose.

    Raises:
        HardmaxError: the controller is not recurrent, or its weights are too large.
    """
    if not controller.recurrent:
        raise HardmaxError("expected a recurrent controller (lstm), found mlp")
    wiring = controller.wiring
    everything = controller.decisions.to_float32()
    allowed = wiring.allowed.flatten().numpy()
    return RecurrentProgram(
        registers=wiring.registers,
        modules=wiring.modules,
        inputs=controller.inputs.to_float32(),
        cell=controller.cell.to_float32(),
        decisions=Layer(everything.weight[:, allowed], everything.bias[allowed]),
        halting=controller.halting.to_float32(),
        metadata=metadata,
    )
