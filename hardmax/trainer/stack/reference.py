"""The stack machine in NumPy, float64, one sequence at a time: written to be read.

It shares nothing with the torch machine but the meaning of the weights, and is what that one is
held against. Structures follow the recursions of the papers word for word: Grefenstette et al. 2015
(equations 1 to 3, and sections 3.2 and 3.3 for queue and deque), Joulin and Mikolov 2015 (equations
3 and 4). Values are lists, the bottom of a stack or deque and the front of a queue first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from hardmax.trainer.stack.machine import PERSISTENCE, StackConfig

Array = NDArray[np.float64]
Weights = Mapping[str, Array]
"""What a machine's state_dict holds for one member, by the same names."""


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x))."""
    result: Array = 1 / (1 + np.exp(-x))
    return result


def softmax(x: Array) -> Array:
    """exp(x_i) / sum over j of exp(x_j), over the last axis."""
    powers = np.exp(x - x.max(-1, keepdims=True))
    result: Array = powers / powers.sum(-1, keepdims=True)
    return result


def _pop(strengths: list[float], amount: float, last_first: bool) -> list[float]:
    """Equation 2: take the amount away, from one end on."""
    order = range(len(strengths))
    left = list(strengths)
    for i in reversed(order) if last_first else order:
        taken = min(left[i], amount)
        left[i] -= taken
        amount -= taken
    return left


def _read(strengths: Sequence[float], values: Sequence[Array], depth: int, width: int) -> Array:
    """Equation 3, cell by cell: of what lies between k and k + 1 from the end, the end first.

    Returns:
        (depth, 1 + width): that nothing is there, and how much of each symbol.
    """
    cells = np.zeros((depth, 1 + width))
    for cell in range(depth):
        passed = 0.0
        for strength, value in zip(strengths, values, strict=True):
            share = max(0.0, min(passed + strength, cell + 1) - max(passed, cell))
            cells[cell, 1:] += share * value
            passed += strength
        cells[cell, 0] = max(0.0, cell + 1 - max(passed, cell))
    return cells


class ReferenceStructure:
    """A structure of one sequence."""

    def __init__(self, name: str, depth: int, width: int) -> None:
        """Begin empty; ``name`` is one of ``hardmax.trainer.stack.structures.STRUCTURES``."""
        self.name, self.depth, self.width = name, depth, width
        self.values: list[Array] = []
        self.strengths: list[float] = []

    @property
    def decisions(self) -> tuple[int, int, int]:
        """How many strengths, actions and values it is told in a step."""
        return {"stackrnn": (0, 3, 1), "deque": (4, 0, 2)}.get(self.name, (2, 0, 1))

    def read(self) -> Array:
        """(ends, depth, 1 + width)."""
        forwards = _read(self.strengths, self.values, self.depth, self.width)
        backwards = _read(self.strengths[::-1], self.values[::-1], self.depth, self.width)
        if self.name == "stackrnn":
            shown = np.zeros((self.depth, 1 + self.width))
            for cell, value in enumerate(self.values[::-1][: self.depth]):
                shown[cell, 1:] = value
            shown[:, 0] = 1 - shown[:, 1:].sum(1)
            return shown[None]
        if self.name == "deque":
            return np.stack((backwards, forwards))
        return (forwards if self.name == "queue" else backwards)[None]

    def step(self, strengths: Array, action: Array, values: Array) -> None:
        """Pop, then push."""
        if self.name == "stackrnn":
            self._mix(action, values[0])
            return
        if self.name == "deque":
            pop_top, pop_bottom, push_top, push_bottom = strengths
            left = _pop(_pop(self.strengths, pop_top, True), pop_bottom, False)
            self.strengths = [push_bottom, *left, push_top]
            self.values = [values[1], *self.values, values[0]]
            return
        pop, push = strengths
        self.strengths = [*_pop(self.strengths, pop, self.name == "stack"), push]
        self.values = [*self.values, values[0]]

    def _mix(self, action: Array, value: Array) -> None:
        """Equations 3 and 4 of Joulin and Mikolov, from the top down."""
        push, pop, noop = action
        old = [*self.values[::-1], np.zeros(self.width), np.zeros(self.width)]
        mixed = []
        for i in range(len(self.values) + 1):
            above = value if i == 0 else old[i - 1]
            mixed.append(push * above + pop * old[i + 1] + noop * old[i])
        self.values = mixed[::-1]
        self.strengths = [0.0] * len(mixed)


class ReferenceMachine:
    """A soft machine with a feedforward or LSTM controller."""

    def __init__(self, config: StackConfig, weights: Weights) -> None:
        self.config = config
        self.weights = weights

    def forward(self, symbols: Sequence[int]) -> Array:
        """(T, O), output logits."""
        config, w = self.config, self.weights
        hidden = config.controller.hidden
        structures = [
            ReferenceStructure(name, config.depth, config.symbols) for name in config.structures
        ]
        state = np.zeros(config.state_bits)
        h, cell = np.zeros(hidden), np.zeros(hidden)
        outputs = []
        for symbol in symbols:
            x = np.eye(config.inputs)[symbol]
            reading = np.concatenate([structure.read().reshape(-1) for structure in structures])
            seen = np.concatenate((x, reading, state))
            if config.controller.recurrent:
                gates = np.concatenate((seen, h)) @ w["controller.weight"]
                f, i, o, g = np.split(gates + w["controller.bias"][0], 4)
                cell = sigmoid(f) * cell + sigmoid(i) * np.tanh(g)
                h = sigmoid(o) * np.tanh(cell)
            else:
                h = np.tanh(seen @ w["controller.weight"] + w["controller.bias"][0])
            outputs.append(np.concatenate((h, reading)) @ w["output.weight"] + w["output.bias"][0])
            told = np.concatenate((h, x)) @ w["interface.weight"] + w["interface.bias"][0]
            state = self._obey(told, structures, state)
        return np.array(outputs)

    def _obey(self, told: Array, structures: Sequence[ReferenceStructure], state: Array) -> Array:
        """Do what the interface says; the next state."""
        counts = np.array([structure.decisions for structure in structures])
        strengths, bits, actions, values = np.split(
            told,
            np.cumsum([counts[:, 0].sum(), self.config.state_bits, counts[:, 1].sum()]),
        )
        strengths = sigmoid(strengths)
        values = softmax(values.reshape(-1, self.config.symbols))
        for structure, (switches, choices, pushed) in zip(structures, counts, strict=True):
            action = softmax(actions[:choices]) if choices else actions[:0]
            structure.step(strengths[:switches], action, values[:pushed])
            strengths, actions, values = strengths[switches:], actions[choices:], values[pushed:]
        return sigmoid(bits + PERSISTENCE * (2 * state - 1))
