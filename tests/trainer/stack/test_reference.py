"""The torch machine against the NumPy one: outputs, and the gradient of every weight."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from hardmax.trainer.layers import ControllerConfig
from hardmax.trainer.stack.machine import StackConfig, StackMachine
from hardmax.trainer.stack.reference import ReferenceMachine

INPUTS, OUTPUTS, SYMBOLS = 3, 2, 2
SEQUENCE = [0, 2, 1, 1, 0]

CONFIGS = {
    "stack": (("stack",), 1, 0, "mlp"),
    "deep stack": (("stack",), 3, 1, "mlp"),
    "queue": (("queue",), 1, 0, "mlp"),
    "deep queue": (("queue",), 2, 1, "mlp"),
    "deque": (("deque",), 1, 1, "mlp"),
    "deep deque": (("deque",), 2, 0, "mlp"),
    "stack RNN": (("stackrnn",), 1, 0, "mlp"),
    "deep stack RNN": (("stackrnn",), 2, 2, "mlp"),
    "all side by side": (("stackrnn", "deque", "queue", "stack"), 1, 2, "mlp"),
    "lstm": (("stack", "stackrnn"), 1, 1, "lstm"),
}

configs = pytest.mark.parametrize("name", CONFIGS)


def soft_machine(name: str, spread: float = 1) -> StackMachine:
    structures, depth, bits, controller = CONFIGS[name]
    config = StackConfig(
        INPUTS, OUTPUTS, structures, depth, SYMBOLS, bits, ControllerConfig(controller, 3)
    )
    machine = StackMachine(config, members=1).double()
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in machine.parameters():
            draw = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
            parameter.copy_(spread * draw)
    return machine


def reference(machine: StackMachine) -> ReferenceMachine:
    weights = {name: tensor[0].numpy().copy() for name, tensor in machine.state_dict().items()}
    return ReferenceMachine(machine.config, weights)


@configs
@pytest.mark.parametrize("spread", [1, 6])
def test_torch_puts_out_what_the_papers_say(name: str, spread: float) -> None:
    machine = soft_machine(name, spread)
    symbols = torch.randint(INPUTS, (1, 4, 12), generator=torch.Generator().manual_seed(1))
    found = machine(symbols).detach()[0].numpy()
    for sequence, logits in zip(symbols[0].tolist(), found, strict=True):
        expected = reference(machine).forward(sequence)
        assert abs(expected - logits).max() < 1e-10


@configs
def test_every_gradient_is_what_differences_of_the_reference_say(name: str) -> None:
    machine = soft_machine(name)
    asked = np.random.default_rng(1).normal(size=(len(SEQUENCE), OUTPUTS))
    (machine(torch.tensor([[SEQUENCE]]))[0, 0] * torch.from_numpy(asked)).sum().backward()
    papers, step = reference(machine), 1e-6
    for parameter, values in papers.weights.items():
        gradient = dict(machine.named_parameters())[parameter].grad
        assert gradient is not None
        for place in np.ndindex(values.shape):
            middle, losses = values[place], []
            for there in (middle + step, middle - step):
                values[place] = there
                losses.append(float((papers.forward(SEQUENCE) * asked).sum()))
            values[place] = middle
            difference = (losses[0] - losses[1]) / (2 * step)
            expected = pytest.approx(difference, rel=1e-5, abs=1e-7)
            assert float(gradient[0][place]) == expected, f"{parameter}{list(place)}"
