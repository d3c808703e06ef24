"""Programs of NRAMs that DENN-LITE trained, from the files of its executor.

DENN-LITE (github.com/Gabriele91/DENN-LITE) evolves the weights of NRAMs; a file of
github.com/DrugoLebowski/denn-lite-nram-executor is a JSON object with ``arguments``, among them
``gates``, ``n_registers`` and ``task``, and ``network``: a matrix and a row of biases a layer.
Hidden layers are ReLUs of the registers' probabilities of 0; the last layer has the logits of every
operand of every gate, of every register, and of the willingness to finish, side by side.

Its machine differs from the paper's, and so from hardmax's, in two things. Registers get their new
values one after another, so that a register that takes over a lower one gets what that has just
become. Here all of them change at once; the register is given what the lower one is given. And the
willingness to finish is not what ends a run: the executor is told how many timesteps to take. So
no circuit halts, and the step budget is what the training took, ``time_steps``, at any size.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from hardmax.extractor.nram.drop_unused_reads import drop_unused_reads
from hardmax.extractor.nram.passes import simplify
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.input_file import read_input
from hardmax.runtime.json_form import array, integer, parsed, string
from hardmax.runtime.nram.gates import GATES, Gate
from hardmax.runtime.nram.program import (
    Circuit,
    Metadata,
    Operation,
    Program,
    Row,
    StepBudget,
)
from hardmax.runtime.text import printable

MAX_BYTES = 1 << 26
MOST_REGISTERS = 12
"""2^R rows are evaluated; the largest machine in the repository has 7 registers."""

LARGEST = 1e9
"""Larger weights are refused, so that no sum of products exceeds what binary32 holds."""

GATE_NAMES: dict[str, Gate] = {
    "read": Gate.READ,
    "zero": Gate.ZERO,
    "one": Gate.ONE,
    "two": Gate.TWO,
    "inc": Gate.INC,
    "add": Gate.ADD,
    "sub": Gate.SUB,
    "dec": Gate.DEC,
    "lt": Gate.LESS_THAN,
    "let": Gate.LESS_OR_EQUAL_THAN,
    "eq": Gate.EQUALITY_TEST,
    "min": Gate.MIN,
    "max": Gate.MAX,
    "write": Gate.WRITE,
}


def import_denn_lite(path: Path) -> Program:
    """The program in a file of DENN-LITE's executor: each softmax a hardmax, simplified.

    Raises:
        HardmaxError: the file cannot be read, or is none.
    """
    shown = printable(path)
    try:
        text = read_input(path, MAX_BYTES).decode()
    except UnicodeDecodeError:
        raise HardmaxError(f"{shown}: expected JSON text, found binary") from None
    try:
        return _program(parsed(text, "an NRAM of DENN-LITE"))
    except HardmaxError as error:
        raise HardmaxError(f"{shown}: {error}") from None
    except (AttributeError, KeyError, RuntimeError, TypeError, ValueError) as error:
        reason = printable(f"{type(error).__name__}: {error}", 120)
        raise HardmaxError(f"{shown}: expected an NRAM of DENN-LITE: {reason}") from None


def _program(document: Any) -> Program:
    arguments = document["arguments"]
    registers = integer(arguments["n_registers"])
    if not 1 <= registers <= MOST_REGISTERS:
        raise HardmaxError(f"expected 1..{MOST_REGISTERS} registers, found {registers}")
    gates = tuple(GATE_NAMES[string(name)] for name in array(arguments["gates"]))
    layers = [_layer(layer) for layer in array(document["network"])]
    logits = _evaluate(layers, registers)
    sizes = list(_choices(gates, registers))
    if logits.shape[1] != sum(sizes) + 1:
        raise HardmaxError(
            f"expected {sum(sizes) + 1} outputs for these gates, found {logits.shape[1]}"
        )
    # The highest of the logits of each choice, in every row; the first of equal ones.
    parts = torch.split(logits[:, :-1], sizes, dim=1)
    choices = torch.stack([part.argmax(1) for part in parts], 1)
    rows = tuple(Row(_circuit(gates, registers, row)) for row in choices.tolist())
    budget = StepBudget(per_cell=0, constant=integer(arguments["time_steps"]))
    metadata = Metadata(printable(string(arguments["task"]), 64), budget)
    return drop_unused_reads(simplify(Program(registers, (rows,), metadata)))


def _layer(layer: Any) -> tuple[Tensor, Tensor]:
    """A matrix (inputs, outputs), and as many biases as outputs."""
    weights, (bias,) = layer
    matrix, row = (torch.tensor(part, dtype=torch.float64) for part in (weights, bias))
    if matrix.dim() != 2 or row.shape != matrix.shape[1:]:
        raise HardmaxError(
            f"expected a matrix and biases, found {tuple(matrix.shape)} and {tuple(row.shape)}"
        )
    if not all(bool((part.abs() <= LARGEST).all()) for part in (matrix, row)):
        raise HardmaxError(f"expected weights of at most {LARGEST:g}")
    return matrix.float(), row.float()


def _evaluate(layers: list[tuple[Tensor, Tensor]], registers: int) -> Tensor:
    """The outputs for every pattern of zero-bits, shape (2^R, outputs)."""
    values = (torch.arange(1 << registers)[:, None] >> torch.arange(registers) & 1).float()
    for number, (matrix, bias) in enumerate(layers):
        if matrix.shape[0] != values.shape[1]:
            raise HardmaxError(
                f"layer {number}: expected {values.shape[1]} inputs, found {matrix.shape[0]}"
            )
        values = values @ matrix + bias
        if number < len(layers) - 1:
            values = values.relu()
    return values


def _choices(gates: tuple[Gate, ...], registers: int) -> Iterator[int]:
    """Among how many values each operand, and then each register, chooses."""
    for number, gate in enumerate(gates):
        for _ in range(GATES[gate].arity):
            yield registers + number
    for _ in range(registers):
        yield registers + len(gates)


def _circuit(gates: tuple[Gate, ...], registers: int, row: list[int]) -> Circuit:
    """One timestep, from the numbers of the chosen values."""
    operations, taken = [], 0
    for gate in gates:
        arity = GATES[gate].arity
        operations.append(Operation(gate, tuple(row[taken : taken + arity])))
        taken += arity
    outputs: list[int] = []
    for value in row[taken:]:
        outputs.append(outputs[value] if value < len(outputs) else value)
    return Circuit(tuple(operations), tuple(outputs), halt=False)
