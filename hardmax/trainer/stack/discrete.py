"""The discretized machine on real data structures, in NumPy: what is accepted and extracted.

Its decisions are the signs and first maxima of the soft machine's logits. They are computed in
float64, row by row of a table (state, input, what is read), so that it does not depend on what else
is computed beside a row on which side of a tie it comes out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.stack.program import Action, Key, Operation, Structure
from hardmax.trainer.stack.machine import PERSISTENCE, StackMachine
from hardmax.trainer.stack.structures import ActionStack, SoftStructure

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Rows:
    """N rows of the table: what a step can find.

    Attributes:
        states: (N,), 0..2^b - 1; bit i of it is state bit i.
        inputs: (N,), symbols.
        reads: (N, cells), 0 where nothing is there, v + 1 for the value v; a structure after
            another, of a deque the cells at the top before those at the bottom.
    """

    states: Integers
    inputs: Integers
    reads: Integers

    def __getitem__(self, chosen: NDArray[np.bool_] | Integers) -> Rows:
        """Some of them."""
        return Rows(self.states[chosen], self.inputs[chosen], self.reads[chosen])

    @staticmethod
    def of(keys: Sequence[Key]) -> Rows:
        """The rows of those keys, at least one."""
        states, inputs, reads = (np.array(column) for column in zip(*keys, strict=True))
        return Rows(states, inputs, reads)

    def keys(self) -> tuple[Key, ...]:
        """Their keys in a program."""
        columns = self.states.tolist(), self.inputs.tolist(), map(tuple, self.reads.tolist())
        return tuple(zip(*columns, strict=True))


@dataclass(frozen=True, eq=False)
class Logits:
    """What the controller says in N rows.

    Attributes:
        switches: (N, S), strengths of structures, then state bits.
        actions: (N, J, 3), of stack RNNs.
        values: (N, J, W).
        outputs: (N, O).
    """

    switches: Floats
    actions: Floats
    values: Floats
    outputs: Floats


@dataclass(frozen=True, eq=False)
class Choices:
    """What the discretized controller decides in N rows.

    Attributes:
        on: bool (N, S), of the switches.
        actions: (N, J).
        values: (N, J').
        outputs: (N,).
    """

    on: NDArray[np.bool_]
    actions: Integers
    values: Integers
    outputs: Integers


@dataclass(frozen=True, eq=False)
class Moves:
    """What one structure is told in N rows.

    Attributes:
        pops: bool (N, 2), at the top and at the bottom.
        pushes: (N, 2), the value that is pushed there, -1 for none.
    """

    pops: NDArray[np.bool_]
    pushes: Integers


@dataclass(frozen=True, eq=False)
class Decided:
    """What the discretized controller does in N rows.

    Attributes:
        moves: of each structure.
        outputs: (N,), symbols.
        states: (N,), the next ones.
    """

    moves: tuple[Moves, ...]
    outputs: Integers
    states: Integers


class DiscreteController:
    """A feedforward controller of a population of one, in float64.

    Attributes:
        idle: bool (operations, K), pops, pushes and actions by the input symbols at which they are
            not done, whatever the logits say; none at first. Switches come first, then actions.
    """

    def __init__(self, machine: StackMachine) -> None:
        """Take the weights.

        Raises:
            HardmaxError: the controller is an LSTM, which is no finite table.
        """
        if machine.recurrent:
            raise HardmaxError(
                "expected a feedforward controller, found an LSTM: it has no finite table"
            )
        self.config = machine.config
        self.sections = machine.sections
        self.weights = {
            name: tensor[0].double().cpu().numpy() for name, tensor in machine.state_dict().items()
        }
        operations = self.switches + self.sections.actions // 3
        self.idle = np.zeros((operations, self.config.inputs), dtype=np.bool_)

    @property
    def switches(self) -> int:
        """How many switches pop or push: all but the state bits."""
        return self.sections.switches - self.config.state_bits

    def logits(self, rows: Rows) -> Logits:
        """Equations of :class:`StackMachine`, a one-hot at a time."""
        config, weights = self.config, self.weights
        hidden, cell_size = config.controller.hidden, config.symbols + 1
        offsets = cell_size * np.arange(config.cells)
        bits = self._bits(rows.states)

        controller = weights["controller.weight"]
        known = controller[rows.inputs] + weights["controller.bias"]
        shown = controller[config.inputs : config.inputs + config.reading]
        state = controller[config.inputs + config.reading :]
        h = np.tanh(known + shown[rows.reads + offsets].sum(1) + bits @ state)

        interface = weights["interface.weight"]
        told = h @ interface[:hidden] + interface[hidden:][rows.inputs] + weights["interface.bias"]
        output = weights["output.weight"]
        outputs = h @ output[:hidden] + output[hidden:][rows.reads + offsets].sum(1)
        outputs += weights["output.bias"]

        first, second = self.sections.switches, self.sections.switches + self.sections.actions
        switches = told[:, :first]
        if config.state_bits:
            switches[:, -config.state_bits :] += PERSISTENCE * (2 * bits - 1)
        return Logits(
            switches,
            told[:, first:second].reshape(len(told), -1, 3),
            told[:, second:].reshape(len(told), -1, config.symbols),
            outputs,
        )

    def choose(self, rows: Rows) -> Choices:
        """What is decided in those rows."""
        logits = self.logits(rows)
        idle = self.idle[:, rows.inputs].T
        on = logits.switches > 0
        on[:, : self.switches] &= ~idle[:, : self.switches]
        actions = np.where(
            idle[:, self.switches :], ActionStack.actions.index("noop"), logits.actions.argmax(-1)
        )
        return Choices(on, actions, logits.values.argmax(-1), logits.outputs.argmax(-1))

    def decide(self, rows: Rows) -> Decided:
        """What is done in those rows."""
        chosen = self.choose(rows)
        on, actions, values = chosen.on, chosen.actions, chosen.values
        moves = []
        switch = action = value = 0
        for part in self.config.parts:
            count = len(part.switches)
            moves.append(
                _moves(
                    part,
                    on[:, switch : switch + count],
                    actions[:, action] if part.actions else None,
                    values[:, value : value + part.values],
                )
            )
            switch += count
            action += bool(part.actions)
            value += part.values
        bits = on[:, switch:]
        states = (bits << np.arange(bits.shape[1])).sum(1)
        return Decided(tuple(moves), chosen.outputs, states)

    def actions(self, keys: Sequence[Key]) -> list[Action]:
        """The rows of the program; what would pop where nothing is does not pop."""
        rows = Rows.of(keys)
        decided = self.decide(rows)
        operations, top = [], 0
        for part, moves in zip(self.config.parts, decided.moves, strict=True):
            operations.append(_operations(moves, rows.reads[:, top] > 0))
            top += part.structure.ends * self.config.depth
        columns = zip(*operations, strict=True), decided.outputs.tolist(), decided.states.tolist()
        return [Action(*row) for row in zip(*columns, strict=True)]

    def _bits(self, states: Integers) -> Floats:
        """(N, b)."""
        bits: Floats = (states[:, None] >> np.arange(self.config.state_bits) & 1).astype(np.float64)
        return bits


def _moves(
    part: SoftStructure, on: NDArray[np.bool_], action: Integers | None, values: Integers
) -> Moves:
    """From the names of what a controller decides to pops and pushes."""
    if action is None:
        said = dict(zip(part.switches, on.T, strict=True))
    else:
        said = {name: action == number for number, name in enumerate(part.actions)}
    neither = np.zeros(len(values), dtype=np.bool_)
    if part.values == 2:
        pops = said["pop_top"], said["pop_bottom"]
        pushes = said["push_top"], said["push_bottom"]
    else:
        pops = said["pop"], neither
        queue = part.structure is Structure.QUEUE  # its top is the front
        pushes = (neither, said["push"]) if queue else (said["push"], neither)
    given = np.broadcast_to(values, (len(values), 2))
    return Moves(np.stack(pops, 1), np.where(np.stack(pushes, 1), given, -1))


def _operations(moves: Moves, there: NDArray[np.bool_]) -> Iterator[Operation]:
    """Yield those of one structure in every row; ``there`` says where it has a cell."""
    pops = (moves.pops & there[:, None]).tolist()
    for (pop_top, pop_bottom), pushes in zip(pops, moves.pushes.tolist(), strict=True):
        push_top, push_bottom = (None if value < 0 else value for value in pushes)
        yield Operation(pop_top, push_top, pop_bottom, push_bottom)


class Cells:
    """One structure of N machines: a row of cells for each, with room on both sides.

    As in :class:`hardmax.runtime.stack.program.Structure`, the front of a queue is its top.
    """

    def __init__(self, machines: int, steps: int) -> None:
        self.values = np.zeros((machines, 2 * steps + 2), dtype=np.int64)
        self.bottom = np.full(machines, steps + 1)
        self.top = self.bottom.copy()  # one beyond the top cell
        self.everyone = np.arange(machines)

    def read(self, part: SoftStructure, depth: int) -> Integers:
        """(N, ends * depth)."""
        number = np.arange(depth)
        last = self.values.shape[1] - 1
        size = (self.top - self.bottom)[:, None]
        from_ends = self.top[:, None] - 1 - number, self.bottom[:, None] + number
        shown = [
            np.where(number < size, np.take_along_axis(self.values, places.clip(0, last), 1) + 1, 0)
            for places in from_ends[: part.structure.ends]
        ]
        return np.concatenate(shown, 1)

    def move(self, moves: Moves) -> None:
        """Pop at the top, pop at the bottom, push."""
        self.top -= moves.pops[:, 0] & (self.top > self.bottom)
        self.bottom += moves.pops[:, 1] & (self.top > self.bottom)
        for end, pushed in enumerate((moves.pushes >= 0).T):
            who = self.everyone[pushed]
            if end == 0:
                self.values[who, self.top[who]] = moves.pushes[who, 0]
                self.top[who] += 1
            else:
                self.bottom[who] -= 1
                self.values[who, self.bottom[who]] = moves.pushes[who, 1]


@dataclass(frozen=True, eq=False)
class Run:
    """What N machines did in T steps.

    Attributes:
        outputs: (N, T).
        visited: the rows that were met, N of them for each of T steps; empty where not asked for.
    """

    outputs: Integers
    visited: tuple[Rows, ...]


def run(controller: DiscreteController, inputs: Integers, keep_rows: bool = False) -> Run:
    """Run the discretized machine on N inputs of T symbols.

    Args:
        inputs: (N, T).
        keep_rows: whether the visited rows are wanted.
    """
    config = controller.config
    machines, length = inputs.shape
    held = [Cells(machines, length) for _ in config.parts]
    states = np.zeros(machines, dtype=np.int64)
    outputs, visited = np.empty_like(inputs), []
    for step in range(length):
        shown = [
            cells.read(part, config.depth) for cells, part in zip(held, config.parts, strict=True)
        ]
        rows = Rows(states, inputs[:, step], np.concatenate(shown, 1))
        decided = controller.decide(rows)
        outputs[:, step] = decided.outputs
        states = decided.states
        for cells, moves in zip(held, decided.moves, strict=True):
            cells.move(moves)
        if keep_rows:
            visited.append(rows)
    return Run(outputs, tuple(visited))
