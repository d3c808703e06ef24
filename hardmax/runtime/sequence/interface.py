"""What machines that take a sequence and answer one have in common: inputs, rows, metadata."""

from __future__ import annotations

from collections.abc import Mapping, Sized
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike

from hardmax.runtime.abi import MAX_SIZE, MAX_STEPS
from hardmax.runtime.arrays import as_array, checked_integer
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.float32 import Floats
from hardmax.runtime.json_form import integer
from hardmax.runtime.kinds import AnyProgram

LARGEST_NUMBER = 2.0**24
"""No input may exceed this. No row can: a step adds at most 1, which 2^24 swallows in binary32."""


@dataclass(frozen=True)
class MemoryRule:
    """How many rows a sequence of T steps needs: ``constant + T // steps_per_row``.

    Attributes:
        constant: 1..MAX_SIZE.
        steps_per_row: 0..MAX_STEPS; 0 where a sequence of any length needs ``constant`` rows.
    """

    constant: int
    steps_per_row: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.constant <= MAX_SIZE or not 0 <= self.steps_per_row <= MAX_STEPS:
            raise HardmaxError(
                f"a memory rule must have constant in 1..2^32-1 and steps_per_row in 0..2^64-1, "
                f"found {self.constant} and {self.steps_per_row}"
            )

    def rows(self, steps: int) -> int:
        """Rows that a sequence of so many steps needs."""
        return self.constant + (steps // self.steps_per_row if self.steps_per_row else 0)

    def __str__(self) -> str:
        shared = f" // {self.steps_per_row}" if self.steps_per_row > 1 else ""
        per_step = f" + steps{shared}" if self.steps_per_row else ""
        return f"{self.constant}{per_step}"


@dataclass(frozen=True)
class SequenceMetadata:
    """What a machine is for and where it came from, as ``hardmax.runtime.nram.program.Metadata``.

    Attributes:
        task: what it is for.
        memory: how many rows a sequence needs.
        trained_complexity: largest complexity seen in training, 0 where unknown.
        model_hash: hash of the model that it was extracted from, empty where unknown.
        versions: versions of what made the program.
    """

    task: str
    memory: MemoryRule
    trained_complexity: int = 0
    model_hash: str = ""
    versions: Mapping[str, str] = field(default_factory=dict, hash=False)


class SequenceProgram(AnyProgram, Protocol):
    """What those who run a program need to know of it."""

    @property
    def input_width(self) -> int: ...
    @property
    def output_width(self) -> int: ...
    @property
    def heads(self) -> Sized: ...
    @property
    def metadata(self) -> SequenceMetadata: ...


def memory_rule_to_data(rule: MemoryRule) -> dict[str, int]:
    """A memory rule as a field of a text form."""
    return {"constant": rule.constant, "steps_per_row": rule.steps_per_row}


def memory_rule_from_data(data: Any) -> MemoryRule:
    """Read :func:`memory_rule_to_data` back.

    Raises:
        HardmaxError, KeyError, TypeError: the data are not of that form.
    """
    return MemoryRule(integer(data["constant"]), integer(data["steps_per_row"]))


def checked_inputs(inputs: ArrayLike, input_width: int) -> Floats:
    """Sequences as a machine takes them.

    Args:
        inputs: numbers of shape (..., input_width).

    Returns:
        float32 of that shape, in order of C; a copy only where that is needed.

    Raises:
        HardmaxError: another shape, or something that is no number of at most LARGEST_NUMBER; names
            the first.
    """
    expected = "rows of numbers, all of one width"
    given = as_array(inputs, expected)
    if given.dtype == object:
        try:
            given = np.array(given.tolist())
        except ValueError:
            raise HardmaxError(f"expected {expected}") from None
    if given.dtype.kind not in "fiub":
        raise HardmaxError(f"expected inputs that are numbers, found {given.dtype}")
    if given.ndim == 0 or given.shape[-1] != input_width:
        raise HardmaxError(f"expected inputs of shape (..., {input_width}), found {given.shape}")
    # In a type of its own a number may have no magnitude, or none that can be compared with 2^24.
    with np.errstate(over="ignore"):
        wrong = ~(abs(given.astype(np.float64)) <= LARGEST_NUMBER)
    if wrong.any():
        where = np.unravel_index(int(wrong.argmax()), wrong.shape)
        place = ", ".join(map(str, where))
        raise HardmaxError(
            f"expected numbers of at most {LARGEST_NUMBER:g}, found {given[where]} at [{place}]"
        )
    return np.ascontiguousarray(given, dtype=np.float32)


def checked_rows(rows: int) -> int:
    """A number of rows that a memory can have.

    Raises:
        HardmaxError: it is no integer in 1..MAX_SIZE.
    """
    return checked_integer(rows, "the number of rows", 1, MAX_SIZE)
