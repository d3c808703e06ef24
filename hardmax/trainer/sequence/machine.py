"""A controller and the memory it is handed, batched over P members and B samples.

The discretized machine is this same machine with ``hardmax.trainer.decisions.HARD`` in place of
``SOFT``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.ntm.program import MAX_WIDTH
from hardmax.trainer.decisions import SOFT, Decisions
from hardmax.trainer.layers import ControllerConfig, Layer, State, lstm_cell
from hardmax.trainer.population.network import Network
from hardmax.trainer.sequence.memory import Choices, MemoryConfig


@dataclass(frozen=True)
class SequenceConfig:
    """Channels in and out, kind and width of the controller, kind and sizes of the memory."""

    inputs: int
    outputs: int
    controller: ControllerConfig
    memory: MemoryConfig

    def __post_init__(self) -> None:
        for name in ("inputs", "outputs"):
            found = getattr(self, name)
            if not 1 <= found <= MAX_WIDTH:
                raise HardmaxError(f"expected {name} 1..{MAX_WIDTH}, found {found}")


@dataclass(frozen=True)
class SequenceStep:
    """What one step leaves behind.

    Attributes:
        visible: [P, B, hidden + reading], the hidden layer and the reading: what outputs are made
            of.
        choices: what the memory decided by.
    """

    visible: Tensor
    choices: Choices


class SequenceMachine(Network):
    """P machines side by side; a saved model is a population of one.

    ``mlp``: h = tanh(A z + a) of inputs and reading z. ``lstm``: a standard LSTM cell.
    """

    def __init__(self, config: SequenceConfig, members: int) -> None:
        super().__init__()
        self.config = config
        self.members = members
        self.memory = config.memory.build(members)
        hidden = config.controller.hidden
        seen = config.inputs + self.memory.reading
        self.controller = (
            Layer(members, seen + hidden, 4 * hidden)
            if self.recurrent
            else Layer(members, seen, hidden)
        )
        self.interface = Layer(members, hidden, self.memory.interface)
        self.output = Layer(members, hidden + self.memory.reading, config.outputs)

    @property
    def recurrent(self) -> bool:
        """Whether the controller is an LSTM."""
        return self.config.controller.recurrent

    def initialise(self, member: int, generator: torch.Generator) -> None:
        """Draw fresh weights for one member: normal, variance 1 / fan-in, biases 0."""
        for layer in (self.controller, self.interface, self.output):
            layer.initialise(member, generator, gain=1)
        self.memory.initialise(member, generator)

    def select(self, member: int) -> SequenceMachine:
        """A population of one on the CPU: a copy of one member."""
        single = SequenceMachine(self.config, members=1)
        state = self.state_dict()
        single.load_state_dict({name: state[name][member : member + 1] for name in state})
        return single

    def start(self, batch: int) -> State:
        """The controller's state before the first step, for B samples a member."""
        if not self.recurrent:
            return None
        zeros = self.output.weight.new_zeros(self.members, batch, self.config.controller.hidden)
        return zeros, zeros

    def advance(self, known: Tensor, reading: Tensor, state: State) -> tuple[Tensor, State]:
        """The hidden layer [P, B, hidden] and the next state.

        Args:
            known: [P, B, ...], the inputs' and the bias's share of the controller's layer.
            reading: [P, B, reading], of the previous step.
        """
        weight = self.controller.weight[:, self.config.inputs :]
        if state is None:
            return torch.baddbmm(known, reading, weight).tanh(), None
        output, cell = state
        gates = torch.baddbmm(known, torch.cat((reading, output), -1), weight)
        hidden, cell = lstm_cell(gates, cell)
        return hidden, (hidden, cell)

    def steps(
        self, inputs: Tensor, rows: int, decisions: Decisions = SOFT
    ) -> Iterator[SequenceStep]:
        """Run on sequences, step by step.

        Args:
            inputs: [P, B, T, V], B samples a member.
            rows: N.
            decisions: soft, hard, or a training-time mixture of the two.
        """
        members, batch, length, channels = inputs.shape
        layer = self.controller
        flat = inputs.reshape(members, batch * length, channels)
        known = torch.baddbmm(layer.bias, flat, layer.weight[:, :channels])
        reading, memory = self.memory.start(batch, rows)
        state = self.start(batch)
        for now in known.view(members, batch, length, -1).unbind(2):
            hidden, state = self.advance(now, reading, state)
            reading, memory, choices = self.memory.step(self.interface(hidden), memory, decisions)
            yield SequenceStep(torch.cat((hidden, reading), -1), choices)

    def logits(self, visible: Tensor) -> Tensor:
        """[P, B, T, outputs] of what is visible in every step, [P, B, T, hidden + reading]."""
        batch, length = visible.shape[1:3]
        answers: Tensor = self.output(visible.flatten(1, 2))
        return answers.view(self.members, batch, length, -1)

    def forward(self, inputs: Tensor, rows: int, decisions: Decisions = SOFT) -> Tensor:
        """Output logits [P, B, T, outputs]; the arguments are those of :meth:`steps`."""
        visible = [step.visible for step in self.steps(inputs, rows, decisions)]
        return self.logits(torch.stack(visible, 2))
