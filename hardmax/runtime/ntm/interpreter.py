"""The reference interpreter of NtmPrograms, in NumPy; many sequences of one length at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hardmax.runtime.abi import MAX_SIZE, Status
from hardmax.runtime.float32 import Floats, lstm_cell, margin, sigmoid, tanh
from hardmax.runtime.ntm.program import EPSILON, SHIFTS, NtmProgram
from hardmax.runtime.sequence.interface import LARGEST_NUMBER
from hardmax.runtime.sequence.result import SequenceResult


@dataclass(frozen=True, eq=False)
class NtmStep:
    """One step of B machines side by side.

    Attributes:
        outputs: (B, V'), each 0..1.
        addresses: (B, heads), writers first.
        erased: (B, write heads, W), what each writer multiplied by one less this.
        added: (B, write heads, W), what each writer then added.
        searched: (B, heads), whether a head went where the content is most similar to its key.
        shifts: (B, heads), each of SHIFTS: how far it moved from there, or from where it was.
        margins: (B, heads, 3): by how much each head's decisions were made. |gate|; the largest
            similarity less the second, 0 where rows are alike, infinite where nothing was searched
            or there is one row; the largest of the three logits of shift less the second.
    """

    outputs: Floats
    addresses: NDArray[np.int64]
    erased: Floats
    added: Floats
    searched: NDArray[np.bool_]
    shifts: NDArray[np.int64]
    margins: Floats


class NtmInterpreter:
    """B machines side by side, from the start on.

    Attributes:
        rows: N.
        memory: (B, N, W), the rows as the last step left them.
        completed: how many steps were made.
    """

    def __init__(self, program: NtmProgram, rows: int, batch: int = 1) -> None:
        """
        Args:
            rows: N, at least 1.
            batch: B, at least 1.
        """
        self.program = program
        self.rows = rows
        self.completed = 0
        self.memory = np.tile(program.initial_row, (batch, rows, 1))
        self._reads = np.tile(program.initial_reads.reshape(-1), (batch, 1))
        self._hidden = np.zeros((batch, program.hidden), dtype=np.float32)
        self._cell = np.zeros((batch, program.hidden), dtype=np.float32)
        self._addresses = np.zeros((batch, len(program.heads)), dtype=np.int64)
        self._everyone = np.arange(batch)

    def step(self, inputs: Floats) -> NtmStep:
        """Make a step.

        Args:
            inputs: (B, V), as :func:`hardmax.runtime.sequence.interface.checked_inputs` returns
                them.
        """
        program, writers = self.program, len(self.program.write_heads)
        self._control(inputs)
        erased, added, reads, moves = [], [], [], []
        for number, head in enumerate(program.heads):
            parameters = np.split(head(self._hidden), program.part_ends(number), axis=1)
            key, gate, shift, *written = parameters
            moves.append(self._move(number, key, gate, shift))
            where = self._everyone, self._addresses[:, number]
            if number < writers:
                erase, add = written
                erased.append(sigmoid(erase))
                added.append(tanh(add))
                kept = self.memory[where] * (np.float32(1) - erased[-1])
                self.memory[where] = kept + added[-1]
            else:
                reads.append(self.memory[where])
        self._reads = np.concatenate(reads, axis=1)
        answer = program.output(np.concatenate((self._hidden, self._reads), axis=1))
        self.completed += 1
        searched, shifts, margins = (np.stack(part, axis=1) for part in zip(*moves, strict=True))
        return NtmStep(
            outputs=sigmoid(answer),
            addresses=self._addresses.copy(),
            erased=np.stack(erased, axis=1),
            added=np.stack(added, axis=1),
            searched=searched,
            shifts=shifts,
            margins=margins,
        )

    def _control(self, inputs: Floats) -> None:
        """The controller's part of a step."""
        seen = [inputs, self._reads]
        if not self.program.recurrent:
            self._hidden = tanh(self.program.controller(np.concatenate(seen, axis=1)))
            return
        gates = self.program.controller(np.concatenate((*seen, self._hidden), axis=1))
        self._hidden, self._cell = lstm_cell(gates, self._cell)

    def _move(
        self, head: int, key: Floats, gate: Floats, shift: Floats
    ) -> tuple[NDArray[np.bool_], NDArray[np.int64], Floats]:
        """Move a head: (B,) whether it searched, (B,) its shifts, (B, 3) its decisions' margins."""
        base = self._addresses[:, head].copy()
        content = np.full(len(base), np.inf, dtype=np.float32)
        searched = gate[:, 0] > 0
        if searched.any():
            similarity = _similarities(tanh(key[searched]), self.memory[searched])
            base[searched] = similarity.argmax(axis=1)
            content[searched] = margin(similarity)
        shifts = np.array(SHIFTS)[shift.argmax(axis=1)]
        self._addresses[:, head] = (base + shifts) % self.rows
        margins: Floats = np.stack((abs(gate[:, 0]), content, margin(shift)), axis=1)
        return searched, shifts, margins


def run(program: NtmProgram, inputs: Floats, rows: int) -> SequenceResult:
    """Run from the start on.

    Args:
        inputs: float32 of shape (T, V), or (B, T, V) for a batch; any contents.
        rows: N, 0..MAX_SIZE.
    """
    batched = inputs if inputs.ndim == 3 else inputs[None]
    batch, length, _ = batched.shape
    status = _refusal(program, batched, rows)
    steps = 0 if status is not None else length
    outputs = np.zeros((batch, steps, program.output_width), dtype=np.float32)
    addresses = np.zeros((batch, steps, len(program.heads)), dtype=np.int64)
    if steps > 0:
        machine = NtmInterpreter(program, rows, batch)
        for t in range(steps):
            step = machine.step(batched[:, t])
            outputs[:, t], addresses[:, t] = step.outputs, step.addresses
    if inputs.ndim == 2:
        outputs, addresses = outputs[0], addresses[0]
    return SequenceResult(outputs, addresses, steps, Status.HALTED if status is None else status)


def _refusal(program: NtmProgram, inputs: Floats, rows: int) -> Status | None:
    """Why nothing can be run, if so."""
    if not 1 <= rows <= MAX_SIZE:
        return Status.INVALID_ARGUMENT
    if rows < program.metadata.memory.rows(inputs.shape[1]):
        return Status.TOO_FEW_ROWS
    if not (abs(inputs) <= LARGEST_NUMBER).all():
        return Status.INPUT_OUT_OF_RANGE
    return None


def _similarities(keys: Floats, memory: Floats) -> Floats:
    """(B, N): cosine similarity of keys (B, W) with every row of memories (B, N, W)."""
    products = _dot(keys[:, None], memory)
    sizes: Floats = np.sqrt(_dot(keys, keys))[:, None] * np.sqrt(_dot(memory, memory))
    result: Floats = products / (sizes + np.float32(EPSILON))
    return result


def _dot(a: Floats, b: Floats) -> Floats:
    """Sums of products over the last axis, from first to last."""
    total: Floats = np.zeros(np.broadcast_shapes(a.shape, b.shape)[:-1], dtype=np.float32)
    for i in range(a.shape[-1]):
        total = total + a[..., i] * b[..., i]
    return total
