"""The NumPy NTM: its gradients by differences at every entry, and the torch machine against it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from hardmax.trainer.layers import ControllerConfig
from hardmax.trainer.ntm.reference import Array, ReferenceNtm
from hardmax.trainer.ntm.tape import TapeConfig
from hardmax.trainer.sequence.machine import SequenceConfig, SequenceMachine

STEPS, ROWS = 4, 3

CONFIGS = {
    "mlp": SequenceConfig(2, 2, ControllerConfig("mlp", 3), TapeConfig(3, learned_start=True)),
    "lstm": SequenceConfig(2, 2, ControllerConfig("lstm", 2), TapeConfig(2, learned_start=True)),
    "many heads": SequenceConfig(2, 2, ControllerConfig("mlp", 2), TapeConfig(2, 2, 3, True)),
    "many heads, lstm": SequenceConfig(
        1, 2, ControllerConfig("lstm", 2), TapeConfig(2, 2, 2, True)
    ),
    "fixed start": SequenceConfig(2, 1, ControllerConfig("mlp", 4), TapeConfig(3)),
}


def torch_ntm(config: SequenceConfig) -> SequenceMachine:
    ntm = SequenceMachine(config, members=1).double()
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, tensor in ntm.state_dict().items():
            if learned_start(config) or not name.startswith("memory."):
                draw = torch.randn(tensor.shape, generator=generator, dtype=torch.float64)
                tensor.copy_(draw)
    return ntm


def learned_start(config: SequenceConfig) -> bool:
    assert isinstance(config.memory, TapeConfig)
    return config.memory.learned_start


def reference(ntm: SequenceMachine) -> ReferenceNtm:
    return ReferenceNtm(
        ntm.config, {name: tensor[0].numpy().copy() for name, tensor in ntm.state_dict().items()}
    )


def problem(config: SequenceConfig) -> tuple[Array, Array]:
    """A sequence, and the weight of every output logit in a loss."""
    random = np.random.default_rng(1)
    return random.normal(size=(STEPS, config.inputs)), random.normal(size=(STEPS, config.outputs))


@pytest.mark.parametrize("name", CONFIGS)
def test_every_gradient_is_what_differences_say(name: str) -> None:
    config = CONFIGS[name]
    machine = reference(torch_ntm(config))
    inputs, weight = problem(config)
    machine.forward(inputs, ROWS)
    gradients = machine.backward(weight)
    assert gradients.keys() == machine.weights.keys()
    step = 1e-6
    for parameter, values in machine.weights.items():
        if not learned_start(config) and parameter.startswith("memory."):
            continue  # at 1e-6 the cosine bends within less than a difference
        for place in np.ndindex(values.shape):
            middle = values[place]
            losses = []
            for there in (middle + step, middle - step):
                values[place] = there
                losses.append(float((machine.forward(inputs, ROWS) * weight).sum()))
            values[place] = middle
            difference = (losses[0] - losses[1]) / (2 * step)
            expected = pytest.approx(difference, rel=1e-5, abs=1e-7)
            assert gradients[parameter][place] == expected, f"{parameter}{list(place)}"


@pytest.mark.parametrize("name", CONFIGS)
def test_torch_gives_the_same_outputs_and_gradients(name: str) -> None:
    config = CONFIGS[name]
    ntm = torch_ntm(config)
    machine = reference(ntm)
    inputs, weight = problem(config)
    expected = machine.forward(inputs, ROWS)
    gradients = machine.backward(weight)
    logits = ntm(torch.from_numpy(inputs)[None, None], ROWS)
    np.testing.assert_allclose(logits[0, 0].detach().numpy(), expected, rtol=0, atol=1e-10)
    (logits * torch.from_numpy(weight)).sum().backward()
    for parameter, values in ntm.named_parameters():
        assert values.grad is not None
        np.testing.assert_allclose(
            values.grad[0].numpy(), gradients[parameter], rtol=1e-10, atol=1e-10, err_msg=parameter
        )
