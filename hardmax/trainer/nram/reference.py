"""The NRAM of the paper's section 3 in NumPy float64: one machine, one sample, written for reading.

Nothing here is shared with the batched torch code but the instruction set's integer meaning, and
nothing is clever: eq. (2) is its double sum, WRITE is footnote 2. That is what
``hardmax.trainer.nram.machine`` and ``hardmax.trainer.nram.objective`` are held against.

A distribution is an array [M]; the tape is [M, M] (cell, value). ``weights`` are a controller's
parameters, named as in :class:`hardmax.trainer.nram.controller.Controller` but for one member: a
weight is [inputs, outputs], a bias [1, outputs].
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hardmax.runtime.nram.gates import GATES, STANDARD_MODULES, Gate

Array = NDArray[np.float64]
Weights = Mapping[str, Array]

State = tuple[Array, Array] | None
"""Output and cell vectors [H] of an LSTM; None before the first timestep, and for an MLP."""


def softmax(x: Array) -> Array:
    """exp(x_i) / sum over j of exp(x_j)."""
    exponentials: Array = np.exp(x - x.max())
    exponentials /= exponentials.sum()
    return exponentials


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)), elementwise."""
    result: Array = 1 / (1 + np.exp(-x))
    return result


def certain(value: int, size: int) -> Array:
    """The distribution [M] of a variable that is ``value`` for sure."""
    distribution = np.zeros(size)
    distribution[value] = 1
    return distribution


def module(gate: Gate, a: Array, b: Array) -> Array:
    """Eq. (2): the output [M] of a gate that does not touch memory, for A and B [M]."""
    meaning = GATES[gate].meaning
    if meaning is None:
        raise ValueError(f"{gate.value} needs the memory tape")
    size = len(a)
    output = np.zeros(size)
    for value_a in range(size):
        for value_b in range(size):
            output[meaning(value_a, value_b, size)] += a[value_a] * b[value_b]
    return output


def read(memory: Array, pointer: Array) -> Array:
    """READ of section 3.2: M^T p."""
    return memory.T @ pointer


def write(memory: Array, pointer: Array, value: Array) -> Array:
    """WRITE by footnote 2: (J - p) J^T . M + p a^T."""
    j = np.ones(len(memory))
    return np.outer(j - pointer, j) * memory + np.outer(pointer, value)


def affine(weights: Weights, layer: str, x: Array) -> Array:
    """One layer of the controller, before its nonlinearity."""
    result: Array = x @ weights[f"{layer}.weight"] + weights[f"{layer}.bias"][0]
    return result


def controller(weights: Weights, zero: Array, state: State) -> tuple[Array, float, State]:
    """Sections 3.1 and 4.1: two ReLU layers, or one ReLU layer and LSTM cells.

    Args:
        weights: an LSTM's where they hold a layer ``cell``, a feedforward network's otherwise.
        zero: [R], P(r_i = 0).
        state: what the previous timestep returned.

    Returns:
        logits [D, V] of the decisions (only a head of each row exists, see :func:`timestep`), f_t,
        next state.
    """
    hidden = np.maximum(affine(weights, "inputs", zero), 0)
    if "cell.weight" in weights:
        nothing = np.zeros(len(hidden))
        output, cell = state if state is not None else (nothing, nothing)
        gates = affine(weights, "cell", np.concatenate((hidden, output)))
        forget, input_gate, output_gate, candidate = np.split(gates, 4)
        cell = sigmoid(forget) * cell + sigmoid(input_gate) * np.tanh(candidate)
        hidden = sigmoid(output_gate) * np.tanh(cell)
        state = (hidden, cell)
    else:
        hidden = np.maximum(affine(weights, "hidden", hidden), 0)
    logits = affine(weights, "decisions", hidden)
    finish = sigmoid(affine(weights, "halting", hidden))[0]
    return logits, float(finish), state


@dataclass(frozen=True)
class Timestep:
    """What one timestep leaves behind.

    Attributes:
        memory: [M, M], the tape after the timestep.
        registers: R distributions [M], after the timestep.
        distributions: every softmax of the timestep, in order: a_i and b_i of each module as far
            as its gate looks at them, then the c_i of the registers.
        halting: f_t as the controller put it out.
        alive: the probability that the run had not finished before this timestep.
        finish: p_t.
    """

    memory: Array
    registers: tuple[Array, ...]
    distributions: tuple[Array, ...]
    halting: float
    alive: float
    finish: float


def circuit(
    logits: Array, memory: Array, registers: Sequence[Array], modules: Sequence[Gate]
) -> tuple[Array, tuple[Array, ...], tuple[Array, ...]]:
    """One fuzzy circuit: eq. (1) for every module in order, eq. (3) for all registers at once.

    Args:
        logits: [D, V]; a decision among the first n values looks at the first n of its row.

    Returns:
        The tape, the registers, and the distributions of the decisions.
    """
    size = len(memory)
    values = list(registers)
    distributions: list[Array] = []

    def choose() -> Array:
        choice = softmax(logits[len(distributions)][: len(values)])
        distributions.append(choice)
        mixed = np.zeros(size)
        for share, value in zip(choice, values, strict=True):
            mixed += share * value
        return mixed

    for gate in modules:
        operands = [choose() for _ in GATES[gate].operands]
        if gate is Gate.READ:
            output = read(memory, operands[0])
        elif gate is Gate.WRITE:
            memory = write(memory, operands[0], operands[1])
            output = certain(0, size)
        else:
            # An operand that the gate does not look at may be anything.
            a, b = (*operands, certain(0, size), certain(0, size))[:2]
            output = module(gate, a, b)
        values.append(output)
    updated = tuple(choose() for _ in registers)
    return memory, updated, tuple(distributions)


def run(
    weights: Weights, memory: Sequence[int], budget: int, repetitions: int = 1
) -> Iterator[Timestep]:
    """Run the machine for T = ``budget`` timesteps, all registers 0 at the start (section 3.3).

    Args:
        weights: of the controller.
        memory: M values 0..M-1, the input.
        budget: T; the output is forced there whatever f_T is.
        repetitions: how many times the 14 standard modules are repeated.
    """
    size = len(memory)
    modules = STANDARD_MODULES * repetitions
    registers = tuple(certain(0, size) for _ in weights["inputs.weight"])
    decisions = sum(GATES[gate].arity for gate in modules) + len(registers)
    tape = np.array([certain(value, size) for value in memory])
    state: State = None
    alive = 1.0
    for t in range(1, budget + 1):
        zero = np.array([register[0] for register in registers])
        logits, halting, state = controller(weights, zero, state)
        tape, registers, distributions = circuit(
            logits.reshape(decisions, -1), tape, registers, modules
        )
        finish = alive * halting if t < budget else alive
        yield Timestep(tape, registers, distributions, halting, alive, finish)
        alive *= 1 - halting


def expected_loss(
    steps: Sequence[Timestep], expected: Sequence[int], weight: Array, floor: float
) -> float:
    """Section 3.3: minus the sum over t of p_t times the sum over cells of w_i log M_i,y_i.

    Args:
        steps: the whole run.
        expected: y, M values.
        weight: [M], w_i; the paper's is 1 on the cells that hold the output and 0 elsewhere.
        floor: epsilon of log(max(x, epsilon)) (section 4.1).
    """
    loss = 0.0
    for step in steps:
        for cell, value in enumerate(expected):
            likelihood = max(step.memory[cell, value], floor)
            loss -= step.finish * weight[cell] * np.log(likelihood)
    return float(loss)


def mean_entropy(steps: Sequence[Timestep], floor: float) -> float:
    """Mean entropy (nats) of the controller's distributions, a timestep counted as far as alive."""
    total = sum(
        step.alive * np.mean([entropy(d, floor) for d in step.distributions]) for step in steps
    )
    return float(total / sum(step.alive for step in steps))


def entropy(distribution: Array, floor: float) -> float:
    """Minus the sum of x log(max(x, epsilon))."""
    return float(-np.sum(distribution * np.log(np.maximum(distribution, floor))))


def expected_memory(steps: Sequence[Timestep]) -> Array:
    """[M, M], sum over t of p_t M(t); its argmax along the values is the read-out."""
    total: Array = np.sum([step.finish * step.memory for step in steps], axis=0)
    return total
