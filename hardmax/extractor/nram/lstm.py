"""From a model with an LSTM controller to the RecurrentProgram with the same weights."""

from __future__ import annotations

from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.float32 import Layer
from hardmax.runtime.nram.lstm import RecurrentProgram
from hardmax.runtime.nram.program import Metadata
from hardmax.trainer.nram.controller import Controller
from hardmax.trainer.nram.controller import Layer as TrainedLayer


def recurrent_program(controller: Controller, metadata: Metadata) -> RecurrentProgram:
    """The exact LSTM of a population of one, without the logits that no decision may choose.

    Raises:
        HardmaxError: the controller is not recurrent, or its weights are too large.
    """
    if not controller.recurrent:
        raise HardmaxError("expected a recurrent controller (lstm), found mlp")
    wiring = controller.wiring
    everything = _layer(controller.decisions)
    allowed = wiring.allowed.flatten().numpy()
    return RecurrentProgram(
        registers=wiring.registers,
        modules=wiring.modules,
        inputs=_layer(controller.inputs),
        cell=_layer(controller.cell),
        decisions=Layer(everything.weight[:, allowed], everything.bias[allowed]),
        halting=_layer(controller.halting),
        metadata=metadata,
    )


def _layer(layer: TrainedLayer) -> Layer:
    weight, bias = layer.weight.detach()[0], layer.bias.detach()[0, 0]
    return Layer(weight.cpu().numpy(), bias.cpu().numpy())
