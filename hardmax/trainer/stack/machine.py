"""A controller with data structures, batched over P members and B samples.

In a step the controller sees an input symbol, what the structures showed after the step before,
and its own state; it puts out a symbol, and tells every structure what to do. The discretized
machine is this same machine with ``hardmax.trainer.decisions.HARD`` in place of ``SOFT``; with a
feedforward controller it is finite but for its structures, and so a
:class:`hardmax.runtime.stack.program.StackProgram`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from hardmax.runtime.errors import HardmaxError
from hardmax.trainer.decisions import SOFT, Decisions
from hardmax.trainer.layers import ControllerConfig, Layer, State, lstm_cell
from hardmax.trainer.population.network import Network
from hardmax.trainer.stack.structures import STRUCTURES, Cells, Command, SoftStructure

MAX_ALPHABET = 4096
MAX_STRUCTURES, MAX_DEPTH, MAX_STATE_BITS = 8, 4, 8

PERSISTENCE = 2.0
"""What an old state adds to the logits of the next, so that a state stays unless it is changed."""

SKIP = 3.0
"""A fresh machine's weight from an input symbol to the same value, and from what is read to the
same output: copying what is there need not be learned through the hidden layer."""


@dataclass(frozen=True)
class StackConfig:
    """Sizes of a machine.

    Attributes:
        inputs, outputs: K and O, symbols in and out.
        structures: names in STRUCTURES, one for each that stands beside the others.
        depth: D, the cells that a reading shows from every end.
        symbols: W, what a cell may hold.
        state_bits: b; the machine has 2^b states.
        controller: kind and width.
    """

    inputs: int
    outputs: int
    structures: tuple[str, ...]
    depth: int
    symbols: int
    state_bits: int
    controller: ControllerConfig

    def __post_init__(self) -> None:
        bounds = {
            "inputs": (1, MAX_ALPHABET),
            "outputs": (1, MAX_ALPHABET),
            "symbols": (1, MAX_ALPHABET),
            "depth": (1, MAX_DEPTH),
            "state_bits": (0, MAX_STATE_BITS),
        }
        for name, (least, most) in bounds.items():
            found = getattr(self, name)
            if not least <= found <= most:
                raise HardmaxError(f"expected {name} {least}..{most}, found {found}")
        if not 1 <= len(self.structures) <= MAX_STRUCTURES:
            raise HardmaxError(
                f"expected 1..{MAX_STRUCTURES} structures, found {len(self.structures)}"
            )
        for name in self.structures:
            if name not in STRUCTURES:
                raise HardmaxError(
                    f"expected structures among {', '.join(STRUCTURES)}, found {name!r:.40}"
                )

    @property
    def parts(self) -> tuple[SoftStructure, ...]:
        """The structures."""
        return tuple(STRUCTURES[name] for name in self.structures)

    @property
    def cells(self) -> int:
        """How many cells all readings show."""
        return sum(part.structure.ends for part in self.parts) * self.depth

    @property
    def reading(self) -> int:
        """Numbers that the structures show."""
        return self.cells * (self.symbols + 1)


class Sections(NamedTuple):
    """How many of the interface's numbers are for what, in this order.

    Attributes:
        switches: strengths, structure by structure, then state bits.
        actions: the logits of all stack RNN actions.
        values: the logits of all values.
    """

    switches: int
    actions: int
    values: int


def sections(config: StackConfig) -> Sections:
    """Those of a machine."""
    parts = config.parts
    return Sections(
        sum(len(part.switches) for part in parts) + config.state_bits,
        sum(len(part.actions) for part in parts),
        sum(part.values for part in parts) * config.symbols,
    )


class StackMachine(Network):
    """P machines side by side; a saved model is a population of one.

    ``mlp``: h = tanh(A [x, r, s] + a) of input, readings and state; ``lstm``: a standard LSTM cell.
    Interface and output are affine: i = B [h, x] + b and o = C [h, r] + c.
    """

    def __init__(self, config: StackConfig, members: int) -> None:
        super().__init__()
        self.config = config
        self.members = members
        hidden = config.controller.hidden
        seen = config.inputs + config.reading + config.state_bits
        self.controller = (
            Layer(members, seen + hidden, 4 * hidden)
            if self.recurrent
            else Layer(members, seen, hidden)
        )
        self.sections = sections(config)
        self.interface = Layer(members, hidden + config.inputs, sum(self.sections))
        self.output = Layer(members, hidden + config.reading, config.outputs)

    @property
    def recurrent(self) -> bool:
        """Whether the controller is an LSTM, which has more than finitely many states."""
        return self.config.controller.recurrent

    @torch.no_grad()
    def initialise(self, member: int, generator: torch.Generator) -> None:
        """Draw fresh weights for one member: normal, variance 1 / fan-in, biases 0; then SKIP."""
        config, hidden = self.config, self.config.controller.hidden
        for layer in (self.controller, self.interface, self.output):
            layer.initialise(member, generator, gain=1)
        from_input, from_reading = (
            layer.weight[member, hidden:] for layer in (self.interface, self.output)
        )
        from_input.zero_()
        from_reading.zero_()
        values = from_input[:, -self.sections.values :].view(config.inputs, -1, config.symbols)
        for symbol in range(min(config.inputs, config.symbols)):
            values[symbol, :, symbol] = SKIP
        cells = from_reading.view(config.cells, config.symbols + 1, config.outputs)
        for symbol in range(min(config.outputs, config.symbols)):
            cells[:: config.depth, symbol + 1, symbol] = SKIP

    def select(self, member: int) -> StackMachine:
        """A population of one on the CPU: a copy of one member."""
        single = StackMachine(self.config, members=1)
        state = self.state_dict()
        single.load_state_dict({name: state[name][member : member + 1] for name in state})
        return single

    def forward(
        self, inputs: Tensor, decisions: Decisions = SOFT, noise: Tensor | None = None
    ) -> Tensor:
        """Output logits [P, B, T, O].

        Args:
            inputs: int64 [P, B, T], symbols.
            decisions: soft, hard, or a training-time mixture of the two.
            noise: [T, P, B, interface], added to the logits that structures and states follow.
        """
        return self.run(inputs, decisions, noise)[0]

    def run(
        self, inputs: Tensor, decisions: Decisions = SOFT, noise: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Output logits, and what the structures showed before every step, [P, B, T, reading].

        The arguments are those of :meth:`forward`.
        """
        config, hidden = self.config, self.config.controller.hidden
        members, batch, length = inputs.shape
        weight = self.controller.weight
        symbols = functional.one_hot(inputs, config.inputs).to(weight.dtype).flatten(1, 2)
        known = torch.baddbmm(self.controller.bias, symbols, weight[:, : config.inputs])
        asked = torch.baddbmm(self.interface.bias, symbols, self.interface.weight[:, hidden:])
        by_step = zip(
            known.view(members, batch, length, -1).unbind(2),
            asked.view(members, batch, length, -1).unbind(2),
            [None] * length if noise is None else noise.unbind(0),
            strict=True,
        )
        seen_weight = weight[:, config.inputs :]
        interface_weight = self.interface.weight[:, :hidden]
        parts = config.parts
        cells = [part.start(members, batch, config.symbols, weight) for part in parts]
        state = weight.new_zeros(members, batch, config.state_bits)
        memory = self._start(batch)
        seen, visible = [], []
        for known_now, asked_now, noise_now in by_step:
            shown = [
                part.read(held, config.depth).flatten(2)
                for part, held in zip(parts, cells, strict=True)
            ]
            reading = shown[0] if len(shown) == 1 else torch.cat(shown, -1)
            h, memory = self._advance(known_now, reading, state, memory, seen_weight)
            interface = torch.baddbmm(asked_now, h, interface_weight)
            if noise_now is not None:
                interface = interface + noise_now
            cells, state = self._obey(interface, cells, state, decisions)
            seen.append(reading)
            visible.append(h)
        readings = torch.stack(seen, 2)
        answers: Tensor = self.output(
            torch.cat((torch.stack(visible, 2), readings), -1).flatten(1, 2)
        )
        return answers.view(members, batch, length, -1), readings

    def controls(self, inputs: Tensor, reading: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """What a feedforward controller says in N situations: interface, and output logits.

        Args:
            inputs: int64 [P, N], symbols.
            reading: [P, N, reading].
            state: [P, N, b], its bits.

        Returns:
            [P, N, interface], a state's persistence included, and [P, N, O].
        """
        symbols = functional.one_hot(inputs, self.config.inputs).to(reading.dtype)
        h = self.controller(torch.cat((symbols, reading, state), -1)).tanh()
        interface = self.interface(torch.cat((h, symbols), -1))
        return self._persist(interface, state), self.output(torch.cat((h, reading), -1))

    def by_section(self, interface: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Logits of switches [..., S], actions [..., J, 3] and values [..., J', W]."""
        switches, actions, values = torch.split(interface, [*self.sections], -1)
        shape = interface.shape[:-1]
        return switches, actions.view(*shape, -1, 3), values.view(*shape, -1, self.config.symbols)

    def _persist(self, interface: Tensor, state: Tensor) -> Tensor:
        """An interface in which every state bit's logit is drawn to where the bit is."""
        bits = state.shape[-1]
        if bits == 0:
            return interface
        first = self.sections.switches - bits
        parts = torch.split(interface, [first, bits, interface.shape[-1] - first - bits], -1)
        return torch.cat((parts[0], parts[1] + PERSISTENCE * (2 * state - 1), parts[2]), -1)

    def _start(self, batch: int) -> State:
        if not self.recurrent:
            return None
        zeros = self.output.weight.new_zeros(self.members, batch, self.config.controller.hidden)
        return zeros, zeros

    def _advance(
        self, known: Tensor, reading: Tensor, state: Tensor, memory: State, weight: Tensor
    ) -> tuple[Tensor, State]:
        """The hidden layer, and what an LSTM remembers."""
        seen = torch.cat((reading, state), -1) if self.config.state_bits else reading
        if memory is None:
            return torch.baddbmm(known, seen, weight).tanh(), None
        output, cell = memory
        gates = torch.baddbmm(known, torch.cat((seen, output), -1), weight)
        h, cell = lstm_cell(gates, cell)
        return h, (h, cell)

    def _obey(
        self, interface: Tensor, cells: list[Cells], state: Tensor, decisions: Decisions
    ) -> tuple[list[Cells], Tensor]:
        """What the structures hold, and the state, after a step."""
        parts = self.config.parts
        switches, actions, values = self.by_section(self._persist(interface, state))
        if self.sections.switches:
            switches = decisions.switch(switches)
        if self.sections.actions:
            actions = decisions.choose(actions)
        values = decisions.choose(values)
        after = []
        switch = action = value = 0
        for part, held in zip(parts, cells, strict=True):
            command = Command(
                switches[..., switch : switch + len(part.switches)],
                actions[..., action, :] if part.actions else actions.flatten(2),
                values[:, :, value : value + part.values],
            )
            after.append(part.step(held, command))
            switch += len(part.switches)
            action += bool(part.actions)
            value += part.values
        return after, switches[..., switch:]
