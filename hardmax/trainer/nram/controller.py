"""Controllers: the only trainable part of the machine, batched over a population of P members."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from hardmax.trainer.layers import ControllerConfig, Layer, State, lstm_cell
from hardmax.trainer.nram.wiring import Wiring
from hardmax.trainer.population.network import Network


class Controller(Network):
    """Zero-probabilities of the registers in, decision logits and halting logit out (section 3.1).

    ``mlp``: two ReLU layers of H units. ``lstm``: one ReLU layer of H units, then H LSTM cells.
    """

    def __init__(self, wiring: Wiring, config: ControllerConfig, members: int) -> None:
        super().__init__()
        self.wiring = wiring
        self.config = config
        self.members = members
        hidden = config.hidden
        self.inputs = Layer(members, wiring.registers, hidden)
        if self.recurrent:
            self.cell = Layer(members, 2 * hidden, 4 * hidden)
        else:
            self.hidden = Layer(members, hidden, hidden)
        self.decisions = Layer(members, hidden, wiring.decisions * wiring.values)
        self.halting = Layer(members, hidden, 1)
        forbidden = torch.zeros(wiring.allowed.shape).masked_fill(~wiring.allowed, -math.inf)
        self.register_buffer("forbidden", forbidden, persistent=False)
        self.forbidden: Tensor
        self.arities = list(wiring.arities)
        early = [*range(wiring.registers), *(wiring.registers + i for i in wiring.constants)]
        late = [value for value in range(wiring.values) if value not in early]
        self.register_buffer("early", torch.tensor(early), persistent=False)
        self.register_buffer("late", torch.tensor(late), persistent=False)
        self.early: Tensor
        """Values known before any module of a timestep runs: registers, then constants."""
        self.late: Tensor
        """The outputs of the other modules, in order."""

    @property
    def recurrent(self) -> bool:
        """Whether a decision depends on more than the zero-bits of its timestep."""
        return self.config.recurrent

    def initialise(self, member: int, generator: torch.Generator) -> None:
        """Draw fresh weights for one member: normal, variance 2 / fan-in, biases 0."""
        for layer in self.children():
            assert isinstance(layer, Layer)
            layer.initialise(member, generator, gain=2)

    def select(self, member: int) -> Controller:
        """A population of one on the CPU: a copy of one member."""
        single = Controller(self.wiring, self.config, members=1)
        state = self.state_dict()
        single.load_state_dict({name: state[name][member : member + 1] for name in state})
        return single

    def start(self, batch: int) -> State:
        """The state before the first timestep, for B samples a member."""
        if not self.recurrent:
            return None
        zeros = self.inputs.weight.new_zeros(self.members, batch, self.config.hidden)
        return zeros, zeros

    def forward(self, zero: Tensor, state: State) -> tuple[Tensor, Tensor, State]:
        """Decide one timestep.

        Args:
            zero: [P, B, R] in [0, 1], P(r_i = 0).
            state: what the previous timestep returned, :meth:`start` at first.

        Returns:
            logits [P, B, D, V] with -inf where a choice does not exist, halting logit [P, B]
            (f = sigmoid of it), next state.
        """
        hidden, state = self.advance(zero, state)
        return *self.decide(hidden), state

    def advance(self, zero: Tensor, state: State) -> tuple[Tensor, State]:
        """The first half of a timestep: the last hidden layer [P, B, H] and the next state."""
        hidden = torch.relu(self.inputs(zero))
        if state is None:
            return torch.relu(self.hidden(hidden)), None
        output, cell = state
        hidden, cell = lstm_cell(self.cell(torch.cat((hidden, output), -1)), cell)
        return hidden, (hidden, cell)

    def decide(self, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """The second half: logits [P, B, D, V] and halting logit [P, B] of a hidden layer."""
        shape = (*hidden.shape[:2], self.wiring.decisions, self.wiring.values)
        logits = self.decisions(hidden).view(shape) + self.forbidden
        return logits, self.halting(hidden).squeeze(-1)
