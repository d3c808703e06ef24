"""What a task is: its layout, its exact definition, and a source of random samples."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import MutableSequence, Sequence
from dataclasses import dataclass
from itertools import product
from typing import ClassVar, Self, TypeVar, cast

import numpy as np
import torch
from torch import Tensor

from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.memory.examples import Example
from hardmax.runtime.nram.program import StepBudget
from hardmax.runtime.task_description import Evidence, TaskDescription

Count = TypeVar("Count", int, Tensor)

SIZE_FACTORS = (1.0, 1.3, 2.0, 3.0)
"""Memory sizes, as multiples of what a complexity just needs: a program may depend on no slack."""

ACCEPTED_COMPLEXITY = 50
"""A program is tried on every complexity up to this, the paper's largest."""

MOST_ACCEPTED_CELLS, MOST_ACCEPTED_STEPS = 512, 20_000
"""Least memory and step budget of the largest input that a program is tried on."""


@dataclass(frozen=True)
class Batch:
    """N samples of one task that share a memory size M.

    Attributes:
        inputs: int64 [N, M], the memory at the start, values 0..M-1.
        expected: int64 [N, M], the memory at the end; only cells under ``output`` matter.
        output: bool [N, M], the cells that "should be modified" (section 4.2 of the paper).
        timesteps: int64 [N], a natural number of timesteps for each sample, without slack.
    """

    inputs: Tensor
    expected: Tensor
    output: Tensor
    timesteps: Tensor

    def __post_init__(self) -> None:
        shape = self.inputs.shape
        for name, dtype, expected_shape in (
            ("inputs", torch.int64, shape),
            ("expected", torch.int64, shape),
            ("output", torch.bool, shape),
            ("timesteps", torch.int64, shape[:1]),
        ):
            tensor: Tensor = getattr(self, name)
            if len(shape) != 2 or tensor.shape != expected_shape or tensor.dtype != dtype:
                raise HardmaxError(
                    f"batch: expected {name} of {dtype}, shape {tuple(expected_shape)} and inputs "
                    f"of shape (N, M), found {tensor.dtype}, shape {tuple(tensor.shape)}"
                )

    def wrong(self, memory: Tensor) -> Tensor:
        """bool [N, M]: the output cells that are wrong in memory, int64 [N, M]."""
        return self.output & (memory != self.expected)

    def error(self, memory: Tensor) -> Tensor:
        """[N] in 0..1: the share of output cells that are wrong in memory, int64 [N, M]."""
        return self.wrong(memory).sum(-1) / self.output.sum(-1)

    @staticmethod
    def of_one_cell(inputs: Tensor, cell: int, answer: Tensor, timesteps: Tensor) -> Batch:
        """A batch whose only output is ``answer``, int64 [N], in one fixed cell."""
        expected = inputs.clone()
        expected[:, cell] = answer
        output = torch.zeros_like(inputs, dtype=torch.bool)
        output[:, cell] = True
        return Batch(inputs, expected, output, timesteps)


class NotAnInputError(HardmaxError):
    """A memory is no input of a task."""


class Task(ABC):
    """What a machine that works on a memory learns, as the paper's tasks (section 4.2, appendix A).

    Addresses are absolute cell numbers, values are 0..M-1, array elements are never 0 (NULL) and
    unused cells are 0 unless the task says otherwise.

    Attributes:
        machine: the kind of machine that it proposes.
        title: the paper's name.
        summary: one line for people.
        budget: timesteps a run may take as a function of M: two for each element that fits into
            the memory, or more, and a few to start and to stop.
        largest_training_complexity: what training draws up to when it is not told.
        smallest_complexity: complexities below it are raised to it.
        first_level: the complexity that a curriculum begins with, less being seen along with it.
        drawn: whether inputs of any complexity can be drawn at will.
        steps_per_element: natural timesteps for each element a sample makes a program handle.
        steps_besides: natural timesteps to start and to stop.
    """

    machine: ClassVar[str] = "nram"
    title: str
    summary: str
    budget: StepBudget
    largest_training_complexity: int
    smallest_complexity: int = 1
    first_level: int = 1
    drawn: bool = True
    steps_per_element: int
    steps_besides: int

    @property
    def name(self) -> str:
        """The title in lower case: the task's name on the command line and in files."""
        return self.title.lower()

    def minimum_size(self, complexity: int) -> int:
        """The smallest M that holds every sample of ``complexity`` and its answer."""
        return self._minimum_size(max(complexity, self.smallest_complexity))

    def timesteps(self, elements: Count) -> Count:
        """Natural timesteps, without slack, for a sample in which a program handles ``elements``.

        A sample of complexity n has at most n of them, so with n it is the longest such sample.
        """
        return self.steps_per_element * elements + self.steps_besides

    @property
    def description(self) -> TaskDescription | None:
        """What programs say of it; None for a task of hardmax, which is known by its name."""
        if type(self).__module__.startswith("hardmax."):
            return None
        return self._generated()

    def _generated(self) -> TaskDescription:
        """The description of a task whose inputs are drawn at will."""
        smallest = self.minimum_size(self.smallest_complexity)
        largest = round(SIZE_FACTORS[-1] * self.minimum_size(self.accepted_complexity))
        return TaskDescription(self.summary, Evidence.GENERATOR, (smallest, largest))

    @property
    def accepted_complexity(self) -> int:
        """A program is accepted when it is right up to this: the paper's largest, or less.

        Less where one run of so large an input could take longer than the whole test may.
        """
        return next(
            n
            for n in range(ACCEPTED_COMPLEXITY, 0, -1)
            if n <= self.largest_training_complexity
            or (
                self.minimum_size(n) <= MOST_ACCEPTED_CELLS
                and self.budget.steps(self.minimum_size(n)) <= MOST_ACCEPTED_STEPS
            )
        )

    def examples(self) -> tuple[tuple[str, Sequence[Example]], ...]:
        """Examples that are all there is of a task, by what they are, for people."""
        return ()

    def acceptance_batches(self, count: int, generator: torch.Generator) -> list[Batch]:
        """About ``count`` samples that a program has to get right to be accepted."""
        return self.batches(self.smallest_complexity, self.accepted_complexity, count, generator)

    def guesses(self) -> tuple[Self, ...]:
        """The task under each guess of its natural timesteps, most likely first.

        One that knows them is its own only guess. Which is right shows only when a program is
        found, so a search that knows nothing else gives each its turn.
        """
        return (self,)

    def observed(self, steps: Sequence[int]) -> Self:
        """The task with a step budget for a program that halted after so many timesteps.

        One whose author says how long it takes is itself.

        Args:
            steps: for each acceptance example, in their order.
        """
        return self

    def batches(
        self,
        smallest: int,
        largest: int,
        count: int,
        generator: torch.Generator,
        roomy: bool = False,
    ) -> list[Batch]:
        """``count`` samples, smallest complexity first, evenly over smallest..largest and sizes.

        Args:
            roomy: memories have room for the largest complexity; else some just hold their sample.
        """
        kinds = list(product(range(smallest, largest + 1), SIZE_FACTORS))
        batches = []
        for (complexity, factor), share in zip(
            kinds, np.array_split(np.arange(count), len(kinds)), strict=True
        ):
            if len(share) > 0:
                size = round(factor * self.minimum_size(largest if roomy else complexity))
                complexities = torch.full((len(share),), complexity)
                batches.append(self.sample(complexities, size, generator))
        return batches

    def sample(self, complexity: Tensor, size: int, generator: torch.Generator) -> Batch:
        """Draw one sample for each complexity; the generator's state decides everything.

        Args:
            complexity: int64 [N], N >= 1, each >= 1.
            size: the common memory size M, at least ``minimum_size(complexity.max())``.
            generator: on the device of ``complexity``, where the batch is made too.

        Raises:
            HardmaxError: a complexity below 1, or a memory too small for the largest one.
        """
        if complexity.dtype != torch.int64 or complexity.dim() != 1 or len(complexity) == 0:
            raise HardmaxError(
                f"task {self.name}: expected complexities of torch.int64, shape (N,) with N >= 1, "
                f"found {complexity.dtype}, shape {tuple(complexity.shape)}"
            )
        smallest, largest = (int(end) for end in torch.aminmax(complexity))
        if smallest < 1:
            raise HardmaxError(f"task {self.name}: expected a complexity >= 1, found {smallest}")
        minimum = self.minimum_size(largest)
        if size < minimum:
            raise HardmaxError(
                f"task {self.name}: complexity {largest} needs a memory of at least {minimum} "
                f"cells, found {size}"
            )
        return self._draw(complexity.clamp(min=self.smallest_complexity)[:, None], size, generator)

    def solve(self, memory: Sequence[int]) -> dict[int, int]:
        """The task's exact definition on one input memory: {output cell: expected value}.

        This is the oracle: plain Python that shares nothing with :meth:`sample`.

        Raises:
            NotAnInputError: the memory is no input of this task.
        """
        size = len(memory)
        for cell, value in enumerate(memory):
            if not 0 <= value < size:
                raise self._not_an_input(f"cell {cell} holds {value}, expected 0..{size - 1}")
        return self.answer([int(value) for value in memory])

    def answer(self, memory: MutableSequence[int]) -> dict[int, int]:
        """As :meth:`solve`, of a memory whose cells are known to hold 0..M-1.

        Raises:
            NotAnInputError: it is no input of this task.
        """
        size = len(memory)
        try:
            answer = self._definition(cast("list[int]", memory))
        except IndexError:
            raise self._not_an_input(f"a pointer or an array leaves its {size} cells") from None
        if len(answer) == 0:
            raise self._not_an_input("nothing is to be done")
        for cell, value in answer.items():
            if not (cell < size and value < size):
                raise self._not_an_input(
                    f"the answer puts {value} in cell {cell}, expected both below {size}"
                )
        return answer

    def _not_an_input(self, reason: str) -> NotAnInputError:
        return NotAnInputError(f"not an input of task {self.name}: {reason}")

    @abstractmethod
    def _minimum_size(self, n: int) -> int:
        """:meth:`minimum_size` for n >= smallest_complexity."""

    @abstractmethod
    def _draw(self, n: Tensor, size: int, generator: torch.Generator) -> Batch:
        """:meth:`sample` for n, int64 [N, 1], that fits into ``size`` cells."""

    @abstractmethod
    def _definition(self, memory: list[int]) -> dict[int, int]:
        """:meth:`solve`, free to index outside the memory or to answer there."""


def null_terminated(memory: list[int], first: int) -> list[int]:
    """The array that begins in cell ``first``, without the NULL that ends it."""
    end = first
    while memory[end] != 0:
        end += 1
    return memory[first:end]
