"""A task that somebody wrote in plain Python, as everything that trains needs it.

What its author writes::

    class Rotate:
        \"""Rotate an array by one.\"""

        def generate(self, rng, n, size):
            return [rng.randrange(1, size) for _ in range(n)] + [0] * (size - n)

        def solve(self, memory):
            n = memory.index(0)
            return {i: memory[i - 1] if i > 0 else memory[n - 1] for i in range(n)}

``generate`` returns an input of complexity n in a memory of ``size`` cells, values 0..size-1; where
it does not fit, it may return None, raise ValueError or IndexError, or return something too large.
``solve`` returns {cell: value} of the cells that matter, or the whole memory afterwards with None
for a cell that does not matter. The docstring is the task's summary, ``layout`` may say what lies
where. Everything else is found by trying: how much memory an input needs,
which complexities there are, and, where there is no ``steps(n)``, how many timesteps it takes.
"""

from __future__ import annotations

import copy
import inspect
import operator
import random
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Protocol, Self, cast

import numpy as np
import torch
from torch import Tensor

from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.nram.program import StepBudget
from hardmax.runtime.task_description import LONGEST_TEXT, TaskDescription
from hardmax.runtime.text import printable
from hardmax.trainer.nram.own_tasks.step_guesses import GUESSES, StepGuess, fitted_budget
from hardmax.trainer.nram.tasks.task import Batch, Task

DEFAULT_TRAINING_COMPLEXITY = 6
"""What training draws up to when the author does not say."""

TRIES, LARGE, LARGE_TRIES = 8, 200, 2
"""Inputs that must fit before a size counts as enough, fewer of them from a complexity on."""

MOST_CELLS = 1 << 24
"""No larger memory is tried."""

RETRIES = 100
"""Draws of one sample before a memory of enough cells counts as too small after all."""

SMALLEST_COMPLEXITIES = range(1, 5)
"""Where complexities may begin, when the author does not say."""

BUDGET_COMPLEXITIES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)
"""Complexities on which a step budget is fitted."""


class Written(Protocol):
    """What an author writes; ``name``, a docstring, ``steps`` and the complexities may be there."""

    def generate(self, rng: random.Random, n: int, size: int) -> Iterable[int] | None:
        """A random input of complexity n in ``size`` cells."""

    def solve(self, memory: list[int]) -> Mapping[int, int] | Iterable[int | None]:
        """What the cells that matter hold afterwards."""


def is_written(thing: object) -> bool:
    """Whether a class or an object has what a written task needs."""
    return all(callable(getattr(thing, method, None)) for method in ("generate", "solve"))


class _NoInputError(HardmaxError):
    """There are no inputs of a complexity."""


class _Definition:
    """An author's code, called with care."""

    def __init__(self, written: Written, name: str) -> None:
        self.written = written
        self.name = name
        self.sizes: dict[int, int] = {}
        self.reason = ""

    def memory(self, rng: random.Random, n: int, size: int) -> list[int] | None:
        """An input of complexity n, None where none fits into ``size`` cells."""
        try:
            generated = self.written.generate(rng, n, size)
        except HardmaxError:
            raise
        except (ValueError, IndexError) as error:
            self.reason = f"{type(error).__name__}: {error}"
            return None
        except Exception as error:
            raise self.failed(f"generate(rng, {n}, {size})", error) from error
        if generated is None:
            self.reason = "generate returned None"
            return None
        memory = [self.value(value, f"generate(rng, {n}, {size})") for value in generated]
        if len(memory) != size:
            self.reason = f"generate returned {len(memory)} cells for a memory of {size}"
            return None
        for cell, value in enumerate(memory):
            if not 0 <= value < size:
                self.reason = f"cell {cell} holds {value}, expected 0..{size - 1}"
                return None
        return memory

    def answer(self, memory: list[int]) -> dict[int, int]:
        """{cell: value} of the cells that matter."""
        try:
            solved = self.written.solve(memory.copy())
        except (ValueError, IndexError):
            raise
        except Exception as error:
            raise self.failed(f"solve({printable(memory, 80)})", error) from error
        if isinstance(solved, Mapping):
            cells = list(solved.items())
        else:
            after = list(solved)
            if len(after) != len(memory):
                raise HardmaxError(
                    f"task {self.name}: expected solve to return {{cell: value}} or "
                    f"{len(memory)} cells, found {len(after)} cells"
                )
            cells = [(cell, value) for cell, value in enumerate(after) if value is not None]
        return {self.value(cell, "solve"): self.value(value, "solve") for cell, value in cells}

    def fits(self, n: int, size: int) -> bool:
        """Whether inputs of complexity n and their answers fit into ``size`` cells."""
        for attempt in range(TRIES if n <= LARGE else LARGE_TRIES):
            if self.sample(random.Random(f"{n} {size} {attempt}"), n, size) is None:
                return False
        return True

    def sample(
        self, rng: random.Random, n: int, size: int
    ) -> tuple[list[int], dict[int, int]] | None:
        """An input and its answer; None where one of them does not fit."""
        memory = self.memory(rng, n, size)
        if memory is None:
            return None
        try:
            answer = self.answer(memory)
        except HardmaxError:
            raise
        except (ValueError, IndexError) as error:
            self.reason = f"solve raised {type(error).__name__}: {error}"
            return None
        if not answer:
            self.reason = "solve says that no cell matters"
            return None
        for cell, value in answer.items():
            if not (0 <= cell < size and 0 <= value < size):
                self.reason = f"solve puts {value} in cell {cell} of {size}"
                return None
        return memory, answer

    def minimum_size(self, n: int) -> int:
        """The fewest cells into which inputs of complexity n fit, found by trying."""
        if n not in self.sizes:
            self.sizes[n] = self._extrapolated(n) or self._searched(n)
        return self.sizes[n]

    def _extrapolated(self, n: int) -> int | None:
        """Where sizes grow as they did before, for a complexity at which trying takes long."""
        if n <= LARGE:
            return None
        below, above = self.minimum_size(LARGE // 2), self.minimum_size(LARGE)
        size = above + (n - LARGE) * (above - below) // (LARGE - LARGE // 2)
        return size if self.fits(n, size) and not self.fits(n, size - 1) else None

    def _searched(self, n: int) -> int:
        """By doubling, then by halving the interval."""
        least, most = 1, 2
        while not self.fits(n, most):
            least, most = most, 2 * most
            if most > min(MOST_CELLS, 64 * (n + 4) ** 2):
                raise _NoInputError(
                    f"task {self.name}: no input of complexity {n} in a memory of up to {least} "
                    f"cells: {printable(self.reason, 200)}"
                )
        while most - least > 1:
            middle = (least + most) // 2
            if self.fits(n, middle):
                most = middle
            else:
                least = middle
        return most

    def value(self, value: object, where: str) -> int:
        """A number that an author's code returned."""
        try:
            return operator.index(cast(Any, value))
        except TypeError:
            raise HardmaxError(
                f"task {self.name}: expected integers from {where}, found {value!r:.60}"
            ) from None

    def failed(self, call: str, error: Exception) -> HardmaxError:
        """What to say where an author's code breaks."""
        reason = printable(f"{type(error).__name__}: {error}", 200)
        return HardmaxError(f"task {self.name}: {call} raised {reason}")


class WrittenTask(Task):
    """A :class:`Task` made of an author's class: samples drawn one by one, the rest by trying."""

    def __init__(self, written: type[Written] | Written) -> None:
        """Take over what the author says, and try what the author does not say.

        Raises:
            HardmaxError: something of it is not as the module's docstring says, or fails.
        """
        made = _instance(written)
        cls = type(made)
        self.title = str(getattr(made, "name", None) or task_name(cls.__name__))
        if not re.fullmatch(r"\w[\w.+-]*", self.title):
            raise HardmaxError(
                f"task {printable(self.title, 40)}: expected a name of letters, digits, - and _"
            )
        about = inspect.getdoc(cls) or self.title.replace("-", " ")
        self.summary = printable(" ".join(about.split("\n\n")[0].split()).rstrip("."), 200)
        self._definition_of = _Definition(made, self.name)
        self._part_of_hardmax = cls.__module__.startswith("hardmax.")
        self._layout = printable(getattr(made, "layout", ""), LONGEST_TEXT)
        self.largest_training_complexity = self._number(made, "largest_training_complexity") or (
            DEFAULT_TRAINING_COMPLEXITY
        )
        self.smallest_complexity = self._number(made, "smallest_complexity") or self._smallest()
        declared = getattr(made, "steps", None)
        self._declared = cast("Callable[[int], int] | None", declared)
        self._guess = GUESSES[0]
        self.budget = self._guess.budget if declared is None else self._fitted_budget()

    @property
    def description(self) -> TaskDescription | None:
        """What programs say of it."""
        return None if self._part_of_hardmax else replace(self._generated(), layout=self._layout)

    def guesses(self) -> tuple[Self, ...]:
        """One for each of GUESSES, or only what the author says."""
        if self._declared is not None:
            return (self,)
        return tuple(self._with(guess) for guess in GUESSES)

    def _with(self, guess: StepGuess) -> Self:
        twin = copy.copy(self)
        twin._guess = guess
        twin.budget = guess.budget
        return twin

    def _number(self, made: object, attribute: str) -> int | None:
        found = getattr(made, attribute, None)
        if found is None:
            return None
        if type(found) is not int or found < 1:
            raise HardmaxError(
                f"task {self.name}: expected {attribute} to be an integer of at least 1, "
                f"found {found!r:.40}"
            )
        return found

    def _smallest(self) -> int:
        """The smallest complexity of which there are inputs."""
        for n in SMALLEST_COMPLEXITIES[:-1]:
            try:
                self._definition_of.minimum_size(n)
            except _NoInputError:
                continue
            return n
        self._definition_of.minimum_size(SMALLEST_COMPLEXITIES[-1])
        return SMALLEST_COMPLEXITIES[-1]

    def _fitted_budget(self) -> StepBudget:
        complexities = [n for n in BUDGET_COMPLEXITIES if n >= self.smallest_complexity]
        return fitted_budget((self.minimum_size(n), self._natural(n)) for n in complexities)

    def _natural(self, n: int) -> int:
        """Natural timesteps of a sample of complexity n, declared or guessed."""
        if self._declared is None:
            return self._guess.steps(min(n, self.minimum_size(n)))
        steps = self._definition_of.value(self._declared(n), "steps")
        if steps < 1:
            raise HardmaxError(f"task {self.name}: expected steps({n}) >= 1, found {steps}")
        return steps

    def _minimum_size(self, n: int) -> int:
        return self._definition_of.minimum_size(n)

    def _draw(self, n: Tensor, size: int, generator: torch.Generator) -> Batch:
        complexities = n.flatten().tolist()
        seed = torch.randint(1 << 62, (), generator=generator, device=generator.device)
        rng = random.Random(int(seed))
        inputs = np.zeros((len(complexities), size), dtype=np.int64)
        expected = np.zeros_like(inputs)
        output = np.zeros(inputs.shape, dtype=np.bool_)
        for row, complexity in enumerate(complexities):
            memory, answer = self._one(rng, complexity, size)
            inputs[row] = expected[row] = memory
            cells = list(answer)
            expected[row, cells] = list(answer.values())
            output[row, cells] = True
        natural = {complexity: self._natural(complexity) for complexity in set(complexities)}
        timesteps = torch.tensor([natural[complexity] for complexity in complexities])
        tensors = (torch.from_numpy(inputs), torch.from_numpy(expected), torch.from_numpy(output))
        return Batch(*(tensor.to(n.device) for tensor in (*tensors, timesteps)))

    def _one(self, rng: random.Random, n: int, size: int) -> tuple[list[int], dict[int, int]]:
        for _ in range(RETRIES):
            sample = self._definition_of.sample(rng, n, size)
            if sample is not None:
                return sample
        raise HardmaxError(
            f"task {self.name}: no input of complexity {n} in a memory of {size} cells in "
            f"{RETRIES} attempts: {printable(self._definition_of.reason, 200)}"
        )

    def _definition(self, memory: list[int]) -> dict[int, int]:
        try:
            return self._definition_of.answer(memory)
        except HardmaxError:
            raise
        except ValueError as error:
            raise self._not_an_input(printable(error, 200)) from None


def _instance(written: type[Written] | Written) -> Written:
    """An object of a class that takes no arguments, or the object itself.

    Raises:
        HardmaxError: it is no task, or cannot be made.
    """
    name = getattr(written, "__name__", type(written).__name__)
    if not is_written(written):
        raise HardmaxError(
            f"{name}: expected a task, a class with generate(rng, n, size) and solve(memory)"
        )
    if not isinstance(written, type):
        return written
    try:
        return written()
    except Exception as error:
        reason = printable(f"{type(error).__name__}: {error}", 200)
        raise HardmaxError(f"{name}() raised {reason}") from error


def task_name(class_name: str) -> str:
    """``ListReverse`` is ``list-reverse``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", class_name).lower().strip("_")
